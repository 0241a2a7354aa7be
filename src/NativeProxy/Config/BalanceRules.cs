using System.Collections.Immutable;
using System.Linq;
using NativeProxy.Config.Toml;

namespace NativeProxy.Config;

/// <summary>
/// The rules about how the servers of an `[[upstream]]` are named and chosen. Appends every breach and every setting without effect to the errors;
/// does not judge a value that the binder has refused already. Lives for one load.
/// </summary>
internal sealed class BalanceRules(SettingPlaces places, SettingsErrors errors)
{
    /// <summary>With fewer there is hardly another server to go to.</summary>
    private const int ServersOfBoundedLoad = 3;

    private const int LoadFactorMin = 125;

    public void Check(in UpstreamSettings upstream, string path)
    {
        CheckServers(upstream, path);
        CheckHash(upstream, path);
        for (int i = 0; i < upstream.Servers.Length; i++)
            CheckLimits(upstream.Servers[i], $"{path}.server[{i}]");
        if (upstream.FullLoad > 0 && !upstream.Servers.Any(static server => server.MinConnections > 0))
            Warn($"{path}.full_load", "\"full_load\" has no effect: no server has min_connections", "");
        if (upstream.AllBackups && !upstream.Servers.Any(static server => server.IsBackup))
            Warn($"{path}.all_backups", "\"all_backups\" has no effect: no server is a backup", "backup = true for a server");
        if (upstream.FailoverBelowPercent > 0 && upstream.Servers.Select(static server => server.Priority).Distinct().Count() < 2)
            Warn($"{path}.failover_below", "\"failover_below\" has no effect: all servers have the same priority", "priority = 1 for a server");
    }

    private void CheckLimits(in UpstreamServerSettings server, string path)
    {
        if (server.MinConnections > 0 && server.MaxConnections == 0)
        {
            Break($"{path}.min_connections", "\"min_connections\" needs max_connections, to which it grows", "max_connections as well");
        }
        else if (server.MinConnections > server.MaxConnections)
        {
            Break($"{path}.min_connections",
                $"min_connections ({server.MinConnections}) is above max_connections ({server.MaxConnections})", "at most max_connections");
        }

        if (server is { MaxConnections: 0, MaxQueue: > 0 })
            Warn($"{path}.max_queue", "\"max_queue\" has no effect: nobody waits for a server without max_connections", "");
    }

    private void CheckServers(in UpstreamSettings upstream, string path)
    {
        if (!upstream.ServerAddresses.IsEmpty && !ShortServers.AreAllOf(upstream))
            Break($"{path}.servers", "the servers are given twice: by \"servers\" and by [[upstream.server]]", "one of the two");

        ImmutableArray<UpstreamServerSettings> servers = upstream.Servers;
        for (int i = 0; i < servers.Length; i++)
        {
            if (!ServerAddressText.TryParse(servers[i].Address, out _, out _, out string problem))
            {
                Break($"{path}.{ShortServers.AddressKey(upstream, i)}", $"the address {ErrorExcerpt.Quoted(servers[i].Address)} {problem}",
                    UnixAddressText.IsUnix(servers[i].Address) ? UnixAddressText.Expected : AddressText.Expected(AddressUse.Server));
            }
        }
    }

    private void CheckHash(in UpstreamSettings upstream, string path)
    {
        if (!RequestKeyText.TryParse(upstream.HashKey, out _, out _))
            Break($"{path}.hash_key", $"{ErrorExcerpt.Quoted(upstream.HashKey)} is no part of a request", RequestKeyText.Expected);
        if (upstream.HashLoadFactorPercent is > 0 and < LoadFactorMin)
        {
            Break($"{path}.hash_load_factor", $"{upstream.HashLoadFactorPercent} percent would move keys all the time",
                $"0, or {LoadFactorMin} to 1000");
        }

        if (upstream.Balance != BalanceKind.Hash)
        {
            // Somebody who writes another balance beside them knows what that means.
            if (places.IsSet($"{path}.balance"))
                return;
            foreach (string key in (string[])["hash_key", "hash_type", "hash_load_factor"])
                Warn($"{path}.{key}", $"\"{key}\" has no effect: servers are not chosen by a hash", "balance = \"hash\" switches it on");
        }
        else if (upstream is { HashType: HashType.Modulo, HashLoadFactorPercent: > 0 })
        {
            Warn($"{path}.hash_load_factor", "\"hash_load_factor\" has no effect with hash_type \"modulo\"", "hash_type = \"ring\"");
        }
        else if (upstream is { HashLoadFactorPercent: > 0, Discovery.Kind: DiscoveryKind.None, Servers.Length: < ServersOfBoundedLoad })
        {
            Warn($"{path}.hash_load_factor", $"with fewer than {ServersOfBoundedLoad} servers a bound on their load moves keys all the time",
                "leave it out, or add servers");
        }
    }

    private void Break(string path, string problem, string expected)
    {
        if (places.IsSet(path) && !errors.HasErrorAt(places.Of(path)))
            errors.Add(places.Of(path), problem, expected);
    }

    private void Warn(string path, string problem, string hint)
    {
        if (places.IsSet(path) && !errors.HasErrorAt(places.Of(path)))
            errors.Warn(places.Of(path), problem, hint);
    }
}
