using System.Collections.Immutable;
using System.Linq;

namespace NativeProxy.Config;

/// <summary>`[resolver]`: how names of servers and destinations are looked up.</summary>
[SettingsTable(Doc = "How names of servers, and of the destinations of forward listeners, are looked up: in the hosts file, then in DNS. Names "
    + "are looked up again when their answers expire.")]
internal readonly partial struct ResolverSettings
{
    [Setting("servers", Default = new string[0], Pattern = AddressText.BindPattern,
        Doc = "DNS servers, such as [\"10.0.0.53:53\"], asked in this order for names as they are written. Empty = those of /etc/resolv.conf, "
        + "with its search list and dots.")]
    public partial ImmutableArray<string> Servers { get; init; }

    [Setting("timeout", Default = "2s", Min = "10ms", Max = "30s", Doc = "How long one DNS server is waited for before the next one is asked.")]
    public partial long TimeoutMs { get; init; }

    [Setting("attempts", Default = 3, Min = 1, Max = 10,
        Doc = "How often the DNS servers are gone through while none answers. A look-up takes 15 seconds at most.")]
    public partial int Attempts { get; init; }

    [Setting("min_ttl", Default = "1s", Min = "100ms", Max = "24h", Doc = "Shortest time that an answer is used, whatever it says itself.")]
    public partial long MinTtlMs { get; init; }

    [Setting("max_ttl", Default = "5m", Min = "100ms", Max = "24h", Doc = "Longest time that an answer is used, whatever it says itself.")]
    public partial long MaxTtlMs { get; init; }

    [Setting("negative_ttl", Default = "5s", Min = "100ms", Max = "1h",
        Doc = "How long a failed look-up is remembered. The name of a server is looked up again after one second, then after twice as long each "
        + "time, up to this; meanwhile its last addresses are used, if it has had any.")]
    public partial long NegativeTtlMs { get; init; }

    [Setting("keep_last_good", Default = true,
        Doc = "Whether servers keep their last addresses while their name has none: there is no such name, no address, or no answer.")]
    public partial bool KeepLastGood { get; init; }

    /// <summary>Whether names are looked up in the same way.</summary>
    public bool IsSameAs(in ResolverSettings other) => Servers.SequenceEqual(other.Servers)
        && (TimeoutMs, Attempts, MinTtlMs, MaxTtlMs, NegativeTtlMs, KeepLastGood) == (other.TimeoutMs, other.Attempts, other.MinTtlMs,
            other.MaxTtlMs, other.NegativeTtlMs, other.KeepLastGood);
}
