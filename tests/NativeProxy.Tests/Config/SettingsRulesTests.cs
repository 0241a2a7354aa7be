using System.Linq;
using NativeProxy.Config;
using Xunit;

namespace NativeProxy.Tests.Config;

public class SettingsRulesTests
{
    [Fact]
    public void MinimalFile_HasNeitherErrorNorWarning()
    {
        SettingsResult result = SettingsTrial.Parse(SettingsTrial.Minimal);

        Assert.True(result.IsOk);
        Assert.Empty(result.Warnings);
    }

    [Fact]
    public void UnknownUpstream_IsShownAtItsValueWithTheNearestName()
    {
        ConfigError error = Assert.Single(SettingsTrial.Parse(SettingsTrial.Minimal.Replace("upstream = \"app\"", "upstream = \"ap\"")).Errors);

        Assert.Equal((4, 12, "there is no upstream \"ap\"", "one of: app", "did you mean \"app\"?"),
            (error.Line, error.Column, error.Problem, error.Expected, error.Hint));
    }

    [Fact]
    public void FileWithoutUpstream_SaysThatTheListenersUpstreamIsMissing()
    {
        string listenerOnly = SettingsTrial.Minimal[..SettingsTrial.Minimal.IndexOf("[[upstream]]", System.StringComparison.Ordinal)];

        Assert.Equal(["4: there is no upstream \"app\""], SettingsTrial.Problems(listenerOnly));
    }

    [Theory]
    [InlineData("path = \"up\"", "8: \"up\" cannot be asked for")]
    [InlineData("path = \"\"", "8: \"\" cannot be asked for")]
    [InlineData("path = \"/a b\"", "8: \"/a b\" cannot be asked for")]
    [InlineData("path = \"/a\\r\\nX: y\"", "8: \"/a\uFFFD\uFFFDX: y\" cannot be asked for")]
    [InlineData("path = \"/\u00e4\"", "8: \"/\u00e4\" cannot be asked for")]
    [InlineData("host = \"a b\"", "8: \"a b\" cannot be a Host field")]
    [InlineData("path = \"/up?full=1\"\nhost = \"shop.example:80\"", "")]
    public void TextsOfAHealthCheck_AreTakenIntoARequestAsTheyAre(string line, string problem) =>
        Assert.Equal(problem, string.Join("; ", SettingsTrial.Problems(SettingsTrial.WithUpstream($"[upstream.health]\n{line}\ntype = \"http\""))));

    [Theory]
    [InlineData("interval = \"1s\"", 1)]
    [InlineData("path = \"/up\"", 1)]
    [InlineData("interval = \"1s\"\ntype = \"off\"", 0)]
    [InlineData("interval = \"1s\"\ntype = \"tcp\"", 0)]
    [InlineData("", 0)]
    public void HealthChecksThatAreNotSwitchedOn_AreWarnedOf(string lines, int warnings) =>
        Assert.Equal(warnings, SettingsTrial.Warnings(SettingsTrial.WithUpstream("[upstream.health]\n" + lines)).Length);

    [Fact]
    public void MoreServersThanTheBoardHolds_AreRefused()
    {
        string Servers(int count) =>
            string.Concat(Enumerable.Range(0, count).Select(static i => $"[[upstream.server]]\nname = \"s{i}\"\naddress = \"127.0.0.1:1\"\n"));

        Assert.Empty(SettingsTrial.Problems(SettingsTrial.Minimal + Servers(UpstreamSettings.ServersMax - 1)));
        Assert.Equal(["5: there are too many servers"], SettingsTrial.Problems(SettingsTrial.Minimal + Servers(UpstreamSettings.ServersMax)));
    }

    [Fact]
    public void HealthDefaults_AreThoseOfHaproxy()
    {
        UpstreamHealthSettings health = SettingsTrial.Parse(SettingsTrial.Minimal).Settings.Upstreams[0].Health;
        Assert.Equal((HealthCheckKind.Off, "/", 2000L, 2000L, 2, 3),
            (health.Kind, health.Path, health.IntervalMs, health.TimeoutMs, health.Rise, health.Fall));

        Assert.Equal(300,
            SettingsTrial.Parse(SettingsTrial.WithUpstream("[upstream.health]\ninterval = \"300ms\"")).Settings.Upstreams[0].Health.TimeoutMs);
    }

    [Fact]
    public void NamesUsedTwice_AreReportedAtTheSecondUse()
    {
        string twice = SettingsTrial.Minimal + SettingsTrial.Minimal.Replace(":8080", ":8081")
            + "[[upstream.server]]\nname = \"a\"\naddress = \"127.0.0.1:1\"\n";

        Assert.Equal(
            ["11: the listener name \"web\" is used twice", "15: the upstream name \"app\" is used twice", "20: the server name \"a\" is used twice"],
            SettingsTrial.Problems(twice));
        Assert.Equal(["first used in line 2", "first used in line 6", "first used in line 17"],
            SettingsTrial.Parse(twice).Errors.Select(static error => error.Hint));
    }

    [Fact]
    public void ServersOfDifferentUpstreams_MayShareAName()
    {
        string two = SettingsTrial.Minimal + "[[upstream]]\nname = \"other\"\n[[upstream.server]]\nname = \"a\"\naddress = \"127.0.0.1:1\"\n";

        Assert.Empty(SettingsTrial.Problems(two));
    }

    [Theory]
    [InlineData("a b")]
    [InlineData("a,b")]
    [InlineData("\u00e4")]
    public void NameThatWouldBreakALogLine_IsRefused(string name) =>
        Assert.Equal([$"2: \"{name}\" cannot be the name of a listener"],
            SettingsTrial.Problems(SettingsTrial.Minimal.Replace("\"web\"", $"\"{name}\"")));

    [Theory]
    [InlineData("[\"127.0.0.1:80\", \"127.0.0.1:80\"]", "3: the address \"127.0.0.1:80\" is bound twice")]
    [InlineData("[\"[::1]:80\", \"[0:0::1]:80\"]", "3: the address \"[0:0::1]:80\" is bound twice")]
    [InlineData("[\"127.0.0.1\"]", "3: the address \"127.0.0.1\" has no port")]
    [InlineData("[\"localhost:80\"]", "3: the address \"localhost:80\" has a name as its host; only addresses can be bound")]
    public void WrongBind_IsReported(string bind, string problem) =>
        Assert.Equal([problem], SettingsTrial.Problems(SettingsTrial.Minimal.Replace("[\"127.0.0.1:8080\"]", bind)));

    [Theory]
    [InlineData("[\"127.0.0.1:80\", \"127.0.0.2:80\"]")]
    [InlineData("[\"0.0.0.0:80\", \"[::1]:80\"]")]
    [InlineData("[\"127.0.0.1:80\", \"127.0.0.1:81\"]")]
    [InlineData("[\"*:80\", \"[::]:81\", \"127.0.0.1:82\"]")]
    public void DifferentBinds_AreAccepted(string bind) =>
        Assert.Empty(SettingsTrial.Problems(SettingsTrial.Minimal.Replace("[\"127.0.0.1:8080\"]", bind)));

    [Theory]
    [InlineData("*:80", "[::]:80")]
    [InlineData("[::]:80", "*:80")]
    [InlineData("*:80", "127.0.0.1:80")]
    [InlineData("127.0.0.1:80", "*:80")]
    [InlineData("*:80", "[::1]:80")]
    [InlineData("*:80", "0.0.0.0:80")]
    [InlineData("[::]:80", "0.0.0.0:80")]
    [InlineData("0.0.0.0:80", "[::]:80")]
    [InlineData("0.0.0.0:80", "127.0.0.1:80")]
    [InlineData("0.0.0.0:80", "[::ffff:127.0.0.1]:80")]
    [InlineData("[::0]:80", "[::ffff:127.0.0.1]:80")]
    public void AddressInsideAnother_IsOurOwnConflict(string first, string second)
    {
        string toml = SettingsTrial.Minimal.Replace("[\"127.0.0.1:8080\"]", $"[\"{first}\"]")
            + $"[[listener]]\nname = \"other\"\nbind = [\"{second}\"]\nupstream = \"app\"\n";

        Assert.Equal([$"12: listener \"other\" cannot listen on \"{second}\" beside \"{first}\" of listener \"web\" (proxy.toml:3:9)"],
            SettingsTrial.Problems(toml));
    }

    [Fact]
    public void AddressInsideAnotherOfTheSameListener_IsOurOwnConflict() => Assert.Equal(
        ["3: listener \"web\" cannot listen on \"127.0.0.1:80\" beside \"*:80\" of the same listener \"web\" (proxy.toml:3:9)"],
        SettingsTrial.Problems(SettingsTrial.Minimal.Replace("[\"127.0.0.1:8080\"]", "[\"*:80\", \"127.0.0.1:80\"]")));

    [Fact]
    public void AdminInsideTheAddressesOfAListener_IsOurOwnConflict() => Assert.Equal(
        ["2: the admin endpoint cannot listen on \"127.0.0.1:8080\" beside \"*:8080\" of listener \"web\" (proxy.toml:5:9)"],
        SettingsTrial.Problems("[admin]\nbind = \"127.0.0.1:8080\"\n" + SettingsTrial.Minimal.Replace("127.0.0.1:8080", "*:8080")));

    [Fact]
    public void SpellingOfIPv4InIPv6_IsTheSameAddress() => Assert.Equal(
        ["3: the address \"[::ffff:127.0.0.1]:80\" is bound twice"],
        SettingsTrial.Problems(SettingsTrial.Minimal.Replace("[\"127.0.0.1:8080\"]", "[\"127.0.0.1:80\", \"[::ffff:127.0.0.1]:80\"]")));

    [Fact]
    public void LocalhostAsBind_GetsAHint() =>
        Assert.Equal("did you mean \"127.0.0.1:80\"?",
            SettingsTrial.Parse(SettingsTrial.Minimal.Replace("127.0.0.1:8080", "localhost:80")).Errors[0].Hint);

    [Fact]
    public void AdminOnTheAddressOfAListener_IsReported() =>
        Assert.Equal(["2: the address \"127.0.0.1:8080\" is bound twice"],
            SettingsTrial.Problems("[admin]\nbind = \"127.0.0.1:8080\"\n" + SettingsTrial.Minimal));

    [Fact]
    public void WrongItemOfAList_DoesNotShiftThePlacesOfTheOthers()
    {
        SettingsResult result = SettingsTrial.Parse(SettingsTrial.Minimal.Replace("[\"127.0.0.1:8080\"]", "[1, \"x\"]"));

        Assert.Equal([9, 12], result.Errors.Select(static error => error.Column));
    }

    [Fact]
    public void ServerAddressWithoutPort_IsReportedAtItsValue()
    {
        ConfigError error = Assert.Single(SettingsTrial.Parse(SettingsTrial.Minimal.Replace("127.0.0.1:9001", "backend")).Errors);

        Assert.Equal((9, 11, "the address \"backend\" has no port"), (error.Line, error.Column, error.Problem));
    }

    [Fact]
    public void UpstreamWithoutServers_IsReported() =>
        Assert.Equal(["5: no [[upstream.server]] is defined in [[upstream]]"],
            SettingsTrial.Problems(SettingsTrial.Minimal[..SettingsTrial.Minimal.IndexOf("[[upstream.server]]", System.StringComparison.Ordinal)]));

    [Fact]
    public void UpstreamWhoseWeightsAreAllZero_IsReported()
    {
        Assert.Equal(["10: all servers of the upstream \"app\" have weight 0"], SettingsTrial.Problems(SettingsTrial.Minimal + "weight = 0"));
        Assert.Empty(SettingsTrial.Problems(SettingsTrial.Minimal + "weight = 0\n[[upstream.server]]\nname = \"b\"\naddress = \"127.0.0.1:1\""));
    }

    [Fact]
    public void RequestLineAboveTheHead_IsReported()
    {
        Assert.Equal(["7: request_line_bytes (64KiB) is above header_bytes (8KiB)"],
            SettingsTrial.Problems(SettingsTrial.WithListener("[listener.limits]\nheader_bytes = \"8KiB\"\nrequest_line_bytes = \"64KiB\"")));
        Assert.Equal(["6: request_line_bytes (64KiB) is above header_bytes (32KiB)"],
            SettingsTrial.Problems(SettingsTrial.WithListener("[listener.limits]\nrequest_line_bytes = \"64KiB\"")));
        Assert.Empty(SettingsTrial.Problems(SettingsTrial.WithListener("[listener.limits]\nheader_bytes = \"8KiB\"\nrequest_line_bytes = \"8KiB\"")));
    }

    [Theory]
    [InlineData("256", 256)]
    [InlineData("8192", 8192)]
    [InlineData("\"1MiB\"", 16_384)]
    public void DefaultOfTheRequestLine_FollowsASmallerHead(string headerBytes, int requestLineBytes)
    {
        SettingsResult result = SettingsTrial.Parse(SettingsTrial.WithListener($"[listener.limits]\nheader_bytes = {headerBytes}"));

        Assert.Equal(requestLineBytes, result.Settings.Listeners[0].Limits.RequestLineBytes);
    }

    [Fact]
    public void WrongHeadLimit_IsNotJudgedASecondTime() =>
        Assert.Equal(["6: \"header_bytes\" in [listener.limits] is \"big\""],
            SettingsTrial.Problems(SettingsTrial.WithListener("[listener.limits]\nheader_bytes = \"big\"\nrequest_line_bytes = \"64KiB\"")));

    [Theory]
    [InlineData("upgrade = [\"WebSocket\"]", "5: the protocol \"WebSocket\" cannot be upgraded to")]
    [InlineData("upgrade = [\"websocket\", \"h2c\"]", "5: HTTP/2 cannot be upgraded to")]
    [InlineData("upgrade = [\"h2\"]", "5: HTTP/2 cannot be upgraded to")]
    [InlineData("upgrade = [\"\"]", "5: the protocol \"\" cannot be upgraded to")]
    [InlineData("[listener.forwarded]\nvia = \"my proxy\"", "6: the pseudonym \"my proxy\" cannot stand in a Via field")]
    public void TextsThatGoIntoHeaderFields_AreChecked(string lines, string problem) =>
        Assert.Equal([problem], SettingsTrial.Problems(SettingsTrial.WithListener(lines)));

    [Theory]
    [InlineData("upgrade = [\"websocket\", \"h2c2\"]")]
    [InlineData("[listener.forwarded]\nvia = \"\"")]
    public void ProperTexts_AreAccepted(string lines) => Assert.Empty(SettingsTrial.Problems(SettingsTrial.WithListener(lines)));

    [Fact]
    public void EmptyAccessLogTarget_IsReported() =>
        Assert.Equal(["2: \"access\" in [log] is empty"], SettingsTrial.Problems("[log]\naccess = \"\"\n" + SettingsTrial.Minimal));

    [Fact]
    public void ErrorsOfBindingAndOfRules_AreShownTogether() =>
        Assert.Equal(
            ["3: the address \"x\" has no port", "5: unknown key \"nmae\" in [[listener]]", "10: the address \"y\" has no port"],
            SettingsTrial.Problems(SettingsTrial.WithListener("nmae = 1").Replace("127.0.0.1:8080", "x").Replace("127.0.0.1:9001", "y")));

    [Theory]
    [InlineData("30s", "6: a stop cuts idle connections before this time is over")]
    [InlineData("29s", "")]
    public void DrainWaitBeyondTheDrainTime_IsAWarning(string wait, string expected) =>
        Assert.Equal(expected,
            string.Join("; ", SettingsTrial.Warnings(SettingsTrial.WithListener($"[listener.keepalive]\ndrain_wait = \"{wait}\""))));

    [Fact]
    [Trait("promise", "S1.10")]
    public void UnusuallyLongClientIdleTime_IsAWarning()
    {
        Assert.Equal(["6: idle clients are kept for 11m, which is unusually long"],
            SettingsTrial.Warnings(SettingsTrial.WithListener("[listener.keepalive]\ntimeout = \"11m\"")));
        Assert.Empty(SettingsTrial.Warnings(SettingsTrial.WithListener("[listener.keepalive]\ntimeout = \"10m\"")));
        Assert.True(SettingsTrial.Parse(SettingsTrial.WithListener("[listener.keepalive]\ntimeout = \"11m\"")).IsOk);
    }

    [Theory]
    [InlineData("61s", "7: requests wait 61s for a server, which is longer than most clients do")]
    [InlineData("60s", "")]
    [InlineData("0s", "")]
    public void QueueLongerThanThePatienceOfClients_IsAWarning(string queue, string expected) => Assert.Equal(
        expected, string.Join("; ", SettingsTrial.Warnings(SettingsTrial.WithUpstream($"timeouts.queue = \"{queue}\""))));

    [Theory]
    [Trait("promise", "S1.13")]
    [InlineData("enabled = true\nidle = \"75s\"", "7: no idle connection is ever probed: keepalive.timeout closes it after 75s")]
    [InlineData("enabled = true\nidle = \"74s\"", null)]
    [InlineData("enabled = false\nidle = \"10s\"", "7: no probes are sent: tcp_keepalive.enabled is false")]
    [InlineData("enabled = true\ncount = 3", null)]
    public void ProbesThatNeverActOnIdleClients_AreAWarning(string lines, string? warning) =>
        Assert.Equal(warning is null ? [] : [warning], SettingsTrial.Warnings(SettingsTrial.WithListener("[listener.tcp_keepalive]\n" + lines)));

    [Fact]
    [Trait("promise", "S1.13")]
    public void ProbesThatNeverActOnIdleServerConnections_AreAWarning()
    {
        Assert.Equal(["9: no idle connection is ever probed: keepalive.idle_timeout closes it after 30s"],
            SettingsTrial.Warnings(SettingsTrial.WithUpstream("[upstream.tcp_keepalive]\nenabled = true\nidle = \"30s\"")));
        Assert.Empty(SettingsTrial.Warnings(SettingsTrial.WithUpstream("[upstream.tcp_keepalive]\nenabled = true\nidle = \"29s\"")));
    }

    [Fact]
    public void UnlimitedIdleTimeOfServerConnections_IsAWarning()
    {
        Assert.Equal(["8: idle connections to servers are kept without a limit"],
            SettingsTrial.Warnings(SettingsTrial.WithUpstream("[upstream.keepalive]\nidle_timeout = \"0s\"")));
        Assert.Empty(SettingsTrial.Warnings(SettingsTrial.WithUpstream("[upstream.keepalive]\nidle_timeout = \"1ms\"")));
    }

    [Fact]
    public void UpstreamThatNobodyUses_IsAWarning() =>
        Assert.Equal(["11: no listener uses the upstream \"spare\""],
            SettingsTrial.Warnings(SettingsTrial.Minimal
                + "[[upstream]]\nname = \"spare\"\n[[upstream.server]]\nname = \"a\"\naddress = \"127.0.0.1:1\"\n"));

    [Fact]
    public void UpstreamThatAMistypedListenerMayMean_IsNoWarning() =>
        Assert.Empty(SettingsTrial.Warnings(SettingsTrial.Minimal.Replace("upstream = \"app\"", "upstream = \"ap\"")));

    [Theory]
    [InlineData("\"1023KiB\"", false)]
    [InlineData("1", false)]
    [InlineData("\"1MiB\"", true)]
    [InlineData("0", true)]
    public void BufferBudget_IsComputedOrOfSomeSize(string value, bool isSound) =>
        Assert.Equal(
            isSound ? [] : ["2: " + (value == "1" ? "1" : "1023KiB") + " of buffers are too few to serve anybody"],
            SettingsTrial.Problems($"[runtime]\nbuffer_bytes = {value}\n" + SettingsTrial.Minimal));

    [Fact]
    public void ListenerLimitAboveTheWorkersLimit_IsAWarning()
    {
        Assert.Equal(["6: this limit is above max_connections of [runtime]"],
            SettingsTrial.Warnings(SettingsTrial.WithListener("[listener.limits]\nmax_connections = 20001")));
        Assert.Empty(SettingsTrial.Warnings("[runtime]\nmax_connections = 10\n" + SettingsTrial.Minimal));
    }
}
