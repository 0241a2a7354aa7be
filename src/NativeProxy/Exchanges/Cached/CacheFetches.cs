using System;
using NativeProxy.Foundation;
using NativeProxy.Metrics;
using NativeProxy.Upstreams.Connections;

namespace NativeProxy.Exchanges.Cached;

/// <summary>The fetches of one worker that go on without a client, and the objects for further ones. Thread: the loop.</summary>
/// <param name="counters">Of the worker.</param>
internal sealed class CacheFetches(LoopCounters counters)
{
    private NewestFirst<CacheFetch> _running;
    private CacheFetch? _firstFree;

    /// <summary>Makes the stream that a fetch reads from.</summary>
    public Func<IServerStreamUser, ServerStream>? Streams { get; set; }

    /// <summary>How many are running.</summary>
    public int Count => _running.Count;

    /// <summary>Reads on what an exchange was keeping whose client has gone. False, with nothing changed, when that is not possible.</summary>
    /// <param name="stream">Of the exchange, which forgets it.</param>
    /// <param name="caching">Of the exchange; hands over what it has kept.</param>
    public bool TryBegin(ServerStream stream, ref ExchangeCaching caching)
    {
        CacheFetch fetch = _firstFree ??= new CacheFetch(this, Streams!);
        if (!fetch.TryBegin(stream, caching.Fill!))
            return false;
        _firstFree = fetch.Older;
        fetch.Older = null;
        caching.TakeFill();
        _running.Add(fetch);
        counters.Add(CounterId.CacheFetchesAlone);
        return true;
    }

    /// <summary>Ends all of them.</summary>
    public void CutAll()
    {
        while (_running.Newest is { } fetch)
            fetch.Cut();
    }

    internal void Return(CacheFetch fetch)
    {
        _running.Remove(fetch);
        fetch.Older = _firstFree;
        _firstFree = fetch;
    }
}
