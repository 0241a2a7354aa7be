using System;
using NativeProxy.Buffers;
using NativeProxy.Http;

namespace NativeProxy.Caching;

/// <summary>What a hit shows besides the response itself.</summary>
/// <param name="AgeSeconds">For the Age field (RFC 9111 section 4.2.3).</param>
/// <param name="ReceivedWallMs">When it came from the server, for the Date field that it may lack (RFC 9110 section 6.6.1).</param>
internal readonly record struct CachedTimes(long AgeSeconds, long ReceivedWallMs);

/// <summary>
/// Reads one entry of the cache, its head and then its content in pieces; while it is open the entry's memory stays. Owner: one
/// exchange (a mutable struct: keep it in a field, never copy it). Thread: the loop.
/// </summary>
internal struct CachedResponse
{
    private ResponseCache? _cache;
    private CacheEntry? _entry;
    private BufferBlock? _block;
    private int _offset;
    private long _leftBytes;
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
        _offset = 0;
        _leftBytes = entry.BodyBytes;
        Skip(entry.KeyBytes + entry.HeadBytes);
    }

    /// <summary>The client has what is stored: what is read from now on is a 304 that says so.</summary>
    public void AnswerNotModified() => _isNotModified = true;

    /// <summary>The head, valid until somebody else reads one from this cache, with what follows it.</summary>
    /// <param name="withBody">False for the answer to a HEAD.</param>
    /// <param name="head">Its parts.</param>
    public readonly ReadOnlySpan<byte> ReadHead(bool withBody, out ResponseHead head)
    {
        ReadOnlySpan<byte> bytes = _cache!.ReadHead(_entry!, _isNotModified, out head);
        head.Body = _isNotModified || !withBody ? BodyLength.None : _entry!.HasLength ? BodyLength.Of(_entry.BodyBytes) : BodyLength.Unknown;
        head.PassesLength = _entry!.HasLength;
        return bytes;
    }

    /// <summary>Copies the next piece of the content.</summary>
    /// <param name="room">Where to, with room for all trailer fields, too.</param>
    public BodyPiece ReadBody(Span<byte> room)
    {
        int trailerBytes = _entry!.TrailerBytes;
        int dataBytes = Copy(room[..(int)Math.Min(_leftBytes, room.Length - trailerBytes)]);
        _leftBytes -= dataBytes;
        if (_leftBytes > 0)
            return new BodyPiece { Data = room[..dataBytes] };
        Span<byte> lines = room.Slice(dataBytes, trailerBytes);
        Copy(lines);
        return new BodyPiece { Data = room[..dataBytes], IsLast = true, TrailerLines = lines };
    }

    /// <summary>Lets the entry go; harmless when none is open.</summary>
    public void Close()
    {
        if (_entry is { } entry)
            _cache!.ReaderLeaves(entry);
        this = default;
    }

    private int Copy(Span<byte> destination)
    {
        int count = 0;
        while (_block is { } block && count < destination.Length)
        {
            int step = Math.Min(block.FilledBytes - _offset, destination.Length - count);
            block.Span.Slice(_offset, step).CopyTo(destination[count..]);
            count += step;
            Skip(step);
        }
        return count;
    }

    private void Skip(int count)
    {
        _offset += count;
        while (_block is { } block && _offset >= block.FilledBytes)
        {
            _offset -= block.FilledBytes;
            _block = block.Next;
        }
    }
}
