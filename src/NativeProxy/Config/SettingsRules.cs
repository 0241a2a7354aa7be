using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using NativeProxy.Config.Toml;

namespace NativeProxy.Config;

/// <summary>
/// The rules that one value alone cannot break: names that must exist or be unique, forms of texts, values that depend on each other.
/// Appends every breach to the errors, never stops at the first, and does not judge a value that the binder has refused already.
/// Lives for one load.
/// </summary>
internal sealed class SettingsRules(ProxySettings settings, TomlTable root, SettingsErrors errors)
{
    private const long BufferBytesMin = 1024 * 1024;

    private readonly SettingPlaces _places = new(root);

    public void CheckAll()
    {
        CheckBinds();
        for (int i = 0; i < settings.Listeners.Length; i++)
            CheckListener(settings.Listeners[i], $"listener[{i}]");
        for (int i = 0; i < settings.Upstreams.Length; i++)
            CheckUpstream(settings.Upstreams[i], $"upstream[{i}]");
        if (settings.Upstreams.Sum(static upstream => upstream.Servers.Length) > UpstreamSettings.ServersMax)
            Break("upstream", "there are too many servers", $"at most {UpstreamSettings.ServersMax} in all upstreams together");
        if (settings.Upstreams.Length > UpstreamSettings.ServersMax)
            Break("upstream", "there are too many upstreams", $"at most {UpstreamSettings.ServersMax}");
        new StickRules(_places, errors).CheckSizes(settings);
        CheckNames("listener", settings.Listeners.Select(static listener => listener.Name), static i => $"listener[{i}].name");
        CheckNames("upstream", settings.Upstreams.Select(static upstream => upstream.Name), static i => $"upstream[{i}].name");
        if (settings.Runtime.BufferBytes is > 0 and < BufferBytesMin)
        {
            Break("runtime.buffer_bytes", $"{Units.FormatSize(settings.Runtime.BufferBytes)} of buffers are too few to serve anybody",
                $"0, or at least {Units.FormatSize(BufferBytesMin)}");
        }

        if (settings.Runtime is { Group.Length: > 0, User.Length: 0 })
            Break("runtime.group", "a group stands without a user, which alone would change nothing", "user = \"...\" beside it");
        CheckResolver(settings.Resolver);
        for (int i = 0; i < settings.Recorder.RedactHeaders.Length; i++)
        {
            string name = settings.Recorder.RedactHeaders[i];
            if (!TokenText.IsToken(name))
                Break($"recorder.redact_headers[{i}]", $"{ErrorExcerpt.Quoted(name)} is no name of a header field", "a name such as \"X-Api-Key\"");
        }
        new LogRules(settings.Log, _places, errors).CheckAll();
        new LogTracesRules(settings, _places, errors).CheckAll();
        CheckNames("rate_limit", settings.RateLimits.Select(static limit => limit.Name), static i => $"rate_limit[{i}].name");
        ProxySettings whole = settings.WithOnlyUpstream();
        new ServerConnectionRules(whole, _places, errors).CheckAll();
        new RateLimitRules(whole, _places, errors).CheckAll();
        new RouteRules(whole, _places, errors).CheckAll();
        new MonitorRules(whole, _places, errors).CheckAll();
        new OwnFieldRules(whole, _places, errors).CheckAll();
        new SettingsWarnings(whole, _places, errors).CheckAll();
        new RouteWarnings(whole, _places, errors).CheckAll();
    }

    private void CheckBinds()
    {
        BindRules rules = new(_places, errors);
        for (int i = 0; i < settings.Listeners.Length; i++)
        {
            ListenerSettings listener = settings.Listeners[i];
            for (int j = 0; j < listener.Bind.Length; j++)
                rules.Check(listener.Bind[j], $"listener[{i}].bind[{j}]", $"listener {ErrorExcerpt.Quoted(listener.Name)}", mayBeUnix: true);
        }

        if (settings.Admin.Bind.Length > 0)
            rules.CheckAdmin(settings.Admin);
        new AdminRules(_places, errors).Check(settings.Admin);
    }

    /// <summary>Who resolves names must not have one.</summary>
    private void CheckResolver(in ResolverSettings resolver)
    {
        for (int i = 0; i < resolver.Servers.Length; i++)
        {
            string server = resolver.Servers[i];
            bool isRead = AddressText.TryParse(server, AddressUse.Server, out HostPort address, out string problem);
            if (!isRead || address.Ip is null)
            {
                Break($"resolver.servers[{i}]", $"the DNS server {ErrorExcerpt.Quoted(server)} {(isRead ? "has a name as its host" : problem)}",
                    "an address and a port, such as \"10.0.0.53:53\"");
            }
        }
        if (resolver.MinTtlMs > resolver.MaxTtlMs)
        {
            Break("resolver.min_ttl",
                $"min_ttl ({Units.FormatDuration(resolver.MinTtlMs)}) is above max_ttl ({Units.FormatDuration(resolver.MaxTtlMs)})",
                "at most max_ttl");
        }
    }

    private void CheckListener(in ListenerSettings listener, string path)
    {
        CheckDestination(listener, path);
        new ModeRules(_places, errors).Check(listener, path);
        new UnixSocketRules(_places, errors).Check(listener, path);
        new ListenerTlsRules(_places, errors).Check(listener, path);
        if (listener.Unmatched is not (0 or 404 or 421 or 503))
            Break($"{path}.unmatched", $"{listener.Unmatched} is no status of requests that no route takes", "404, 421 or 503, or 0 to close");
        for (int i = 0; i < listener.Upgrade.Length; i++)
        {
            string protocol = listener.Upgrade[i];
            if (!TokenText.IsLowerCaseToken(protocol))
            {
                Break($"{path}.upgrade[{i}]", $"the protocol {ErrorExcerpt.Quoted(protocol)} cannot be upgraded to",
                    "a name in lower case such as \"websocket\"");
            }
            else if (protocol is "h2c" or "h2")
            {
                Break($"{path}.upgrade[{i}]", "HTTP/2 cannot be upgraded to",
                    "no HTTP/2 is spoken, and as a tunnel it would carry requests that nothing here has checked");
            }
        }

        string via = listener.Forwarded.Via;
        if (via.Length > 0 && !TokenText.IsToken(via))
        {
            Break($"{path}.forwarded.via", $"the pseudonym {ErrorExcerpt.Quoted(via)} cannot stand in a Via field",
                "one word without blanks and separators, or \"\"");
        }

        new ClientRules(_places, errors).Check(listener, path);
        var headers = new HeaderRuleRules(_places, errors);
        headers.Check(listener.RequestHeaders, $"{path}.request_headers", isRequest: true);
        headers.Check(listener.ResponseHeaders, $"{path}.response_headers", isRequest: false);
        CheckHeadLimits(listener.Limits, $"{path}.limits");
    }

    private void CheckHeadLimits(in ListenerLimitSettings limits, string path)
    {
        if (limits.RequestLineBytes <= limits.HeaderBytes || errors.HasErrorAt(_places.Of($"{path}.header_bytes")))
            return;
        Break($"{path}.request_line_bytes",
            $"request_line_bytes ({Units.FormatSize(limits.RequestLineBytes)}) is above header_bytes ({Units.FormatSize(limits.HeaderBytes)})",
            "at most header_bytes, which counts the request line too");
    }

    /// <summary>Requests of a reverse proxy go to an upstream, those of a forward proxy wherever [listener.forward] lets them.</summary>
    private void CheckDestination(in ListenerSettings listener, string path)
    {
        string upstreamPath = $"{path}.upstream";
        if (listener.Mode == ListenerMode.Forward)
        {
            CheckForward(listener.Forward, $"{path}.forward");
            if (listener.Upstream.Length > 0)
                Break(upstreamPath, "a listener in mode \"forward\" has no upstream", "no \"upstream\" here, or mode = \"http\"");
        }
        else if (listener.Upstream.Length > 0)
        {
            CheckUpstreamExists(listener, upstreamPath);
        }
        else if (_places.IsSet(upstreamPath))
        {
            Break(upstreamPath, "\"upstream\" in [[listener]] must not be empty", "");
        }
        else if ((settings.Upstreams.Length != 1 || !settings.Routes.IsEmpty) && !HasRoutes(listener)
            && !IsBroken("route") && !IsBroken("upstream") && !IsBroken($"{path}.mode"))
        {
            errors.Add(_places.Of(path), "required key \"upstream\" is missing in [[listener]]",
                "upstream = \"app\" or the like: it can be left out only beside a single [[upstream]] or with [[route]]s");
        }
    }

    /// <summary>Whether routes decide. In mode "tcp" they must be its own; of HTTP's, anything else is said by a status.</summary>
    private bool HasRoutes(ListenerSettings listener) => listener.Mode == ListenerMode.Tcp
        ? settings.Routes.Any(route => settings.ListenersOf(route).Any(one => one.Name == listener.Name))
        : !settings.Routes.IsEmpty;

    /// <summary>Whether the file has this value but it could not be read.</summary>
    private bool IsBroken(string path) => _places.IsSet(path) && errors.HasErrorAt(_places.Of(path));

    private void CheckForward(in ForwardSettings forward, string path)
    {
        CheckEach(forward.ConnectPorts, $"{path}.connect_ports", "port", PortText.Expected, static text => PortText.TryParse(text, out _));
        CheckEach(forward.HttpPorts, $"{path}.http_ports", "port", PortText.Expected, static text => PortText.TryParse(text, out _));
        CheckEach(forward.Clients, $"{path}.clients", "network", NetworkText.Expected, static text => NetworkText.TryParse(text, out _));
        CheckEach(forward.Deny, $"{path}.deny", "network", NetworkText.Expected, static text => NetworkText.TryParse(text, out _));
        CheckEach(forward.Allow, $"{path}.allow", "network", NetworkText.Expected, static text => NetworkText.TryParse(text, out _));
    }

    private void CheckEach(ImmutableArray<string> items, string path, string kind, string expected, Func<string, bool> isSound)
    {
        for (int i = 0; i < items.Length; i++)
        {
            if (!isSound(items[i]))
                Break($"{path}[{i}]", $"{ErrorExcerpt.Quoted(items[i])} is no {kind}", expected);
        }
    }

    private void CheckUpstreamExists(in ListenerSettings listener, string path)
    {
        string wanted = listener.Upstream;
        IEnumerable<string> names = settings.Upstreams.Select(static upstream => upstream.Name).Where(static name => name.Length > 0);
        if (names.Contains(wanted) || (settings.Upstreams.IsEmpty && IsBroken("upstream")))
            return;
        string expected = names.Any() ? "one of: " + string.Join(", ", names) : $"an [[upstream]] with this name";
        Break(path, $"there is no upstream {ErrorExcerpt.Quoted(wanted)}", expected, Spelling.Hint(wanted, names));
    }

    private void CheckUpstream(in UpstreamSettings upstream, string path)
    {
        ImmutableArray<UpstreamServerSettings> servers = upstream.Servers;
        new BalanceRules(_places, errors).Check(upstream, path);
        new KeepaliveRules(_places, errors).Check(upstream.Keepalive, $"{path}.keepalive");
        new HedgeRules(_places, errors).Check(upstream, path);
        new CookieRules(_places, errors).Check(upstream, path);
        new StickRules(_places, errors).Check(upstream.Stick, $"{path}.stick");
        new CacheRules(_places, errors).Check(upstream.Cache, $"{path}.cache");
        CheckNames("server", servers.Select(static server => server.Name), i => $"{path}.server[{i}].name");
        if (!servers.IsEmpty && servers.All(static server => server.Weight == 0))
        {
            Break($"{path}.server[0].weight", $"all servers of the upstream {ErrorExcerpt.Quoted(upstream.Name)} have weight 0",
                "a weight above 0 for one server at least");
        }

        new HealthRules(_places, errors).Check(upstream, path);
        new DiscoveryRules(_places, errors).Check(upstream, path);
        new UpstreamTlsRules(_places, errors).Check(upstream, path);
        if (!HostHeaderText.IsValid(upstream.HostHeader))
            Break($"{path}.host_header", $"{ErrorExcerpt.Quoted(upstream.HostHeader)} cannot be a Host field", HostHeaderText.Expected);
    }

    /// <summary>Names must be well-formed and unique among their kind.</summary>
    private void CheckNames(string kind, IEnumerable<string> names, Func<int, string> pathOf)
    {
        Dictionary<string, string> firstPaths = [];
        int index = 0;
        foreach (string name in names)
        {
            string path = pathOf(index++);
            if (!NameText.IsValid(name))
                Break(path, $"{ErrorExcerpt.Quoted(name)} cannot be the name of a {kind}", NameText.Expected);
            else if (!firstPaths.TryAdd(name, path))
                Break(path, $"the {kind} name {ErrorExcerpt.Quoted(name)} is used twice", "", FirstUse(firstPaths[name]));
        }
    }

    private string FirstUse(string path) => $"first used in {errors.LineOf(_places.Of(path))}";

    /// <summary>Adds an error unless the value is absent or wrong in itself: the binder has said so then.</summary>
    private void Break(string path, string problem, string expected, string hint = "")
    {
        TextPosition position = _places.Of(path);
        if (_places.IsSet(path) && !errors.HasErrorAt(position))
            errors.Add(position, problem, expected, hint);
    }
}
