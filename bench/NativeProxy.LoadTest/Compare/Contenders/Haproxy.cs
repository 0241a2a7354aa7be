using System.Collections.Generic;
using System.Linq;

namespace NativeProxy.LoadTest.Compare.Contenders;

/// <summary>
/// HAProxy with one thread, but where a scenario is about several. Its access log goes to standard output, which is a file here.
/// </summary>
internal sealed class Haproxy : Contender
{
    /// <summary>All ratios are against this contender.</summary>
    public const string BaselineName = "haproxy";

    private const string OfHttp = """
        option forwardfor
            http-reuse always
            timeout http-request 10s
            timeout http-keep-alive 75s
        """;

    private const string OfTls = """
        ssl-default-bind-ciphersuites TLS_AES_128_GCM_SHA256
            ssl-default-bind-curves X25519
            ssl-default-bind-options ssl-min-ver TLSv1.3
        """;

    private readonly string _path;

    public Haproxy(string path)
        : this(path, BaselineName, new SlotWay(Servers: 1))
    {
    }

    private Haproxy(string path, string name, SlotWay way)
        : base(name)
    {
        _path = path;
        Way = way;
        Version = ProgramVersion.Ask(path, "-v");
    }

    public override string Version { get; }

    public override SlotWay Way { get; }

    public override IReadOnlyList<Contender> VariantsFor(Scenario scenario) =>
        scenario.Ways.IsEmpty ? [this] : [.. scenario.Ways.Select(way => new Haproxy(_path, $"{Name} {way}", way))];

    /// <summary>Also where others pipeline to the server: its ordinary way is the measure.</summary>
    public override bool TakesPart(Scenario scenario) =>
        scenario.Kind is not (ScenarioKind.Allocation or ScenarioKind.Persistence or ScenarioKind.Feature);

    public override string Configuration(ContenderSetup setup) => $"""
        global
            nbthread {Way.Workers}
            maxconn {setup.ConnectionsMax}
            {(setup.IsTls ? OfTls : "# no TLS")}
            # by default idle server connections are closed once a quarter of the descriptors is in use
            tune.pool-low-fd-ratio 90
            tune.pool-high-fd-ratio 95
            {(setup.HasAccessLog ? "log stdout format raw local0" : "# no log")}

        defaults
            mode {(setup.Use == ProxyUse.Relay ? "tcp" : "http")}
            {(setup.HasAccessLog ? "log global\n    option httplog" : "no log")}
            timeout connect 5s
            timeout client 30s
            timeout server 60s
            {(setup.Use == ProxyUse.Relay ? "# nothing of HTTP" : OfHttp)}

        frontend web
            bind {setup.Listen}{(setup.IsTls ? $" ssl crt {setup.CertificatePath} alpn http/1.1" : "")}
            {(setup.Use == ProxyUse.Relay ? "" : $"http-request set-header X-Forwarded-Proto {(setup.IsTls ? "https" : "http")}")}
            default_backend app

        backend app
            {Servers(setup)}

        """;

    public override IReadOnlyList<string> Command(ContenderSetup setup) => [_path, "-db", "-f", setup.ConfigurationPath];

    private string Servers(ContenderSetup setup) => setup.Servers is not { } servers
        ? $"server a {setup.Origin}"
        : "timeout queue 30s\n" + string.Join('\n',
            servers.Take(Way.Servers).Select((server, index) => $"    server s{index} {server} maxconn {Scenario.SlotsOfServer}"));
}
