using System;
using System.Collections.Generic;
using NativeProxy.Metrics;
using NativeProxy.Transport;

namespace NativeProxy.Upstreams.Origins;

/// <summary>
/// The loop's way to the look-ups of names, which run beside each other off the loop: none waits for another one, and a name that is being looked
/// up already is not asked for twice. One per loop; thread: the loop. It remembers nothing; an <see cref="Origin"/> does.
/// </summary>
internal sealed class NameResolver(EventLoop loop, LoopCounters counters, NameResolver.Asking ask, int lookupsMax = NameResolver.LookupsAtOnceMax)
{
    /// <summary>
    /// Look-ups under way; each has two sockets and some kilobytes. Beyond it whoever asks is told at once that there are too many.
    /// </summary>
    public const int LookupsAtOnceMax = 256;

    private const int LookupsAtOnceMin = 8;
    private const int DescriptorsPerLookup = 2;

    private readonly Dictionary<string, NameLookup> _running = [];

    /// <summary>Has a name looked up off the loop; <see cref="NameLookup.Answered"/> follows from any thread, whatever comes of it.</summary>
    public delegate void Asking(NameLookup lookup);

    public EventLoop Loop => loop;

    /// <summary>How many look-ups a process with so many descriptors may have under way: an eighth of them at most.</summary>
    /// <param name="socketsMax">Descriptors for connections; 0 = unknown.</param>
    public static int LookupsFor(int socketsMax) =>
        socketsMax == 0 ? LookupsAtOnceMax : Math.Clamp(socketsMax / 8 / DescriptorsPerLookup, LookupsAtOnceMin, LookupsAtOnceMax);

    /// <summary>Begins a look-up; <see cref="Origin.Resolved"/> follows in an event of its own. False when too many are under way.</summary>
    /// <param name="origin">Who asks.</param>
    /// <param name="name">The name, in lower case.</param>
    public bool TryBegin(Origin origin, string name)
    {
        if (_running.TryGetValue(name, out NameLookup? lookup))
        {
            lookup.Waiting.Add(origin);
            return true;
        }
        if (_running.Count >= lookupsMax)
            return false;
        counters.Add(CounterId.NameLookups);
        lookup = new NameLookup(this, name);
        lookup.Waiting.Add(origin);
        _running.Add(name, lookup);
        ask(lookup);
        return true;
    }

    internal void Ended(NameLookup lookup)
    {
        _running.Remove(lookup.Name);
        if (lookup.Answer!.Outcome != NameOutcome.Found)
            counters.Add(CounterId.NameLookupsFailed);
        foreach (Origin origin in lookup.Waiting)
            origin.Resolved(lookup.Answer);
    }
}
