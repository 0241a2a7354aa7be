using System.Collections.Generic;
using System.IO;
using System.Linq;
using NativeProxy.LoadTest.Generator;

namespace NativeProxy.LoadTest.Compare.Contenders;

/// <summary>NativeProxy with one worker and one of its engines; timeouts, limits and counters are on as in every configuration.</summary>
internal sealed class NativeProxyContender : Contender
{
    private readonly string _path;
    private readonly string _engine;
    private readonly KeepAlive _keepAlive;

    public NativeProxyContender(string path, string engine)
        : this(path, engine, KeepAlive.Both, NameOf(engine))
    {
    }

    private NativeProxyContender(string path, string engine, KeepAlive keepAlive, string name)
        : base(name)
    {
        _path = path;
        _engine = engine;
        _keepAlive = keepAlive;
        Version = ProgramVersion.Ask(path, "version");
    }

    public static string NameOf(string engine) => $"nativeproxy-{engine}";

    public override string Version { get; }

    public override long ProgramBytes => File.Exists(_path) ? new FileInfo(_path).Length : 0;

    public override bool TakesPart(Scenario scenario) => true;

    public override IReadOnlyList<Contender> VariantsFor(Scenario scenario) =>
        scenario.Kind == ScenarioKind.Persistence
            ? [.. KeepAlive.All.Select(keepAlive => new NativeProxyContender(_path, _engine, keepAlive, $"{Name} {keepAlive}"))]
            : [this];

    public override LoadPlan PlanOf(Scenario scenario) =>
        _keepAlive.Client ? scenario.Plan : scenario.Plan with { IsConnectionPerRequest = true };

    public override string Configuration(ContenderSetup setup) => $"""
        [runtime]
        workers = 1
        engine = "{_engine}"
        max_connections = {setup.ConnectionsMax}
        {(setup.Admin is null ? "" : $"\n[admin]\nbind = \"{setup.Admin}\"\n")}
        [log]
        access = "{(setup.HasAccessLog ? setup.AccessLogPath : "off")}"

        [[listener]]
        name = "web"
        bind = ["{setup.Listen}"]
        upstream = "app"
        pipelining = {setup.ServerPipelining}
          [listener.keepalive]
          enabled = {(_keepAlive.Client ? "true" : "false")}
          timeout = "75s"
          max_requests = 0
          [listener.limits]
          max_connections = {setup.ConnectionsMax}
          [listener.forwarded]
          x_forwarded_host = false
          via = ""

        [[upstream]]
        name = "app"
          [upstream.keepalive]
          enabled = {(_keepAlive.Server ? "true" : "false")}
          pipelining = {setup.ServerPipelining}
          max_idle = {setup.ConnectionsMax}
          [[upstream.server]]
          name = "a"
          address = "{setup.Origin}"

        """;

    public override IReadOnlyList<string> Command(ContenderSetup setup) => [_path, "run", "-c", setup.ConfigurationPath];
}
