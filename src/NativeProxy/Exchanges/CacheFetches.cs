using NativeProxy.Caching;
using NativeProxy.Exchanges.Sending;
using NativeProxy.Foundation;
using NativeProxy.Metrics;
using NativeProxy.Transport;
using NativeProxy.Upstreams.Connections;

namespace NativeProxy.Exchanges;

/// <summary>The fetches of one worker that go on without a client, and the objects for further ones. Thread: the loop.</summary>
internal sealed class CacheFetches(EventLoop loop, LoopCounters counters)
{
    private NewestFirst<CacheFetch> _running;
    private CacheFetch? _firstFree;

    /// <summary>How many are running.</summary>
    public int Count => _running.Count;

    /// <summary>Begins one; parameters as for <see cref="CacheFetch.Begin"/>.</summary>
    public void Begin(UpstreamConnection server, CacheFill fill, in BodyRelay body, SessionScratch scratch, bool serverKeepsAlive, long timeoutMs)
    {
        CacheFetch fetch = _firstFree ?? new CacheFetch(loop, this);
        _firstFree = fetch.Older;
        _running.Add(fetch);
        counters.Add(CounterId.CacheFetchesAlone);
        fetch.Begin(server, fill, body, scratch, serverKeepsAlive, timeoutMs);
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
