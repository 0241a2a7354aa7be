using System.Linq;
using NativeProxy.Config;
using Xunit;

namespace NativeProxy.Tests.Config;

public class SettingsBindingTests
{
    [Fact]
    public void ProcessSettings_HaveTheirDefaults()
    {
        ProxySettings settings = SettingsTrial.Parse(SettingsTrial.Minimal).Settings;

        Assert.Equal((0, EngineKind.Saea, 20_000, 30_000, ""),
            (settings.Runtime.Workers, settings.Runtime.Engine, settings.Runtime.MaxConnections, settings.Runtime.DrainTimeoutMs,
                settings.Runtime.PidFile));
        Assert.Equal(
            ("", "stdout", "off", AccessLogFormat.Haproxy),
            (settings.Admin.Bind, settings.Log.AccessTarget, settings.Log.ConnectionsTarget, settings.Log.Format));
    }

    [Fact]
    public void Listener_HasItsDefaults()
    {
        ListenerSettings listener = Assert.Single(SettingsTrial.Parse(SettingsTrial.Minimal).Settings.Listeners);

        Assert.Equal(("web", "127.0.0.1:8080", "app"), (listener.Name, Assert.Single(listener.Bind), listener.Upstream));
        Assert.Equal((ListenerMode.Http, HalfClosePolicy.Abort, TrailerPolicy.Forward), (listener.Mode, listener.HalfClose, listener.Trailers));
        Assert.Empty(listener.Upgrade);
        ListenerKeepaliveSettings keepalive = listener.Keepalive;
        Assert.Equal((true, 75_000, 1000, 3_600_000), (keepalive.Enabled, keepalive.TimeoutMs, keepalive.MaxRequests, keepalive.MaxAgeMs));
        Assert.Equal((false, ConnectionHeaderPolicy.Http10, true), (keepalive.Advertise, keepalive.ConnectionHeader, keepalive.AfterError));
        ListenerTimeoutSettings timeouts = listener.Timeouts;
        Assert.Equal((10_000, 30_000, 30_000, 2_000, 3_600_000),
            (timeouts.RequestHeaderMs, timeouts.RequestBodyMs, timeouts.SendMs, timeouts.LingerMs, timeouts.TunnelMs));
        ListenerLimitSettings limits = listener.Limits;
        Assert.Equal((32_768, 128, 16_384, 0, 0, 10_000),
            (limits.HeaderBytes, limits.HeaderCount, limits.RequestLineBytes, limits.BodyBytes, limits.ResponseBodyBytes, limits.MaxConnections));
        ListenerForwardedSettings forwarded = listener.Forwarded;
        Assert.Equal((null, null, null, "nativeproxy"),
            (forwarded.XForwardedFor, forwarded.XForwardedProto, forwarded.XForwardedHost, forwarded.Via));
    }

    [Fact]
    public void Upstream_HasItsDefaults()
    {
        UpstreamSettings upstream = Assert.Single(SettingsTrial.Parse(SettingsTrial.Minimal).Settings.Upstreams);

        Assert.Equal(("app", BalanceKind.RoundRobin), (upstream.Name, upstream.Balance));
        UpstreamKeepaliveSettings keepalive = upstream.Keepalive;
        Assert.Equal((true, ReusePolicy.Always, 256, 30_000, 3_600_000, 0),
            (keepalive.Enabled, keepalive.Reuse, keepalive.MaxIdle, keepalive.IdleTimeoutMs, keepalive.MaxAgeMs, keepalive.MaxRequests));
        Assert.Equal((5_000, 60_000), (upstream.Timeouts.ConnectMs, upstream.Timeouts.ResponseMs));
        Assert.Equal((3, true, 20, 3),
            (upstream.Retry.Attempts, upstream.Retry.IsOn(RetryCondition.Stale), upstream.Retry.BudgetPercent, upstream.Retry.BudgetMin));
        UpstreamServerSettings server = Assert.Single(upstream.Servers);
        Assert.Equal(("a", "127.0.0.1:9001", 1), (server.Name, server.Address, server.Weight));
    }

    [Fact]
    public void SetValues_AreBound()
    {
        ProxySettings settings = SettingsTrial.Parse("""
            [runtime]
            workers = 4
            [log]
            format = "json"
            [[listener]]
            name = "web"
            bind = ["*:8080", "[::1]:8081"]
            upstream = "app"
            half_close = "finish"
            trailers = "drop"
            upgrade = ["websocket"]
            [listener.keepalive]
            enabled = false
            timeout = "250ms"
            [listener.limits]
            body_bytes = "8GiB"
            [[upstream]]
            name = "app"
            [upstream.keepalive]
            reuse = "idempotent"
            [[upstream.server]]
            name = "a"
            address = "localhost:9001"
            weight = 0
            [[upstream.server]]
            name = "b"
            address = "[::1]:9002"
            weight = 256
            """).Settings;

        Assert.Equal((4, AccessLogFormat.Json), (settings.Runtime.Workers, settings.Log.Format));
        ListenerSettings listener = settings.Listeners[0];
        Assert.Equal(["*:8080", "[::1]:8081"], listener.Bind.AsEnumerable());
        Assert.Equal(["websocket"], listener.Upgrade.AsEnumerable());
        Assert.Equal(TrailerPolicy.Drop, listener.Trailers);
        Assert.Equal((HalfClosePolicy.Finish, false, 250, 8L << 30),
            (listener.HalfClose, listener.Keepalive.Enabled, listener.Keepalive.TimeoutMs, listener.Limits.BodyBytes));
        Assert.Equal(ReusePolicy.Idempotent, settings.Upstreams[0].Keepalive.Reuse);
        Assert.Equal([0, 256], settings.Upstreams[0].Servers.Select(static server => server.Weight));
    }

    [Fact]
    public void InitAccessors_ChangeOneValueOnly()
    {
        ListenerKeepaliveSettings keepalive = SettingsTrial.Parse(SettingsTrial.Minimal).Settings.Listeners[0].Keepalive;

        ListenerKeepaliveSettings changed = keepalive with { TimeoutMs = 5 };

        Assert.Equal((5, 75_000, 1000), (changed.TimeoutMs, keepalive.TimeoutMs, changed.MaxRequests));
    }

    [Fact]
    public void UnknownKey_IsShownWithItsLineAndTheNearestKey()
    {
        ConfigError error = Assert.Single(SettingsTrial.Parse(SettingsTrial.WithListener("[listener.keepalive]\n  time_out = \"75s\"")).Errors);

        Assert.Equal("""
            proxy.toml:6:3: unknown key "time_out" in [listener.keepalive]
                6 |   time_out = "75s"
                  |   ^^^^^^^^
              expected one of: enabled, timeout, max_requests, max_age, advertise, connection_header, after_error, drain_wait; did you mean "timeout"?
            """.ReplaceLineEndings("\n"), error.ToString());
    }

    [Theory]
    [InlineData("pipeline = 1", "5: unknown key \"pipeline\" in [[listener]]")]
    [InlineData("[runtimes]", "5: unknown key \"runtimes\" at the top level")]
    [InlineData("[listener.compressions]", "5: unknown key \"compressions\" in [[listener]]")]
    public void KeyThatIsNotInTheSchema_IsUnknown(string line, string problem) =>
        Assert.Equal([problem], SettingsTrial.Problems(SettingsTrial.WithListener(line)));

    [Theory]
    [InlineData("timeout = 75", "\"timeout\" in [listener.keepalive] is 75", "write \"75s\" for 75 seconds, \"75ms\" for 75 milliseconds")]
    [InlineData("timeout = \"75\"", "\"timeout\" in [listener.keepalive] is \"75\"", "write \"75s\" for 75 seconds, \"75ms\" for 75 milliseconds")]
    [InlineData("timeout = 7.5", "\"timeout\" in [listener.keepalive] is a float", "")]
    [InlineData("timeout = \"25h\"", "\"timeout\" in [listener.keepalive] is \"25h\"", "")]
    [InlineData("timeout = []", "\"timeout\" in [listener.keepalive] is an array", "")]
    [InlineData("enabled = \"true\"", "\"enabled\" in [listener.keepalive] is \"true\"", "remove the quotes")]
    [InlineData("enabled = 1", "\"enabled\" in [listener.keepalive] is 1", "")]
    [InlineData("max_requests = -1", "\"max_requests\" in [listener.keepalive] is -1", "")]
    [InlineData("max_requests = \"9\"", "\"max_requests\" in [listener.keepalive] is \"9\"", "remove the quotes")]
    [InlineData("connection_header = \"allways\"", "\"connection_header\" in [listener.keepalive] is \"allways\"", "did you mean \"always\"?")]
    [InlineData("connection_header = true", "\"connection_header\" in [listener.keepalive] is true", "")]
    public void WrongValue_IsRefusedWithAHint(string line, string problem, string hint)
    {
        ConfigError error = Assert.Single(SettingsTrial.Parse(SettingsTrial.WithListener("[listener.keepalive]\n" + line)).Errors);

        Assert.Equal((problem, hint, 6), (error.Problem, error.Hint, error.Line));
        Assert.NotEmpty(error.Expected);
    }

    [Theory]
    [InlineData("when_all_down = 503", "\"when_all_down\" in [[upstream]] is 503")]
    [InlineData("retry.on = [\"stale\", 503]", "\"on\" in [upstream.retry] is 503")]
    [InlineData("passive.failure_statuses = [502]", "\"failure_statuses\" in [upstream.passive] is 502")]
    public void NumberThatIsAWordHere_IsRefusedWithTheHintToQuoteIt(string line, string problem)
    {
        ConfigError error = Assert.Single(SettingsTrial.Parse(SettingsTrial.WithUpstream(line)).Errors);

        Assert.Equal((problem, "put it in quotes"), (error.Problem, error.Hint));
    }

    [Theory]
    [InlineData("workers = 0", "\"auto\" or an integer from 1 to 256")]
    [InlineData("workers = 257", "\"auto\" or an integer from 1 to 256")]
    [InlineData("workers = \"all\"", "\"auto\" or an integer from 1 to 256")]
    [InlineData("max_connections = 0", "an integer from 1 to 1000000")]
    [InlineData("shed_idle_at = 101", "an integer from 0 to 100")]
    [InlineData("drain_timeout = \"25h\"", "a duration from \"0s\" to \"24h\"")]
    [InlineData("engine = \"kqueue\"", "one of: \"saea\", \"epoll\"")]
    [InlineData("pid_file = 1", "a string in quotes")]
    public void ValueOutOfRange_NamesTheRange(string line, string expected) =>
        Assert.Equal(expected, Assert.Single(SettingsTrial.Parse("[runtime]\n" + line + "\n" + SettingsTrial.Minimal).Errors).Expected);

    [Theory]
    [InlineData("header_bytes = 255", "a size from 256 to \"1MiB\"")]
    [InlineData("header_bytes = \"2MiB\"", "a size from 256 to \"1MiB\"")]
    [InlineData("header_bytes = \"32KB\"", "a size: bytes as an integer, or such as \"64KiB\", \"16MiB\" or \"1GiB\"")]
    [InlineData("body_bytes = -1", "a size of at least 0")]
    public void SizeOutOfRange_NamesTheRange(string line, string expected) =>
        Assert.Equal(expected, Assert.Single(SettingsTrial.Parse(SettingsTrial.WithListener("[listener.limits]\n" + line)).Errors).Expected);

    [Fact]
    public void MissingRequiredKeys_AreReportedAtTheirTable() =>
        Assert.Equal(
            [
                "1: required key \"name\" is missing in [[listener]]",
                "1: required key \"bind\" is missing in [[listener]]",
                "2: required key \"name\" is missing in [[upstream]]",
                "3: required key \"name\" is missing in [[upstream.server]]",
                "3: required key \"address\" is missing in [[upstream.server]]",
            ],
            SettingsTrial.Problems("[[listener]]\n[[upstream]]\n[[upstream.server]]"));

    [Fact]
    public void EmptyRequiredKeys_AreReported() =>
        Assert.Equal(
            ["2: \"name\" in [[listener]] must not be empty", "3: \"bind\" in [[listener]] must not be empty"],
            SettingsTrial.Problems(SettingsTrial.Minimal.Replace("\"web\"", "\"\"").Replace("[\"127.0.0.1:8080\"]", "[]")));

    [Fact]
    public void EmptyFile_LacksAListener()
    {
        ConfigError error = Assert.Single(SettingsTrial.Parse("").Errors);

        Assert.Equal("proxy.toml: no [[listener]] is defined\n  expected at least one [[listener]]", error.ToString());
    }

    [Theory]
    [InlineData("[[runtime]]", "\"runtime\" at the top level is an array", "write [runtime] with single brackets; it exists once")]
    [InlineData("runtime = 1", "\"runtime\" at the top level is 1", "")]
    public void WrongKindOfTable_IsRefused(string line, string problem, string hint)
    {
        ConfigError error = Assert.Single(SettingsTrial.Parse(line + "\n" + SettingsTrial.Minimal).Errors);

        Assert.Equal((problem, hint), (error.Problem, error.Hint));
    }

    [Fact]
    public void SingleTableForAnArrayOfTables_IsRefusedOnce()
    {
        ConfigError error = Assert.Single(SettingsTrial.Parse(SettingsTrial.Minimal.Replace("[[upstream.server]]", "[upstream.server]")).Errors);

        Assert.Equal("\"server\" in [[upstream]] is a table", error.Problem);
        Assert.Equal("an array of tables [[upstream.server]]", error.Expected);
    }
}
