using System;
using System.Collections.Generic;
using System.Net;
using NativeProxy.Metrics;
using NativeProxy.Transport;

namespace NativeProxy.Upstreams;

/// <summary>
/// Asks the system for the addresses of names without blocking the loop: a few look-ups run at once, the others wait. One per loop;
/// thread: the loop, but for <see cref="Ask"/>. It remembers nothing; an <see cref="Origin"/> does.
/// </summary>
internal sealed class NameResolver(EventLoop loop, LoopCounters counters, Func<string, IPAddress[]> ask)
{
    /// <summary>Each costs a thread while it lasts.</summary>
    private const int LookupsAtOnceMax = 8;

    /// <summary>Beyond this many the answer would come too late for anybody.</summary>
    private const int WaitingMax = 256;

    private readonly Queue<NameLookup> _waiting = new();
    private int _running;

    public EventLoop Loop => loop;

    /// <summary>Blocks; called on the threads of the look-ups.</summary>
    public Func<string, IPAddress[]> Ask => ask;

    /// <summary>Begins a look-up; <see cref="Origin.Resolved"/> follows in an event of its own. False when too many wait.</summary>
    public bool TryBegin(Origin origin, string name)
    {
        if (_waiting.Count >= WaitingMax)
            return false;
        counters.Add(CounterId.NameLookups);
        _waiting.Enqueue(new NameLookup(this, origin, name));
        StartNext();
        return true;
    }

    internal void Ended(NameLookup lookup)
    {
        _running--;
        if (lookup.Found.Length == 0)
            counters.Add(CounterId.NameLookupsFailed);
        lookup.Origin.Resolved(lookup.Found);
        StartNext();
    }

    private void StartNext()
    {
        while (_running < LookupsAtOnceMax && _waiting.TryDequeue(out NameLookup? lookup))
        {
            _running++;
            lookup.Start();
        }
    }
}
