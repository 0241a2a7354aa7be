using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using NativeProxy.LoadTest.Generator;

namespace NativeProxy.LoadTest.Compare.Contenders;

/// <summary>
/// NativeProxy with one worker, but where a scenario is about several, and one of its engines; timeouts, limits and counters are on as in every
/// configuration. Either the present build or the baseline, an earlier build that runs with the same configuration.
/// </summary>
internal sealed class NativeProxyContender : Contender
{
    private const string PresentPrefix = "nativeproxy-";
    private const string BaselinePrefix = "baseline-";

    private readonly string _path;
    private readonly string _engine;
    private readonly KeepAlive _keepAlive;

    /// <summary>What it does instead of what the scenario is about; null = that.</summary>
    private readonly ProxyUse? _use;

    public NativeProxyContender(string path, string engine)
        : this(path, engine, KeepAlive.Both, NameOf(engine))
    {
    }

    private NativeProxyContender(string path, string engine, KeepAlive keepAlive, string name, ProxyUse? use = null, SlotWay? way = null)
        : base(name)
    {
        Way = way ?? new SlotWay(Servers: 1);
        _path = path;
        _engine = engine;
        _keepAlive = keepAlive;
        _use = use;
        Version = ProgramVersion.Ask(path, "version");
    }

    public static NativeProxyContender Baseline(string path, string engine) => new(path, engine, KeepAlive.Both, BaselineNameOf(engine));

    public static string NameOf(string engine) => PresentPrefix + engine;

    public static string BaselineNameOf(string engine) => BaselinePrefix + engine;

    /// <summary>Name of the baseline that a contender of the present build, or a variant of one, is compared with; null for all others.</summary>
    public static string? BaselineOf(string contender) =>
        contender.StartsWith(PresentPrefix, StringComparison.Ordinal) ? BaselinePrefix + contender[PresentPrefix.Length..] : null;

    public static bool IsBaseline(string contender) => contender.StartsWith(BaselinePrefix, StringComparison.Ordinal);

    public override string Version { get; }

    public override long ProgramBytes => File.Exists(_path) ? new FileInfo(_path).Length : 0;

    public override SlotWay Way { get; }

    public override bool TakesPart(Scenario scenario) => true;

    public override IReadOnlyList<Contender> VariantsFor(Scenario scenario) => scenario.Kind switch
    {
        ScenarioKind.Persistence =>
            [.. KeepAlive.All.Select(keepAlive => new NativeProxyContender(_path, _engine, keepAlive, $"{Name} {keepAlive}"))],
        ScenarioKind.Feature =>
        [
            new NativeProxyContender(_path, _engine, KeepAlive.Both, $"{Name} without", ProxyUse.Plain),
            new NativeProxyContender(_path, _engine, KeepAlive.Both, $"{Name} with"),
        ],
        ScenarioKind.Slots =>
            [.. scenario.Ways.Select(way => new NativeProxyContender(_path, _engine, KeepAlive.Both, $"{Name} {way}", way: way))],
        _ => [this],
    };

    public override LoadPlan PlanOf(Scenario scenario) =>
        _keepAlive.Client ? scenario.Plan : scenario.Plan with { IsConnectionPerRequest = true };

    /// <summary>
    /// Only an earlier build may lack a key; where the present one refuses its configuration, something is wrong, and its start fails.
    /// </summary>
    public override string? ConfigurationRefusal(ContenderSetup setup) =>
        IsBaseline(Name) ? ConfigurationCheck.Refusal(_path, setup.ConfigurationPath) : null;

    /// <summary>Keys that only one scenario is about are left out elsewhere, so that an earlier build without them can run the others.</summary>
    public override string Configuration(ContenderSetup setup) => (_use ?? setup.Use) switch
    {
        ProxyUse.Relay => RelayConfiguration(setup),
        var use => HttpConfiguration(setup, use),
    };

    public override IReadOnlyList<string> Command(ContenderSetup setup) => [_path, "run", "-c", setup.ConfigurationPath];

    private string RelayConfiguration(ContenderSetup setup) => $"""
        [runtime]
        workers = 1
        engine = "{_engine}"
        max_connections = {setup.ConnectionsMax}
        [log]
        access = "off"

        [[listener]]
        name = "web"
        mode = "tcp"
        bind = ["{setup.Listen}"]
        upstream = "app"
          [listener.limits]
          max_connections = {setup.ConnectionsMax}

        [[upstream]]
        name = "app"
          [[upstream.server]]
          name = "a"
          address = "{setup.Origin}"

        """;

    private string HttpConfiguration(ContenderSetup setup, ProxyUse use) => $"""
        [runtime]
        workers = {Way.Workers}
        engine = "{_engine}"
        max_connections = {setup.ConnectionsMax}
        {(setup.Admin is null ? "" : $"\n[admin]\nbind = \"{setup.Admin}\"\n")}
        [log]
        access = "{(setup.HasAccessLog ? setup.AccessLogPath : "off")}"

        [[listener]]
        name = "web"
        bind = ["{setup.Listen}"]
        upstream = "app"
        {Pipelining(setup)}
        {(use == ProxyUse.RateLimit ? "rate_limit = [\"by-client\"]" : "")}
          [listener.keepalive]
          enabled = {(_keepAlive.Client ? "true" : "false")}
          timeout = "75s"
          max_requests = 0
          [listener.limits]
          max_connections = {setup.ConnectionsMax}
          [listener.forwarded]
          x_forwarded_host = false
          via = ""
        {(setup.IsTls ? Tls(setup) : "")}
        [[upstream]]
        name = "app"
          [upstream.keepalive]
          enabled = {(_keepAlive.Server ? "true" : "false")}
          {Pipelining(setup)}
          max_idle = {setup.ConnectionsMax}
        {Servers(setup)}
        {UseText.Blocks(use, setup.Origin.ToString())}
        """;

    private static string Tls(ContenderSetup setup) => $"""
          [listener.tls]
          enabled = true
          min_version = "1.3"
          cipher_suites = ["TLS_AES_128_GCM_SHA256"]
          groups = ["X25519"]
            [[listener.tls.certificate]]
            file = "{setup.CertificatePath}"

        """;

    private static string Pipelining(ContenderSetup setup) =>
        setup.ServerPipelining > 1 ? $"pipelining = {setup.ServerPipelining}" : "# no pipelining to the server";

    private string Servers(ContenderSetup setup) => setup.Servers is not { } servers
        ? $"[[upstream.server]]\nname = \"a\"\naddress = \"{setup.Origin}\""
        : "[upstream.timeouts]\nqueue = \"30s\"\n" + string.Concat(servers.Take(Way.Servers).Select((server, index) =>
            $"[[upstream.server]]\nname = \"s{index}\"\naddress = \"{server}\"\nmax_connections = {Scenario.SlotsOfServer}\n"));
}
