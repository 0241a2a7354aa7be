using System;
using NativeProxy.Buffers;

namespace NativeProxy.Caching;

/// <summary>What a hit shows besides the response itself.</summary>
/// <param name="AgeSeconds">For the Age field (RFC 9111 section 4.2.3).</param>
/// <param name="ReceivedWallMs">When it came from the server, for the Date field that it may lack (RFC 9110 section 6.6.1).</param>
internal readonly record struct CachedTimes(long AgeSeconds, long ReceivedWallMs);

/// <summary>
/// Reads one entry of the cache from its head to its end, in pieces, as from a socket; while it is open the entry's memory stays. Owner: one
/// exchange (a mutable struct: keep it in a field, never copy it). Thread: the loop.
/// </summary>
internal struct CachedResponse
{
    private ResponseCache? _cache;
    private CacheEntry? _entry;
    private BufferBlock? _block;
    private int _offset;
    private bool _isNotModified;

    public readonly bool IsOpen => _entry is not null;

    /// <summary>What is being read; only while open.</summary>
    internal readonly CacheEntry Entry => _entry!;

    public readonly CachedTimes Times => _cache!.TimesOf(_entry!);

    internal void Open(ResponseCache cache, CacheEntry entry)
    {
        entry.ReaderCount++;
        _cache = cache;
        _entry = entry;
        _block = entry.First;
        _offset = entry.KeyBytes;
    }

    /// <summary>The client has what is stored: what is read from now on is a 304 that says so.</summary>
    public void AnswerNotModified() => _isNotModified = true;

    /// <summary>Copies the next bytes. Returns how many; 0 at the end.</summary>
    public int Read(Span<byte> destination)
    {
        if (_isNotModified)
        {
            _isNotModified = false;
            _block = null;
            return _cache!.WriteNotModified(_entry!, destination);
        }
        int count = 0;
        while (_block is { } block && count < destination.Length)
        {
            int step = Math.Min(block.FilledBytes - _offset, destination.Length - count);
            block.Span.Slice(_offset, step).CopyTo(destination[count..]);
            count += step;
            _offset += step;
            if (_offset == block.FilledBytes)
            {
                _block = block.Next;
                _offset = 0;
            }
        }
        return count;
    }

    /// <summary>Lets the entry go; harmless when none is open.</summary>
    public void Close()
    {
        if (_entry is { } entry)
            _cache!.ReaderLeaves(entry);
        this = default;
    }
}
