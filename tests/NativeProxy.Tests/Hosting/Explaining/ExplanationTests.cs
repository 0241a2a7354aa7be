using System;
using System.IO;
using System.Linq;
using NativeProxy.Config;
using NativeProxy.Hosting.Explaining;
using NativeProxy.Tests.Config;
using Xunit;

namespace NativeProxy.Tests.Hosting.Explaining;

/// <summary>What is printed for whole files: only what their connections can meet.</summary>
public class ExplanationTests
{
    [Fact]
    public void BytesThatArePassedOn_HaveNoRequests()
    {
        string text = Explain(SettingsTrial.With("mode = \"tcp\"", "timeouts.idle = \"5m\""));
        Assert.DoesNotContain("GET", text, StringComparison.Ordinal);
        Assert.DoesNotContain("request head", text, StringComparison.Ordinal);
        Assert.Contains("[tcp.idle_timeout]", text, StringComparison.Ordinal);
        Assert.Contains("[timeouts.idle]", text, StringComparison.Ordinal);
    }

    [Fact]
    public void RouteWithRulesOfItsOwn_HasItsOwnTroubles()
    {
        string text = Explain(SettingsTrial.Minimal
            + "[[route]]\nname = \"once\"\npath_prefix = [\"/pay\"]\nupstream = \"app\"\nretry = { attempts = 1 }\n");
        Assert.Contains("sent once more", Paragraph(text, "a GET to \"app\", when"), StringComparison.Ordinal);
        Assert.DoesNotContain("sent once more", Paragraph(text, "a GET to \"app\" by route \"once\", when"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("keepalive.enabled = false", "every response closes  [keepalive.enabled]")]
    [InlineData("keepalive.timeout = \"0s\"", "every response closes  [keepalive.timeout]")]
    [InlineData("timeouts.send = \"0s\"", "no limit  [timeouts.send]")]
    [InlineData("upgrade = [\"websocket\"]", "[timeouts.tunnel]")]
    public void TimesOfClients_AreThoseThatAct(string lines, string row) =>
        Assert.Contains(row, Explain(SettingsTrial.With(listener: lines)), StringComparison.Ordinal);

    [Theory]
    [InlineData("keepalive.enabled = false", "every request has a connection of its own  [keepalive.enabled]")]
    [InlineData("keepalive.max_idle = 0", "every request has a connection of its own  [keepalive.max_idle]")]
    [InlineData("retry.attempts = 1", "answer 504  [timeouts.connect]")]
    [InlineData("max_requests = 5", "answer 503  [timeouts.queue]")]
    [InlineData("tcp_keepalive = { enabled = true, idle = \"10s\", interval = \"1s\", count = 2 }", "12s  ========")]
    public void TimesOfServers_AreThoseThatAct(string lines, string row) =>
        Assert.Contains(row, Explain(SettingsTrial.With(upstream: lines)), StringComparison.Ordinal);

    /// <summary>A longer time never has fewer marks, and the shortest and the longest have some.</summary>
    [Fact]
    public void Bars_GrowWithTheTimes()
    {
        int[] marks = [.. new long[] { 1, 50, 100, 200, 1000, 60_000, 3_600_000, 24 * 3_600_000L, 720 * 3_600_000L }.Select(static ms =>
        {
            using var output = new StringWriter();
            new TimerChart(output).Add("x", ms, "close", "key");
            return output.ToString().Count(static one => one == '=');
        })];
        Assert.Equal(marks.Order(), marks);
        Assert.Equal((1, 20), (marks[0], marks[^1]));
        Assert.True(marks[3] == marks[2] + 1, "a mark for each doubling");
    }

    private static string Explain(string toml)
    {
        using var output = new StringWriter();
        SettingsResult result = SettingsTrial.Parse(toml);
        Explanation.Write(output, result.Settings, workers: 2);
        return output.ToString();
    }

    private static string Paragraph(string text, string title) => text.Split("\n\n").Single(one => one.Contains(title, StringComparison.Ordinal));
}
