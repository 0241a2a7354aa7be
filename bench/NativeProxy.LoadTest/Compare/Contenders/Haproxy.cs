using System.Collections.Generic;

namespace NativeProxy.LoadTest.Compare.Contenders;

/// <summary>HAProxy with one thread. Its access log goes to standard output, which is a file here.</summary>
internal sealed class Haproxy(string path) : Contender(BaselineName)
{
    /// <summary>All ratios are against this contender.</summary>
    public const string BaselineName = "haproxy";

    private const string OfHttp = """
        option forwardfor
            http-reuse always
            timeout http-request 10s
            timeout http-keep-alive 75s
        """;

    public override string Version { get; } = ProgramVersion.Ask(path, "-v");

    /// <summary>Also where others pipeline to the server: its ordinary way is the measure.</summary>
    public override bool TakesPart(Scenario scenario) =>
        scenario.Kind is not (ScenarioKind.Allocation or ScenarioKind.Persistence or ScenarioKind.Feature);

    public override string Configuration(ContenderSetup setup) => $"""
        global
            nbthread 1
            maxconn {setup.ConnectionsMax}
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
            bind {setup.Listen}
            {(setup.Use == ProxyUse.Relay ? "" : "http-request set-header X-Forwarded-Proto http")}
            default_backend app

        backend app
            server a {setup.Origin}

        """;

    public override IReadOnlyList<string> Command(ContenderSetup setup) => [path, "-db", "-f", setup.ConfigurationPath];
}
