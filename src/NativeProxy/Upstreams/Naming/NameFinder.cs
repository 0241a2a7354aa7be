using System;
using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.Config;
using NativeProxy.Upstreams.Origins;

namespace NativeProxy.Upstreams.Naming;

/// <summary>
/// Finds the addresses of names as the system would, but without blocking and with the time that an answer holds: an address stands for itself,
/// then the hosts file, then DNS with the servers, search list and dots of resolv.conf, or with those of the settings alone. Remembers nothing
/// and runs as many look-ups as are asked for: whoever asks bounds them. Control plane; immutable.
/// </summary>
internal sealed class NameFinder
{
    /// <summary>Longest look-up over all servers, attempts and candidates.</summary>
    private static readonly TimeSpan LookupLimit = TimeSpan.FromSeconds(15);

    /// <summary>How long a name of the hosts file is believed: a look at the file costs next to nothing.</summary>
    private const long HostsTtlMs = 10_000;

    /// <summary>The system does not say how long its answers hold.</summary>
    private const long SystemTtlMs = 30_000;

    private readonly ResolverSettings _settings;
    private readonly IPEndPoint[] _servers;
    private readonly WatchedFile<HostsFile> _hosts;
    private readonly WatchedFile<ResolverFile> _resolver;
    private readonly WatchedFile<object> _sources;

    /// <param name="settings">Valid settings.</param>
    /// <param name="hostsPath">The hosts file.</param>
    /// <param name="resolverPath">Names the DNS servers where the settings do not.</param>
    /// <param name="sourcesPath">Says whether the system has further sources.</param>
    public NameFinder(in ResolverSettings settings, string hostsPath = "/etc/hosts", string resolverPath = "/etc/resolv.conf",
        string sourcesPath = "/etc/nsswitch.conf")
    {
        _settings = settings;
        _servers = ServersOf(settings);
        _hosts = new WatchedFile<HostsFile>(hostsPath, static text => new HostsFile(text));
        _resolver = new WatchedFile<ResolverFile>(resolverPath, static text => new ResolverFile(text));
        _sources = new WatchedFile<object>(sourcesPath, static text => SystemLookup.HasFurtherSources(text));
    }

    /// <summary>How long to wait before a name is looked up again that had no answer.</summary>
    public long NegativeTtlMs => _settings.NegativeTtlMs;

    /// <summary>Looks a name up. Never fails: the answer says what came of it.</summary>
    /// <param name="name">The name.</param>
    /// <param name="addressesMax">Addresses that are taken.</param>
    /// <param name="family">Which of them DNS is asked for; what needs no question has others, too.</param>
    public async Task<NameAnswer> Find(string name, int addressesMax = NameAnswer.AddressesMax, AddressKind family = AddressKind.Any)
    {
        if (FindHere(name, addressesMax) is { } known)
            return known;
        if (!OperatingSystem.IsLinux() && _servers.Length == 0)
            return await AskSystem(name, addressesMax) ?? Nothing(NameOutcome.NoSuchName, "the system does not know the name");
        (DnsFinding? finding, NameOutcome outcome, string why) = await AskDns(
            name, "address", DnsLookup.Find, static finding => finding.Addresses.Count > 0, family);
        if (finding is not null)
            return Found(finding, why, addressesMax);
        NameAnswer failure = Nothing(outcome, why);
        return _servers.Length == 0 && _sources.Value is true ? await AskSystem(name, addressesMax) ?? failure : failure;
    }

    /// <summary>Looks up the services of a name in DNS. Never fails.</summary>
    public async Task<ServiceAnswer> FindServices(string name)
    {
        (DnsFinding? finding, NameOutcome outcome, string why) = await AskDns(
            name, "SRV record", DnsLookup.FindServices, static finding => finding.Services.Count > 0);
        return finding is null
            ? new ServiceAnswer(outcome, [], NegativeTtlMs, why)
            : new ServiceAnswer(NameOutcome.Found, finding.Services, TtlMsOf(finding), why);
    }

    /// <summary>
    /// What needs no question: addresses, names of the hosts file, and those that DNS must not be asked for (RFC 6761 6.3 and 6.4).
    /// </summary>
    private NameAnswer? FindHere(string name, int addressesMax)
    {
        if (IPAddress.TryParse(name, out IPAddress? literal))
            return Found([literal], _settings.MaxTtlMs, "it is an address", addressesMax);
        string bare = name.TrimEnd('.');
        if (_hosts.Value.Find(bare) is { Count: > 0 } hosts)
            return Found(hosts, HostsTtlMs, "the hosts file", addressesMax);
        if (IsWithin(bare, "localhost"))
            return Found([IPAddress.Loopback, IPAddress.IPv6Loopback], _settings.MaxTtlMs, "it is this machine", addressesMax);
        return IsWithin(bare, "invalid") ? Nothing(NameOutcome.NoSuchName, "there is no such name") : null;
    }

    /// <summary>Asks for each name that a short one may stand for. Without a finding, the outcome and why there is none.</summary>
    private async Task<(DnsFinding? Finding, NameOutcome Outcome, string Why)> AskDns(
        string name, string wanted, Func<DnsRules, string, CancellationToken, Task<DnsFinding>> ask, Func<DnsFinding, bool> isFound,
        AddressKind family = AddressKind.Any)
    {
        ResolverFile file = _resolver.Value;
        bool isOurs = _servers.Length > 0;
        var rules = new DnsRules(isOurs ? _servers : file.Servers, _settings.TimeoutMs, _settings.Attempts) { Family = family };
        using var givenUp = new CancellationTokenSource(LookupLimit);
        string? failure = null;
        foreach (string candidate in isOurs ? [name.TrimEnd('.')] : file.Candidates(name))
        {
            DnsFinding finding = await ask(rules, candidate, givenUp.Token);
            if (isFound(finding))
                return (finding, NameOutcome.Found, $"DNS ({rules.Servers[0]})");
            if (!finding.IsCertain)
                failure ??= finding.Why;
            if (finding.IsSilent)
                break;
        }
        return failure is null
            ? (null, NameOutcome.NoSuchName, $"there is no such name, or it has no {wanted}")
            : (null, NameOutcome.NoAnswer, failure);
    }

    private static async Task<NameAnswer?> AskSystem(string name, int addressesMax) =>
        await SystemLookup.Find(name) is { Length: > 0 } addresses ? Found(addresses, SystemTtlMs, "the system", addressesMax) : null;

    private NameAnswer Found(DnsFinding finding, string why, int addressesMax)
    {
        // What is missing is asked for again soon.
        long ttlMs = TtlMsOf(finding);
        return Found(finding.Addresses, finding.IsCertain ? ttlMs : Math.Min(ttlMs, NegativeTtlMs), why, addressesMax) with
        {
            IsPartial = !finding.IsCertain,
        };
    }

    private long TtlMsOf(DnsFinding finding) =>
        Math.Clamp(finding.TtlSeconds * 1000, _settings.MinTtlMs, Math.Max(_settings.MinTtlMs, _settings.MaxTtlMs));

    private static NameAnswer Found(IReadOnlyList<IPAddress> addresses, long ttlMs, string why, int addressesMax)
    {
        var sorted = new List<IPAddress>();
        foreach (AddressFamily family in (AddressFamily[])[AddressFamily.InterNetwork, AddressFamily.InterNetworkV6])
        {
            foreach (IPAddress address in addresses)
            {
                if (address.AddressFamily == family && !sorted.Contains(address) && sorted.Count < addressesMax)
                    sorted.Add(address);
            }
        }
        return new NameAnswer(NameOutcome.Found, [.. sorted], ttlMs, why);
    }

    private NameAnswer Nothing(NameOutcome outcome, string why) => new(outcome, [], NegativeTtlMs, why);

    private static bool IsWithin(string name, string domain) =>
        name.EndsWith(domain, StringComparison.OrdinalIgnoreCase) && (name.Length == domain.Length || name[^(domain.Length + 1)] == '.');

    private static IPEndPoint[] ServersOf(in ResolverSettings settings)
    {
        var servers = new IPEndPoint[settings.Servers.Length];
        for (int i = 0; i < servers.Length; i++)
        {
            // The settings rules have refused everything but addresses.
            AddressText.TryParse(settings.Servers[i], AddressUse.Server, out HostPort server, out _);
            servers[i] = new IPEndPoint(server.Ip ?? IPAddress.Loopback, server.Port);
        }
        return servers;
    }
}
