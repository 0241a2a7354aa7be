using System.Text;

namespace NativeProxy.Routing.Limiting;

/// <summary>What limits the requests of one route: those of its listener, then its own. Immutable; thread: the loop.</summary>
/// <param name="rates">They are asked in this order; the first that refuses answers.</param>
/// <param name="concurrency">Asked last; null where it does not matter how many there are at once.</param>
/// <param name="route">Name of the route.</param>
internal sealed class RouteLimits(RateLimit[] rates, ConcurrencyLimit? concurrency, string route)
{
    private readonly byte[] _route = Encoding.UTF8.GetBytes(route);

    public RateLimit[] Rates => rates;

    public ConcurrencyLimit? Concurrency => concurrency;

    /// <summary>Name of the route.</summary>
    public System.ReadOnlySpan<byte> Route => _route;
}
