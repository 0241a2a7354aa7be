using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using NativeProxy.Config;
using NativeProxy.Quotas;

namespace NativeProxy.Routing.Limiting;

/// <summary>
/// Makes the limits of routes as the settings name them; several routes that name one limit share it. Used by route tables; thread: the loop.
/// </summary>
/// <param name="settings">Checked ones.</param>
/// <param name="board">On which they are published.</param>
/// <param name="workerIndex">Which worker asks.</param>
/// <param name="register">Gives the number under which the log knows a name; null when nothing is logged.</param>
internal sealed class LimitPlan(ImmutableArray<RateLimitSettings> settings, LimitBoard board, int workerIndex, Func<string, int>? register)
{
    private readonly Dictionary<string, RateLimit> _made = [];

    /// <summary>What limits the requests of a route; null when nothing does.</summary>
    /// <param name="names">Of the limits, each once.</param>
    /// <param name="route">Name of the route; empty when it is none.</param>
    public RouteLimits? Of(List<string> names, string route)
    {
        var rates = new RateLimit[names.Count];
        for (int i = 0; i < rates.Length; i++)
            rates[i] = Find(names[i]);
        return rates.Length == 0 ? null : new RouteLimits(rates, route);
    }

    private RateLimit Find(string name)
    {
        if (_made.TryGetValue(name, out RateLimit? known))
            return known;
        foreach (RateLimitSettings one in settings)
        {
            if (one.Name == name)
                _made.Add(name, new RateLimit(one, board, workerIndex, register?.Invoke("rate_limit:" + name) ?? 0));
        }
        return _made[name];
    }
}
