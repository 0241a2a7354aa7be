using System.Text;
using NativeProxy.Admin;
using NativeProxy.Caching;
using NativeProxy.Config;
using NativeProxy.Metrics;
using NativeProxy.Quotas;
using NativeProxy.Recording;
using NativeProxy.Tests.Config;
using NativeProxy.Tests.Metrics;
using NativeProxy.Tests.Upstreams;
using Xunit;

namespace NativeProxy.Tests.Admin;

/// <summary>What the operator's endpoint reads, of a small configuration.</summary>
internal sealed class AdminTrial
{
    public const string Toml = """
        [[listener]]
        name = "web"
        bind = ["127.0.0.1:8080"]
        upstream = "app"
        rate_limit = ["per-client"]
          [listener.limits]
          connection_rate_per_client = "10/s"

        [[rate_limit]]
        name = "per-client"
        rate = "10/s"
        max_keys = 2000

        [[upstream]]
        name = "app"
        stick = { key = "client_ip", size = 1000 }
          [[upstream.server]]
          name = "a"
          address = "127.0.0.1:9001"
          [[upstream.server]]
          name = "b"
          address = "127.0.0.1:9002"

        [admin]
        bind = "127.0.0.1:9901"
        """;

    public AdminTrial()
    {
        SettingsResult result = SettingsTrial.Parse(Encoding.UTF8.GetBytes(Toml), "p.toml");
        Assert.True(result.IsOk, string.Join('\n', result.Errors));
        Boards.Latencies.Publish(NativeProxy.Hosting.Channels.LatencyNames.Of(result.Settings));
        Boards.Limits.Publish(result.Settings);
        Boards.Servers.Publish(result.Settings);
        State = new ServiceState { ConfigPath = "/etc/p.toml", Running = new RunningConfig(result.Settings, Encoding.UTF8.GetBytes(Toml)) };
    }

    public string Text => Toml;

    public AdminBoards Boards { get; } = new(LastingCounters.CreateBoard(), ServersOnBoard.NewBoard(), CloseBoard.CreatePrivate(2),
        LatencyBoard.CreatePrivate(2), LimitBoard.CreatePrivate(2), ChangeBoard.CreatePrivate(),
        RecorderBoard.CreatePrivate(2));

    public ServiceState State { get; }
}
