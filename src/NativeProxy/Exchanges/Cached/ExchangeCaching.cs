using System;
using NativeProxy.Caching;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Upstreams.Groups;

namespace NativeProxy.Exchanges.Cached;

/// <summary>What the cache says to a request.</summary>
internal enum CacheAnswer : byte
{
    /// <summary>It goes to a server.</summary>
    Miss,

    /// <summary>There is a fresh response.</summary>
    Hit,

    /// <summary>There is none, and the client wants no other.</summary>
    Refused,
}

/// <summary>
/// What the cache of the upstream does for one exchange: answers it, copies what its server answers, forgets what it changes. Does nothing
/// where there is no cache. Owner: one exchange (a mutable struct: keep it in a field, never copy it); thread: the loop. Never
/// sends and never touches a connection.
/// </summary>
internal struct ExchangeCaching
{
    private ResponseCache? _cache;
    private CachedResponse _stored;
    private CacheFill? _fill;
    private ulong _hash;

    /// <summary>The request changes what is kept, and no final response has said yet whether it did.</summary>
    private bool _isChange;

    /// <summary>True when the response comes from the cache.</summary>
    public readonly bool IsHit => _stored.IsOpen;

    /// <summary>True while the server sends a response that is to be kept.</summary>
    public readonly bool IsFilling => _fill is { IsOpen: true };

    /// <summary>What a hit shows; null for a response of a server.</summary>
    public readonly CachedTimes? Times => _stored.IsOpen ? _stored.Times : null;

    /// <summary>What has been copied so far of the response on its way; null when it is not to be kept.</summary>
    public readonly CacheFill? Fill => _fill;

    /// <summary>Asks the cache.</summary>
    /// <param name="group">Where the request goes, and whose cache it is.</param>
    /// <param name="bytes">From the first byte of the request head on.</param>
    /// <param name="head">Its parts.</param>
    /// <param name="isOwn">What comes is for this client alone, or may become a tunnel.</param>
    /// <param name="bodyBytesMax">Longest body that the client may get; 0 = no limit.</param>
    public CacheAnswer Begin(UpstreamGroup group, ReadOnlySpan<byte> bytes, RequestHead head, bool isOwn, long bodyBytesMax)
    {
        if (group.Cache is not { } cache)
            return CacheAnswer.Miss;
        CacheDemand demand = CachePolicy.OfRequest(bytes, head);
        CacheUse use = demand.Use;
        if (isOwn)
            use &= CacheUse.Invalidate;
        if (use == CacheUse.None)
            return CacheAnswer.Miss;
        CacheAnswer miss = (use & CacheUse.OnlyServe) != 0 ? CacheAnswer.Refused : CacheAnswer.Miss;
        ReadOnlySpan<byte> key = cache.Key.AsSpan(0, CacheKey.Write(bytes, head, group.NameBytes, cache.Key));
        if (key.IsEmpty)
            return miss;
        _cache = cache;
        _hash = cache.HashOf(key);
        _isChange = (use & CacheUse.Invalidate) != 0;
        if ((use & CacheUse.Serve) != 0 && cache.TryOpen(key, _hash, demand, bodyBytesMax, ref _stored))
        {
            if (demand.IsConditional && cache.IsNotModified(_stored, bytes, head.Fields))
                _stored.AnswerNotModified();
            return CacheAnswer.Hit;
        }
        if ((use & CacheUse.Store) != 0 && miss == CacheAnswer.Miss)
            _fill = cache.BeginFill(key, _hash);
        return miss;
    }

    /// <summary>The head of a hit; valid until somebody else reads one from this cache.</summary>
    /// <param name="withBody">False for the answer to a HEAD.</param>
    /// <param name="head">Its parts.</param>
    public readonly ReadOnlySpan<byte> ReadHead(bool withBody, out ResponseHead head) => _stored.ReadHead(withBody, out head);

    /// <summary>The next piece of a hit's body; valid until somebody else reads one from this cache.</summary>
    public BodyPiece ReadBody() => _stored.ReadBody(_cache!.Piece);

    /// <summary>The server's final head was read.</summary>
    /// <param name="bytes">The head.</param>
    /// <param name="head">What was read of it.</param>
    /// <param name="hasInterim">Others came before it, which would have to be kept with it.</param>
    public void HeadRead(ReadOnlySpan<byte> bytes, ResponseHead head, bool hasInterim)
    {
        if (_isChange && CachePolicy.IsChangeMade(head.StatusCode))
            _cache!.Invalidate(_hash);
        _isChange = false;
        if (_fill is null || hasInterim)
            return;
        ExchangeMoments moments = _fill.Moments;
        if (CachePolicy.OfResponse(bytes, head, moments) is { } freshness)
            _fill.Open(bytes, head.Body, freshness, moments);
    }

    /// <summary>A piece of the server's body has come.</summary>
    public readonly void BodyRead(in BodyPiece piece) => _fill?.Append(piece);

    /// <summary>The server's response is complete.</summary>
    /// <param name="isClean">Nothing about it is doubtful.</param>
    public void End(bool isClean)
    {
        if (isClean)
            TakeFill()?.Commit();
        else
            TakeFill()?.Drop();
    }

    /// <summary>Hands over what is being filled; the caller has to end it.</summary>
    public CacheFill? TakeFill()
    {
        CacheFill? fill = _fill;
        _fill = null;
        return fill;
    }

    /// <summary>Lets everything go. A change that went out, and of which nobody knows what became, counts as made.</summary>
    /// <param name="hasBeenOut">The request went out on a server connection.</param>
    public void Release(bool hasBeenOut)
    {
        if (_isChange && hasBeenOut)
            _cache!.Invalidate(_hash);
        _stored.Close();
        TakeFill()?.Drop();
        _cache = null;
        _isChange = false;
    }
}
