using System;
using System.Numerics;
using NativeProxy.Http;

namespace NativeProxy.Caching;

/// <summary>
/// A response on its way into the cache: from the request on it knows the key, from a storable head on it copies what the server sends, as data,
/// and at a clean end it becomes an entry. Owner: one exchange, then perhaps a fetch without a client; lent by its <see cref="ResponseCache"/>, which
/// must get it back by <see cref="Commit"/> or <see cref="Drop"/>. Thread: the loop.
/// </summary>
internal sealed class CacheFill(ResponseCache cache)
{
    private byte[] _key = [];
    private int _keyBytes;
    private ulong _hash;
    private long _requestedMs;

    /// <summary>Stamp of the key when the request was read.</summary>
    private long _stamp;
    private CacheEntry? _entry;

    /// <summary>Next unused object of the cache.</summary>
    internal CacheFill? NextFree { get; set; }

    /// <summary>True from a storable head on, until something speaks against it.</summary>
    public bool IsOpen => _entry is not null;

    /// <summary>A request went to the server that may fill this key.</summary>
    internal void Begin(ReadOnlySpan<byte> key, ulong hash, long requestedMs, long stamp)
    {
        if (_key.Length < key.Length)
            _key = new byte[BitOperations.RoundUpToPowerOf2((uint)key.Length)];
        key.CopyTo(_key);
        _keyBytes = key.Length;
        _hash = hash;
        _requestedMs = requestedMs;
        _stamp = stamp;
    }

    /// <summary>When the request was read and the answer came, which is now.</summary>
    public ExchangeMoments Moments => cache.MomentsSince(_requestedMs);

    /// <summary>The head is storable: copies it.</summary>
    /// <param name="head">As the server sent it.</param>
    /// <param name="body">What the head says of the body.</param>
    /// <param name="freshness">For how long it is fresh.</param>
    /// <param name="moments">Those that this was found with.</param>
    public void Open(ReadOnlySpan<byte> head, BodyLength body, in Freshness freshness, in ExchangeMoments moments)
    {
        if (head.Length + body.Bytes > cache.ObjectBytesMax)
            return;
        _entry = cache.LendEntry(_key.AsSpan(0, _keyBytes), _hash, freshness, moments);
        if (_entry is null)
            return;
        _entry.Stamp = _stamp;
        _entry.HeadBytes = head.Length;
        _entry.HasLength = !body.IsUnknown;
        Append(head);
    }

    /// <summary>Copies what follows. When it is too much, or there is no memory, nothing will be kept.</summary>
    public void Append(in BodyPiece piece)
    {
        Append(piece.Data);
        if (_entry is not null)
            _entry.BodyBytes += piece.Data.Length;
        Append(piece.TrailerLines);
        if (_entry is not null)
            _entry.TrailerBytes = piece.TrailerLines.Length;
    }

    /// <summary>The response has come to a clean end: it is kept, unless a request changed the resource meanwhile, over whichever worker.</summary>
    public void Commit()
    {
        if (_entry is { } entry)
        {
            _entry = null;
            cache.Add(entry);
        }
        cache.Return(this);
    }

    /// <summary>Nothing is kept.</summary>
    public void Drop()
    {
        if (_entry is { } entry)
            cache.ReturnEntry(entry);
        _entry = null;
        cache.Return(this);
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        if (_entry is null || cache.TryAppend(_entry, bytes))
            return;
        cache.ReturnEntry(_entry);
        _entry = null;
    }
}
