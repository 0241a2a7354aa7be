using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;

namespace NativeProxy.EndToEnd.Harness;

/// <summary>
/// Builds a settings file. Starts with a listener "web" and an upstream "app"; further lines are TOML as a user writes it. Lines that
/// are added to a listener or upstream go to the one added last.
/// </summary>
internal sealed class ProxyConfig
{
    private readonly List<string> _runtime = [];
    private readonly List<string> _log = [];
    private readonly List<string> _resolver = [];
    private readonly List<string> _admin = [];
    private readonly List<string> _serverLines = [];
    private readonly List<(string Name, string? Upstream, List<string> Lines)> _listeners = [];
    private readonly List<List<string>> _routes = [];
    private string _writtenUpstreams = "";
    private readonly List<List<string>> _policies = [];
    private readonly List<List<string>> _rateLimits = [];
    private readonly List<(string Name, List<string> Lines, string[] Addresses)> _upstreams = [];
    private readonly Dictionary<string, string[]> _ownServerLines = [];

    /// <summary>What listeners bind besides their ports, by name.</summary>
    private readonly Dictionary<string, string> _alsoBound = [];

    /// <summary>The transport engine that all tests run on.</summary>
    public static string Engine { get; } = Environment.GetEnvironmentVariable("NATIVEPROXY_ENGINE") is { Length: > 0 } engine ? engine : "saea";

    public int Workers { get; private set; } = 1;

    /// <summary>False: the first in the file has the first turn, so that a test knows which server comes next.</summary>
    public bool BeginsAtRandom { get; private set; }

    /// <summary>Descriptors that the process may open; 0 = as many as the test itself.</summary>
    public int DescriptorsMax { get; private set; }

    /// <summary>A line of shell that starts the process (<see cref="ProxyBinary.StartThrough"/>); empty = it is started as it is.</summary>
    public string Script { get; private set; } = "";

    public IReadOnlyList<string> ListenerNames => [.. _listeners.Select(listener => listener.Name)];

    /// <summary>One listener in front of these servers.</summary>
    public static ProxyConfig For(params string[] serverAddresses) => new ProxyConfig().AddUpstream("app", serverAddresses).AddListener("web", "app");

    public static ProxyConfig For(params ScriptedOrigin[] origins) => For([.. origins.Select(origin => origin.Address)]);

    /// <summary>One forward proxy.</summary>
    public static ProxyConfig Forward(params string[] listenerLines) => new ProxyConfig().AddListener("web", "").Listener(listenerLines);

    /// <summary>Without an upstream it is a forward proxy.</summary>
    public ProxyConfig AddListener(string name, string upstream)
    {
        _listeners.Add((name, upstream, []));
        return this;
    }

    /// <summary>A listener that has routes and no upstream of its own.</summary>
    public ProxyConfig AddListener(string name)
    {
        _listeners.Add((name, null, []));
        return this;
    }

    /// <summary>The next route of the file.</summary>
    public ProxyConfig Route(params string[] lines)
    {
        _routes.Add([.. lines]);
        return this;
    }

    /// <summary>A limit that listeners, policies and routes may name.</summary>
    public ProxyConfig RateLimit(params string[] lines)
    {
        _rateLimits.Add([.. lines]);
        return this;
    }

    /// <summary>The next policy of the file.</summary>
    public ProxyConfig Policy(params string[] lines)
    {
        _policies.Add([.. lines]);
        return this;
    }

    /// <summary>The servers are named a, b, c...</summary>
    public ProxyConfig AddUpstream(string name, params string[] serverAddresses)
    {
        _upstreams.Add((name, [], serverAddresses));
        return this;
    }

    public ProxyConfig Listener(params string[] lines)
    {
        _listeners[^1].Lines.AddRange(lines);
        return this;
    }

    /// <summary>The listener that was added last binds this address, too.</summary>
    public ProxyConfig AlsoBinding(string address)
    {
        _alsoBound[_listeners[^1].Name] = $", \"{address}\"";
        return this;
    }

    public ProxyConfig Upstream(params string[] lines)
    {
        _upstreams[^1].Lines.AddRange(lines);
        return this;
    }

    /// <summary>Lines for every server of every upstream.</summary>
    public ProxyConfig EachServer(params string[] lines)
    {
        _serverLines.AddRange(lines);
        return this;
    }

    /// <summary>Lines for every server of the upstream that was added last.</summary>
    public ProxyConfig OwnServers(params string[] lines)
    {
        _ownServerLines[_upstreams[^1].Name] = lines;
        return this;
    }

    public ProxyConfig Runtime(params string[] lines)
    {
        _runtime.AddRange(lines);
        return this;
    }

    public ProxyConfig Log(params string[] lines)
    {
        _log.AddRange(lines);
        return this;
    }

    public ProxyConfig Admin(params string[] lines)
    {
        _admin.AddRange(lines);
        return this;
    }

    public ProxyConfig Resolver(params string[] lines)
    {
        _resolver.AddRange(lines);
        return this;
    }

    public ProxyConfig WithWorkers(int count)
    {
        Workers = count;
        return this;
    }

    /// <summary>Leaves the first turn to chance, as it is by default.</summary>
    public ProxyConfig BeginningAtRandom()
    {
        BeginsAtRandom = true;
        return this;
    }

    public ProxyConfig WithDescriptors(int max)
    {
        DescriptorsMax = max;
        return this;
    }

    public ProxyConfig StartedThrough(string script)
    {
        Script = script;
        return this;
    }

    /// <summary>A listener before the upstream "app" that stands in a text.</summary>
    public static ProxyConfig Before(string upstreams) => new ProxyConfig { _writtenUpstreams = upstreams }.AddListener("web", "app");

    /// <param name="listenerPorts">One per listener, in the order in which they were added.</param>
    /// <param name="adminPort">Port of the admin endpoint.</param>
    public string ToToml(IReadOnlyList<int> listenerPorts, int adminPort)
    {
        var text = new StringBuilder();
        Table(text, "[runtime]", [$"workers = {Workers}", $"engine = \"{Engine}\"", .. _runtime]);
        Table(text, "[admin]", [$"bind = \"127.0.0.1:{adminPort}\"", .. _admin]);
        Table(text, "[log]", _log);
        Table(text, "[resolver]", _resolver);
        for (int i = 0; i < _listeners.Count; i++)
        {
            (string name, string? upstream, List<string> lines) = _listeners[i];
            string way = upstream is null ? "" : upstream.Length > 0 ? $"upstream = \"{upstream}\"" : "mode = \"forward\"";
            string bind = $"bind = [\"127.0.0.1:{listenerPorts[i]}\"{_alsoBound.GetValueOrDefault(name)}]";
            Table(text, "[[listener]]", [$"name = \"{name}\"", bind, way, .. lines]);
        }
        foreach (List<string> lines in _rateLimits)
            Table(text, "[[rate_limit]]", lines);
        foreach (List<string> lines in _policies)
            Table(text, "[[policy]]", lines);
        foreach (List<string> lines in _routes)
            Table(text, "[[route]]", lines);
        foreach ((string name, List<string> lines, string[] addresses) in _upstreams)
        {
            Table(text, "[[upstream]]", [$"name = \"{name}\"", $"first_turn = \"{(BeginsAtRandom ? "random" : "first")}\"", .. lines]);
            for (int i = 0; i < addresses.Length; i++)
            {
                Table(text, "[[upstream.server]]",
                    [$"name = \"{(char)('a' + i)}\"", $"address = \"{addresses[i]}\"", .. _serverLines,
                        .. _ownServerLines.GetValueOrDefault(name, [])]);
            }
        }
        return text.Append(_writtenUpstreams).ToString();
    }

    private static void Table(StringBuilder text, string head, IEnumerable<string> lines)
    {
        text.Append(head).Append('\n');
        foreach (string line in lines)
            text.Append(line).Append('\n');
        text.Append('\n');
    }
}
