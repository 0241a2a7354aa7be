using System;
using System.Collections.Generic;

namespace NativeProxy.Upstreams.Discovery;

/// <summary>
/// What is known of the servers that one source has: the last good list, and how often in a row it could not be had. Takes answers and says what
/// follows. Pure but for its state; whoever owns it sees to it that one thread at a time uses it.
/// </summary>
/// <param name="serversMax">Longest list.</param>
/// <param name="remembered">What another process has known of them; null = nothing.</param>
internal sealed class KnownServers(int serversMax, FoundServer[]? remembered = null)
{
    private const long BackOffMsMin = 1_000;
    private const int DoublingsMax = 16;

    private int _failures;

    /// <summary>The last good list; those that stay keep their order.</summary>
    public FoundServer[] Servers { get; private set; } = remembered ?? [];

    /// <summary>The last look has failed.</summary>
    public bool HasFailed => _failures > 0;

    /// <summary>Takes an answer. True when there are other servers than before.</summary>
    /// <param name="answer">What the look came to.</param>
    /// <param name="rules">How long failures are remembered, and whether the last good list stays.</param>
    /// <param name="delayMs">When to look again.</param>
    /// <param name="isNews">The first failure, or the first success after one.</param>
    public bool Take(SourceAnswer answer, in Config.ResolverSettings rules, out long delayMs, out bool isNews)
    {
        bool hadFailed = HasFailed;
        _failures = answer.Servers is null ? _failures + 1 : 0;
        isNews = hadFailed != HasFailed;
        delayMs = answer.Servers is null
            ? Math.Min(BackOffMsMin << Math.Min(_failures - 1, DoublingsMax), rules.NegativeTtlMs)
            : answer.HoldsMs;
        if (answer.Servers is null && rules.KeepLastGood)
            return false;
        FoundServer[] next = Merge(answer.Servers ?? [], answer.IsPartial);
        if (IsSame(next))
            return false;
        Servers = next;
        return true;
    }

    /// <summary>The found ones, those that are known already first and in their order.</summary>
    private FoundServer[] Merge(FoundServer[] found, bool keepsMissing)
    {
        var next = new List<FoundServer>();
        foreach (FoundServer known in Servers)
        {
            FoundServer? now = Array.Find(found, one => one.EndPoint.Equals(known.EndPoint)) ?? (keepsMissing ? known : null);
            if (now is not null && next.Count < serversMax)
                next.Add(now);
        }
        foreach (FoundServer one in found)
        {
            if (next.Count < serversMax && !next.Exists(known => known.EndPoint.Equals(one.EndPoint)))
                next.Add(one);
        }
        return [.. next];
    }

    private bool IsSame(FoundServer[] next) => next.AsSpan().SequenceEqual(Servers);
}
