using System;
using System.Collections.Generic;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Metrics;
using NativeProxy.Timers;

namespace NativeProxy.Caching;

/// <summary>
/// The responses that one upstream's servers let one worker keep. What was not used for longest makes room; what is being sent stays in
/// memory until that is done. What was changed over any worker is not served any more. Owner: an upstream group; thread: the loop. Never
/// decides what may be kept (see <see cref="CachePolicy"/>) and never serves anything stale.
/// </summary>
internal sealed class ResponseCache(LoopCounters counters, LoopClock clock, ChangeBoard changes)
{
    /// <summary>Most bytes of a response that are passed on at once.</summary>
    private const int PieceBytes = 32 * 1024;

    /// <summary>Room is made at once for as many entries as fit into the memory, but not for more than this.</summary>
    private const int EntriesAtOnceMax = 1 << 20;

    private readonly CacheMemory _memory = new(counters);

    /// <summary>
    /// By the hash of their keys: 64 bits under a secret, so that two keys with one hash are not to be expected; one replaces the other.
    /// </summary>
    private readonly Dictionary<ulong, CacheEntry> _byHash = [];
    private readonly StoredHead _storedHead = new();
    private readonly byte[] _notModified = new byte[PieceBytes];
    private NewestFirst<CacheEntry> _order;
    private CacheEntry? _freeEntry;
    private CacheFill? _freeFill;
    private long _maxAgeMs;

    /// <summary>Largest response that is kept.</summary>
    public long ObjectBytesMax { get; private set; }

    /// <summary>Where the bytes of a response are put together to be passed on; each use ends with the call that makes it.</summary>
    public byte[] Piece { get; } = new byte[PieceBytes];

    /// <summary>Where the key of a request is put together; each use ends with the call that makes it.</summary>
    public byte[] Key { get; } = new byte[CacheKey.BytesMax];

    public int Count => _order.Count;

    public long HeldBytes => _memory.HeldBytes;

    /// <summary>The cache for these settings: the one that was there, or a new one, or none. What does not fit any more goes.</summary>
    public static ResponseCache? Of(in UpstreamCacheSettings settings, ResponseCache? before, LoopCounters counters, LoopClock clock,
        ChangeBoard changes)
    {
        if (settings.Bytes == 0)
        {
            before?.Close();
            return null;
        }
        ResponseCache cache = before ?? new ResponseCache(counters, clock, changes);
        cache.Apply(settings);
        return cache;
    }

    /// <summary>Nothing is kept any more.</summary>
    public void Close()
    {
        ObjectBytesMax = _memory.BytesMax = 0;
        while (_order.Oldest is { } entry)
            Remove(entry);
    }

    /// <summary>Opens the response for this key that is fresh and what the request asks for. False, and counted, when there is none.</summary>
    /// <param name="key">See <see cref="CacheKey"/>.</param>
    /// <param name="hash">That of the key.</param>
    /// <param name="demand">What the request asks for.</param>
    /// <param name="bodyBytesMax">Longer ones are none for this client; 0 = no limit.</param>
    /// <param name="response">Where to read it.</param>
    public bool TryOpen(ReadOnlySpan<byte> key, ulong hash, in CacheDemand demand, long bodyBytesMax, ref CachedResponse response)
    {
        if (_byHash.TryGetValue(hash, out CacheEntry? entry) && !entry.Key.SequenceEqual(key))
            entry = null;
        if (entry is not null && IsOutdated(entry))
        {
            counters.Add(CounterId.CacheInvalidations);
            Remove(entry);
            entry = null;
        }
        else if (entry is not null && LeftMs(entry) <= 0)
        {
            Remove(entry);
            entry = null;
        }
        if (entry is null || !demand.Takes(AgeMs(entry), LeftMs(entry)) || (bodyBytesMax > 0 && entry.BodyBytes > bodyBytesMax))
        {
            counters.Add(CounterId.CacheMisses);
            return false;
        }
        counters.Add(CounterId.CacheHits);
        _order.Renew(entry);
        response.Open(this, entry);
        return true;
    }

    /// <summary>A request for this key goes to a server, and its answer may be kept.</summary>
    public CacheFill BeginFill(ReadOnlySpan<byte> key, ulong hash)
    {
        CacheFill fill = _freeFill ?? new CacheFill(this);
        _freeFill = fill.NextFree;
        fill.NextFree = null;
        fill.Begin(key, hash, clock.NowMs, changes.StampOf(hash));
        return fill;
    }

    /// <summary>Under the secret that all workers share.</summary>
    public ulong HashOf(ReadOnlySpan<byte> key) => CacheKey.HashOf(key, changes.Hash);

    /// <summary>Whether the client has what this open response would bring it.</summary>
    /// <param name="response">Opened by <see cref="TryOpen"/>.</param>
    /// <param name="request">The head of the request.</param>
    /// <param name="fields">Its fields.</param>
    public bool IsNotModified(in CachedResponse response, ReadOnlySpan<byte> request, HeaderTable fields)
    {
        CacheEntry entry = response.Entry;
        if (entry.HeadBytes + NotModifiedHead.ExtraBytes > PieceBytes)
            return false;
        ReadOnlySpan<byte> head = _storedHead.Read(entry);
        return StoredCondition.IsNotModified(request, fields, head, _storedHead.Fields, clock.WallMs);
    }

    /// <summary>The head of an entry, or of the 304 that says that the client has it; valid until the next call.</summary>
    internal ReadOnlySpan<byte> ReadHead(CacheEntry entry, bool isNotModified, out ResponseHead head)
    {
        head = _storedHead.Head;
        return isNotModified ? _storedHead.ReadNotModified(entry, _notModified) : _storedHead.Read(entry);
    }

    /// <summary>
    /// A server has changed what this key stands for, or may have: what was kept is gone, and what is on its way is not kept, in any worker, whatever
    /// scheme it was asked for by.
    /// </summary>
    public void Invalidate(ulong hash)
    {
        End(hash);
        End(CacheKey.UnderOtherScheme(hash));
    }

    private void End(ulong hash)
    {
        changes.Note(hash);
        if (!_byHash.TryGetValue(hash, out CacheEntry? entry))
            return;
        counters.Add(CounterId.CacheInvalidations);
        Remove(entry);
    }

    internal ExchangeMoments MomentsSince(long requestedMs) => new(requestedMs, clock.NowMs, clock.WallMs);

    internal CachedTimes TimesOf(CacheEntry entry) => new(AgeMs(entry) / 1000, entry.Moments.ReceivedWallMs);

    /// <summary>An entry that has its key; null when there is no memory.</summary>
    internal CacheEntry? LendEntry(ReadOnlySpan<byte> key, ulong hash, in Freshness freshness, in ExchangeMoments moments)
    {
        while (!_memory.TryTakeEntry())
        {
            if (!TryEvict())
                return null;
        }
        CacheEntry entry = _freeEntry ?? new CacheEntry();
        _freeEntry = entry.Older;
        entry.Older = null;
        while (!entry.TryBegin(_memory, key, hash, freshness, moments))
        {
            if (TryEvict())
                continue;
            ReturnEntry(entry);
            return null;
        }
        return entry;
    }

    /// <summary>Copies bytes into an entry that grows; others make room. False when it is too large or there is no memory.</summary>
    internal bool TryAppend(CacheEntry entry, ReadOnlySpan<byte> bytes)
    {
        if (entry.Bytes - entry.KeyBytes + bytes.Length > ObjectBytesMax)
            return false;
        while (!entry.TryAppend(_memory, ref bytes))
        {
            if (!TryEvict())
                return false;
        }
        return true;
    }

    /// <summary>Takes a complete response, unless there is a newer one already.</summary>
    internal void Add(CacheEntry entry)
    {
        _byHash.TryGetValue(entry.Hash, out CacheEntry? other);
        bool isOlder = other is not null && !IsOutdated(other) && other.Moments.ReceivedMs > entry.Moments.ReceivedMs;
        if (isOlder || LeftMs(entry) <= 0 || IsOutdated(entry) || _memory.HeldBytes > _memory.BytesMax)
        {
            ReturnEntry(entry);
            return;
        }
        if (other is not null)
            Remove(other);
        _byHash.Add(entry.Hash, entry);
        _order.Add(entry);
        entry.IsListed = true;
        counters.Add(CounterId.CacheStores);
        counters.Add(CounterId.CacheEntries);
    }

    /// <summary>Frees an entry that neither the index nor a reader has.</summary>
    internal void ReturnEntry(CacheEntry entry)
    {
        Check.That(!entry.IsListed && entry.ReaderCount == 0, "an entry is freed that is in use");
        entry.Release(_memory);
        _memory.ReturnEntry();
        entry.Older = _freeEntry;
        _freeEntry = entry;
    }

    internal void ReaderLeaves(CacheEntry entry)
    {
        entry.ReaderCount--;
        if (!entry.IsListed && entry.ReaderCount == 0)
            ReturnEntry(entry);
    }

    internal void Return(CacheFill fill)
    {
        fill.NextFree = _freeFill;
        _freeFill = fill;
    }

    private void Apply(in UpstreamCacheSettings settings)
    {
        _maxAgeMs = settings.MaxAgeMs;
        ObjectBytesMax = Math.Min(settings.ObjectBytes, settings.Bytes);
        if (_memory.BytesMax == settings.Bytes)
            return;
        _memory.BytesMax = settings.Bytes;
        _byHash.EnsureCapacity((int)Math.Min(settings.Bytes / (CacheMemory.BlockBytes + CacheMemory.EntryBytes), EntriesAtOnceMax));
        while (_memory.HeldBytes > _memory.BytesMax && TryEvict())
        {
        }
    }

    /// <summary>What the key stands for was changed, over this worker or another one, since the response was asked for.</summary>
    private bool IsOutdated(CacheEntry entry) => changes.StampOf(entry.Hash) != entry.Stamp;

    /// <summary>For how much longer the response is fresh.</summary>
    private long LeftMs(CacheEntry entry) => Math.Min(entry.Freshness.LeftMs, _maxAgeMs) - (clock.NowMs - entry.Moments.ReceivedMs);

    private long AgeMs(CacheEntry entry) => entry.Freshness.InitialAgeMs + clock.NowMs - entry.Moments.ReceivedMs;

    private bool TryEvict()
    {
        if (_order.Oldest is not { } entry)
            return false;
        counters.Add(CounterId.CacheEvictions);
        Remove(entry);
        return true;
    }

    /// <summary>Nobody finds it any more; who reads it already reads on.</summary>
    private void Remove(CacheEntry entry)
    {
        _byHash.Remove(entry.Hash);
        _order.Remove(entry);
        entry.IsListed = false;
        counters.Add(CounterId.CacheEntries, -1);
        if (entry.ReaderCount == 0)
            ReturnEntry(entry);
    }
}
