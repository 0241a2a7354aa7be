using System;
using System.Collections.Generic;
using System.Numerics;
using System.Text;
using NativeProxy.Config;
using NativeProxy.Foundation;

namespace NativeProxy.Quotas;

/// <summary>
/// A limit as settings define it: what it counts, and by which rule. One whose definition a reload does not change is the same limit and goes on with
/// what it knows. Immutable.
/// </summary>
/// <param name="Id">A number for all that the counts depend on.</param>
/// <param name="Rule">How it counts.</param>
/// <param name="CellCount">How many keys it has room for; a power of two.</param>
internal sealed record RateDefinition(ulong Id, RateRule Rule, int CellCount)
{
    /// <summary>A limit of the settings.</summary>
    public static RateDefinition Of(in RateLimitSettings limit)
    {
        Rate rate = RateText.Of(limit.Rate);
        int burst = limit.Burst == 0 ? rate.Count : limit.Burst;
        string text = $"limit {limit.Name} {limit.Key} {limit.Rate} {burst} {limit.Algorithm} {limit.Ipv6Prefix} {limit.Scope} {limit.KeysMax} "
            + string.Join(',', limit.CountStatus);
        RateRule rule = limit.Algorithm == RateAlgorithm.TokenBucket
            ? new TokenBucket(rate.Count, rate.PeriodMs, burst)
            : new SlidingWindow(Math.Min(rate.Count, SlidingWindow.CountLimit), rate.PeriodMs);
        return new RateDefinition(IdOf(text), rule, CellsFor(limit.KeysMax));
    }

    /// <summary>How many connections clients of a listener may open in a time; null where they may as they like.</summary>
    public static RateDefinition? OfConnections(in ListenerSettings listener)
    {
        string text = listener.Limits.ConnectionRatePerClient;
        if (text.Length == 0)
            return null;
        Rate rate = RateText.Of(text);
        return new RateDefinition(IdOf($"connections {listener.Name} {text}"), new TokenBucket(rate.Count, rate.PeriodMs, rate.Count),
            CellsFor(ListenerLimitSettings.ClientsRemembered));
    }

    /// <summary>Room for so many keys.</summary>
    public static int CellsFor(int keys) => (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(keys, LimitBoard.ChunkCells));

    private static ulong IdOf(string text) => StableHash.Of(Encoding.UTF8.GetBytes(text));

    /// <summary>All that the settings define.</summary>
    public static List<RateDefinition> AllOf(in ProxySettings settings)
    {
        var all = new List<RateDefinition>();
        foreach (RateLimitSettings limit in settings.RateLimits)
            all.Add(Of(limit));
        foreach (ListenerSettings listener in settings.Listeners)
        {
            if (OfConnections(listener) is { } definition)
                all.Add(definition);
        }
        return all;
    }
}
