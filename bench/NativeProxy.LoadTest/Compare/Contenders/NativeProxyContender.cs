using System.Collections.Generic;
using System.IO;

namespace NativeProxy.LoadTest.Compare.Contenders;

/// <summary>NativeProxy with one worker and one of its engines; timeouts, limits and counters are on as in every configuration.</summary>
internal sealed class NativeProxyContender(string path, string engine) : Contender(NameOf(engine))
{
    public static string NameOf(string engine) => $"nativeproxy-{engine}";

    public override string Version { get; } = ProgramVersion.Ask(path, "version");

    public override long ProgramBytes => File.Exists(path) ? new FileInfo(path).Length : 0;

    public override bool TellsAllocation => true;

    public override string Configuration(ContenderSetup setup) => $"""
        [runtime]
        workers = 1
        engine = "{engine}"
        max_connections = {setup.ConnectionsMax}
        {(setup.Admin is null ? "" : $"\n[admin]\nbind = \"{setup.Admin}\"\n")}
        [log]
        access = "{(setup.HasAccessLog ? setup.AccessLogPath : "off")}"

        [[listener]]
        name = "web"
        bind = ["{setup.Listen}"]
        upstream = "app"
          [listener.keepalive]
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
          max_idle = {setup.ConnectionsMax}
          [[upstream.server]]
          name = "a"
          address = "{setup.Origin}"

        """;

    public override IReadOnlyList<string> Command(ContenderSetup setup) => [path, "run", "-c", setup.ConfigurationPath];
}
