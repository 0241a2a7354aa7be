using NativeProxy.Caching;
using NativeProxy.Metrics;
using NativeProxy.Transport;
using NativeProxy.Upstreams;

namespace NativeProxy.Sessions;

/// <summary>The fetches of one worker that go on without a client, and the objects for further ones. Thread: the loop.</summary>
internal sealed class CacheFetches(EventLoop loop, LoopCounters counters)
{
    private CacheFetch? _first;
    private CacheFetch? _firstFree;

    /// <summary>How many are running.</summary>
    public int Count { get; private set; }

    /// <summary>Begins one; parameters as for <see cref="CacheFetch.Begin"/>.</summary>
    public void Begin(UpstreamConnection server, CacheFill fill, in BodyRelay body, SessionScratch scratch, bool serverKeepsAlive, long timeoutMs)
    {
        CacheFetch fetch = _firstFree ?? new CacheFetch(loop, this);
        _firstFree = fetch.Next;
        fetch.Next = _first;
        if (_first is not null)
            _first.Previous = fetch;
        _first = fetch;
        Count++;
        counters.Add(CounterId.CacheFetchesAlone);
        fetch.Begin(server, fill, body, scratch, serverKeepsAlive, timeoutMs);
    }

    /// <summary>Ends all of them.</summary>
    public void CutAll()
    {
        while (_first is not null)
            _first.Cut();
    }

    internal void Return(CacheFetch fetch)
    {
        if (fetch.Previous is null)
            _first = fetch.Next;
        else
            fetch.Previous.Next = fetch.Next;
        if (fetch.Next is not null)
            fetch.Next.Previous = fetch.Previous;
        fetch.Previous = null;
        fetch.Next = _firstFree;
        _firstFree = fetch;
        Count--;
    }
}
