using System;
using NativeProxy.Buffers;
using NativeProxy.Foundation;

namespace NativeProxy.Caching;

/// <summary>
/// One response as its server meant it: the key it is kept under, behind that the head as it came, the content without its framing, and the trailer
/// fields as lines, in a chain of blocks. Owner: a <see cref="CacheFill"/> while it grows, then the <see cref="ResponseCache"/>; read by any number
/// of <see cref="CachedResponse"/>. Thread: the loop. Never knows what the bytes mean.
/// </summary>
internal sealed class CacheEntry : Ordered<CacheEntry>
{
    private BufferBlock? _last;

    /// <summary>The first block; the key stands at its beginning.</summary>
    internal BufferBlock? First { get; private set; }

    /// <summary>Key and response.</summary>
    public int Bytes { get; private set; }

    public int KeyBytes { get; private set; }

    public ulong Hash { get; private set; }

    public Freshness Freshness { get; private set; }

    public ExchangeMoments Moments { get; private set; }

    /// <summary>Stamp of the key on the <see cref="ChangeBoard"/> when the response was asked for.</summary>
    public long Stamp { get; set; }

    /// <summary>Length of the head, which stands behind the key.</summary>
    public int HeadBytes { get; set; }

    /// <summary>Length of the content, which stands behind the head.</summary>
    public long BodyBytes { get; set; }

    /// <summary>Length of the trailer fields that stand behind the content.</summary>
    public int TrailerBytes { get; set; }

    /// <summary>The head says how long the content is; else it is told where it ends.</summary>
    public bool HasLength { get; set; }

    /// <summary>True exactly while the cache can find it.</summary>
    public bool IsListed { get; set; }

    /// <summary>How many exchanges are being answered with it: its memory stays until they are done.</summary>
    public int ReaderCount { get; set; }

    public ReadOnlySpan<byte> Key => First!.Span[..KeyBytes];

    /// <summary>Begins with the key. False when there is no memory.</summary>
    public bool TryBegin(CacheMemory memory, ReadOnlySpan<byte> key, ulong hash, in Freshness freshness, in ExchangeMoments moments)
    {
        Bytes = 0;
        BodyBytes = TrailerBytes = 0;
        KeyBytes = key.Length;
        Hash = hash;
        Freshness = freshness;
        Moments = moments;
        return TryAppend(memory, key);
    }

    /// <summary>Copies as much as there is memory for; the rest is left in <paramref name="bytes"/>.</summary>
    public bool TryAppend(CacheMemory memory, ref ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if ((_last is null || _last.FilledBytes == _last.CapacityBytes) && !TryGrow(memory))
                return false;
            BufferBlock block = _last!;
            int count = Math.Min(bytes.Length, block.CapacityBytes - block.FilledBytes);
            bytes[..count].CopyTo(block.Span[block.FilledBytes..]);
            block.FilledBytes += count;
            Bytes += count;
            bytes = bytes[count..];
        }
        return true;
    }

    /// <summary>Copies the head into a buffer that is long enough.</summary>
    public void CopyHead(Span<byte> destination)
    {
        int skip = KeyBytes;
        destination = destination[..HeadBytes];
        for (BufferBlock? block = First; block is not null && !destination.IsEmpty; block = block.Next)
        {
            ReadOnlySpan<byte> bytes = block.Span[skip..block.FilledBytes];
            bytes = bytes[..Math.Min(bytes.Length, destination.Length)];
            bytes.CopyTo(destination);
            destination = destination[bytes.Length..];
            skip = 0;
        }
    }

    /// <summary>Returns all blocks.</summary>
    public void Release(CacheMemory memory)
    {
        BufferBlock? block = First;
        First = _last = null;
        while (block is not null)
        {
            BufferBlock next = block;
            block = block.Next;
            memory.Return(next);
        }
    }

    private bool TryAppend(CacheMemory memory, ReadOnlySpan<byte> bytes) => TryAppend(memory, ref bytes);

    private bool TryGrow(CacheMemory memory)
    {
        if (!memory.TryLend(out BufferBlock? block))
            return false;
        if (_last is null)
            First = block;
        else
            _last.Next = block;
        _last = block;
        return true;
    }
}
