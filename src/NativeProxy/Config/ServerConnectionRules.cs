using System.Linq;
using NativeProxy.Config.Toml;

namespace NativeProxy.Config;

/// <summary>
/// What connections to servers are like: where they come from; and what only those of listeners in mode "tcp" can have, since each of them is one
/// client's: a port that is the client's. Appends every breach to the errors. Lives for one load.
/// </summary>
internal sealed class ServerConnectionRules(ProxySettings settings, SettingPlaces places, SettingsErrors errors)
{
    private const string TunnelHint = "timeouts.tunnel of a listener or route for tunnels";

    public void CheckAll()
    {
        for (int i = 0; i < settings.Listeners.Length; i++)
        {
            if (settings.Listeners[i].Forward.Timeouts.IdleMs > 0)
                Break($"listener[{i}].forward.timeouts.idle", "a forward proxy has no connections of mode \"tcp\"", TunnelHint);
        }
        for (int i = 0; i < settings.Upstreams.Length; i++)
        {
            UpstreamSettings upstream = settings.Upstreams[i];
            bool isForTcp = IsForTcpAlone(upstream.Name);
            CheckSource(upstream.SourceAddress, $"upstream[{i}].source_address");
            if (upstream.Keepalive.MinIdle > 0 && (isForTcp || IsTold(upstream)))
            {
                string kind = isForTcp ? "of a listener in mode \"tcp\"" : "that begins with a PROXY header";
                Break($"upstream[{i}].keepalive.min_idle", $"a connection {kind} is one client's from its first byte", "0");
            }
            if (upstream.Timeouts.IdleMs > 0 && !ModesOf(upstream.Name).Contains(ListenerMode.Tcp))
            {
                Break($"upstream[{i}].timeouts.idle", "no listener in mode \"tcp\" sends connections there",
                    "keepalive.idle_timeout for connections that wait in the pool, " + TunnelHint);
            }
            if (isForTcp)
                CheckStickiness(upstream, $"upstream[{i}]");
            for (int j = 0; j < upstream.Servers.Length; j++)
                CheckServer(upstream, j, $"upstream[{i}]", isForTcp);
        }
    }

    private void CheckServer(in UpstreamSettings upstream, int index, string path, bool isForTcp)
    {
        UpstreamServerSettings server = upstream.Servers[index];
        CheckSource(server.SourceAddress, $"{path}.server[{index}].source_address");
        if (!ServerAddressText.TryParse(server.Address, out HostPort address, out int offset, out _) || address.Port != 0)
            return;
        if (address.UnixPath is not null)
        {
            CheckUnix(upstream, index, path);
            return;
        }
        string problem = $"the address {ErrorExcerpt.Quoted(server.Address)} has {(offset == 0 ? "no port" : "a wrong port (1 to 65535)")}";
        string key = $"{path}.{ShortServers.AddressKey(upstream, index)}";
        string expected = AddressText.Expected(AddressUse.Server);
        if (!isForTcp)
            Break(key, problem, expected + "; only for listeners in mode \"tcp\" it is the client's");
        else if (upstream.Health is { Kind: not HealthCheckKind.Off, Port: 0 } && server is { Health: true, HealthPort: 0 })
            Break(key, problem + ", and a health check has no client whose port it could be", expected);
    }

    /// <summary>A connection whose bytes are not read has an address, and no cookie, table entry or part of a request.</summary>
    private void CheckStickiness(in UpstreamSettings upstream, string path)
    {
        (string Key, bool IsWrong, string What)[] ways =
        [
            ("cookie.mode", upstream.Cookie.Mode != CookieMode.Off, "a cookie"),
            ("stick.key", upstream.Stick.Key.Length > 0, "a table of requests"),
            ("stick.learn_cookie", upstream.Stick.LearnCookie.Length > 0, "a cookie"),
            ("hash_key", upstream.Balance == BalanceKind.Hash && upstream.HashKey != "client_ip", "a part of the request"),
        ];
        foreach ((string key, bool isWrong, string what) in ways)
        {
            if (!isWrong)
                continue;
            Break($"{path}.{key}", $"{what} keeps no client of a listener in mode \"tcp\", which passes bytes on as they are",
                "balance = \"source_hash\", or mode = \"http\" in the listener");
        }
    }

    /// <summary>A Unix socket has no port at which something else could answer.</summary>
    private void CheckUnix(in UpstreamSettings upstream, int index, string path)
    {
        UpstreamServerSettings server = upstream.Servers[index];
        bool isElsewhere = upstream.Health.Address.Length > 0 || server.HealthAddress.Length > 0;
        bool hasPort = upstream.Health.Port > 0 || server.HealthPort > 0;
        if (upstream.Health.Kind == HealthCheckKind.Off || !server.Health || isElsewhere == hasPort)
            return;
        Break($"{path}.{ShortServers.AddressKey(upstream, index)}",
            $"{ErrorExcerpt.Quoted(server.Address)} has no {(hasPort ? "address" : "port")} for its health checks",
            "both \"address\" and \"port\" in [upstream.health], or neither: then the socket itself is asked");
    }

    private void CheckSource(string text, string path)
    {
        if (text.Length > 0 && !SourceAddressText.TryParse(text, out _))
            Break(path, $"connections cannot come from {ErrorExcerpt.Quoted(text)}", SourceAddressText.Expected);
    }

    /// <summary>Whether some server is told of its clients.</summary>
    public static bool IsTold(UpstreamSettings upstream) => upstream.ProxyProtocol != ProxyHeaderVersion.Off
        || upstream.Servers.Any(server => server.ProxyHeaderOf(upstream) != ProxyHeaderVersion.Off);

    /// <summary>Whether listeners in mode "tcp", and no others, send connections there.</summary>
    private bool IsForTcpAlone(string name) => ModesOf(name) is { Length: > 0 } modes && modes.All(static mode => mode == ListenerMode.Tcp);

    /// <summary>Those of all listeners that send anything there.</summary>
    private ListenerMode[] ModesOf(string name) =>
    [
        .. settings.Listeners.Where(listener => listener.Upstream == name).Select(static listener => listener.Mode),
        .. settings.Routes.Where(route => route.Upstream == name || route.Split.Any(share => share.Name == name))
            .SelectMany(route => settings.ListenersOf(route)).Select(static listener => listener.Mode),
    ];

    private void Break(string path, string problem, string expected)
    {
        TextPosition position = places.Of(path);
        if (places.IsSet(path) && !errors.HasErrorAt(position))
            errors.Add(position, problem, expected);
    }
}
