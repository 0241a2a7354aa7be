using System.Collections.Generic;

namespace NativeProxy.LoadTest.Compare.Contenders;

/// <summary>NativeProxy with one worker and one of its engines; timeouts, limits and counters are on as in every configuration.</summary>
internal sealed class NativeProxyContender(string path, string engine) : Contender($"nativeproxy-{engine}")
{
    public override string Version { get; } = ProgramVersion.Ask(path, "version");

    public override string Configuration(ContenderSetup setup) => $"""
        [runtime]
        workers = 1
        engine = "{engine}"
        max_connections = {setup.ConnectionsMax}

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
