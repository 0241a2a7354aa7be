using System;
using System.Linq;
using System.Net;
using NativeProxy.Config;
using NativeProxy.Hosting.Probing;
using NativeProxy.Tests.Config;
using Xunit;

namespace NativeProxy.Tests.Hosting.Probing;

/// <summary>The upstream that fits what was found.</summary>
public class ProbeReportTests
{
    private static readonly ProbeTerms Terms = new(TimeSpan.FromSeconds(80), TimeSpan.FromSeconds(10), RequestsMax: 200, Verifies: true);

    /// <summary>A second less than the server, or a fifth where that is less; nothing where the pool closes first by itself.</summary>
    [Theory]
    [Trait("promise", "B16")]
    [InlineData(5_003, 0, "4s")]
    [InlineData(2_001, 0, "1s")]
    [InlineData(1_500, 0, "1s")]
    [InlineData(1_000, 0, "800ms")]
    [InlineData(500, 0, "400ms")]
    [InlineData(75_000, 0, "")]
    [InlineData(31_500, 0, "")]
    [InlineData(30_900, 0, "29s")]
    [InlineData(0, 0, "")]
    [InlineData(0, 5, "4s")]
    [InlineData(75_000, 20, "19s")]
    [InlineData(5_000, 65, "4s")]
    public void IdleTimeout_StaysBelowTheServers(int closedAfterMs, int announcedSeconds, string expected)
    {
        ProbeFacts facts = Persistent(announcedSeconds);
        facts.Used = closedAfterMs > 0
            ? new IdleTime(IdleEnd.Closed, TimeSpan.FromMilliseconds(closedAfterMs))
            : new IdleTime(IdleEnd.StillOpen, TimeSpan.FromSeconds(80));
        string[] lines = Lines(facts);
        string[] set = [.. lines.Where(static line => line.TrimStart().StartsWith("idle_timeout", StringComparison.Ordinal))];
        if (expected.Length == 0)
            Assert.Empty(set);
        else
            Assert.StartsWith($"  idle_timeout = \"{expected}\" ", Assert.Single(set), StringComparison.Ordinal);
        ExpectSound(lines);
    }

    [Fact]
    public void ServerAsEveryOther_NeedsNoKey()
    {
        string[] lines = Lines(Persistent());
        Assert.Equal(
            ["[[upstream]]", "name = \"app\"", "  [[upstream.server]]", "  name = \"a\"", "  address = \"[::1]:9001\""], lines);
        ExpectSound(lines);
    }

    [Fact]
    public void ConnectionOpenedAhead_IsOnlySpokenOfWhereItIsClosedEarlier()
    {
        ProbeFacts facts = Persistent();
        facts.Fresh = new IdleTime(IdleEnd.Closed, TimeSpan.FromSeconds(20));
        Assert.Contains(Lines(facts), static line => line.Contains("# min_idle", StringComparison.Ordinal));
        facts.Used = new IdleTime(IdleEnd.Closed, TimeSpan.FromSeconds(5));
        Assert.DoesNotContain(Lines(facts), static line => line.Contains("# min_idle", StringComparison.Ordinal));
    }

    private static ProbeFacts Persistent(int announcedSeconds = 0) => new()
    {
        First = new ProbeAnswer(200) { Version = NativeProxy.Http.HttpVersion.Http11, KeepsAlive = true, AnnouncedSeconds = announcedSeconds },
        Requests = 200,
        TakesMoreRequests = true,
    };

    private static string[] Lines(ProbeFacts facts) =>
        [.. ProbeReport.Upstream(new ProbeTarget(false, "::1", "[::1]:9001", "/", new IPEndPoint(IPAddress.IPv6Loopback, 9001)), Terms, facts)];

    /// <summary>Behind a listener it is a whole configuration.</summary>
    private static void ExpectSound(string[] lines)
    {
        SettingsResult result = SettingsTrial.Parse("[[listener]]\nname = \"web\"\nbind = [\"127.0.0.1:8080\"]\n" + string.Join('\n', lines) + "\n");
        Assert.Empty(result.Errors);
        Assert.Empty(result.Warnings);
    }
}
