using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Text;
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
    private readonly CountTable _counts = board.CountsOf(workerIndex);

    /// <summary>What limits the requests of a route; null when nothing does.</summary>
    /// <param name="names">Of the rate limits, each once.</param>
    /// <param name="concurrentMax">How many may be under way at once; 0 = no limit.</param>
    /// <param name="route">Name of the route; empty when it is none.</param>
    /// <param name="listener">Whose requests it takes, if it is none.</param>
    public RouteLimits? Of(List<string> names, int concurrentMax, string route, string listener)
    {
        var rates = new RateLimit[names.Count];
        for (int i = 0; i < rates.Length; i++)
            rates[i] = Find(names[i]);
        ConcurrencyLimit? concurrency = concurrentMax == 0 ? null : ConcurrencyOf(concurrentMax, route, listener);
        return rates.Length == 0 && concurrency is null ? null : new RouteLimits(rates, concurrency, route);
    }

    /// <summary>A route is the same one whatever listener a request has come by; what no route takes is counted by listener.</summary>
    private ConcurrencyLimit ConcurrencyOf(int countMax, string route, string listener)
    {
        string counted = route.Length > 0 ? $"route {route}" : $"listener {listener}";
        string shown = "max_concurrent:" + (route.Length > 0 ? route : listener);
        return new ConcurrencyLimit(_counts, board.Hash.Of(Encoding.UTF8.GetBytes(counted)), countMax, register?.Invoke(shown) ?? 0);
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
