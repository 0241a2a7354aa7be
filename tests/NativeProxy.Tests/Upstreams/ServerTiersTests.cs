using System.Linq;
using NativeProxy.Config;
using NativeProxy.Upstreams.Connections;
using NativeProxy.Upstreams.Groups;
using Xunit;

namespace NativeProxy.Tests.Upstreams;

/// <summary>Which ranks of servers are asked: levels of priority, backups, and all when too few are up.</summary>
public class ServerTiersTests
{
    /// <param name="ranks">"a0 b1 C0": a on level 0, b on level 1, c as a backup.</param>
    /// <param name="down">Servers that are down.</param>
    /// <param name="expected">Servers that are asked and up, by rank.</param>
    /// <param name="failoverBelow">As in the settings.</param>
    /// <param name="allBackups">As in the settings.</param>
    [Theory]
    [InlineData("a0 b0", "", "ab")]
    [InlineData("b1 a0", "", "a")]
    [InlineData("b1 a0", "a", "b")]
    [InlineData("a0 b1 C0", "ab", "c")]
    [InlineData("a0 b1 C0", "abc", "")]
    [InlineData("a0 B0 C0", "a", "b")]
    [InlineData("a0 B0 C0", "ab", "c")]
    [InlineData("a0 B0 C0", "a", "bc", 0, true)]
    [InlineData("a0 b0 c0 d0 e1 f2", "ab", "cd", 50)]
    [InlineData("a0 b0 c0 d0 e1 f2", "abc", "de", 50)]
    [InlineData("a0 b0 e1 f2", "abe", "f", 50)]
    [InlineData("a0 b0 e1 g1 h1 f2", "aeg", "bhf", 60)]
    [InlineData("a0 b0 c0 D0", "ab", "c", 50)]
    [InlineData("C1 B0 A1", "", "b")]
    public void LowestRankThatIsUp_IsAsked(string ranks, string down, string expected, int failoverBelow = 0, bool allBackups = false)
    {
        (ServersOnBoard test, ServerTiers tiers) = Of(ranks, failoverBelow, allBackups);
        foreach (char name in down)
            test.Slot(name.ToString()).IsUp = false;

        Assert.Equal(expected, Asked(tiers, except: null));
    }

    [Fact]
    public void ServerThatHasJustFailed_CountsAsDown()
    {
        (ServersOnBoard test, ServerTiers tiers) = Of("a0 b1 C0");

        Assert.Equal("ab", Asked(tiers, test["a"]));
        test.Slot("b").IsUp = false;
        Assert.Equal("ac", Asked(tiers, test["a"]));
        test.Slot("c").IsUp = false;
        Assert.Equal("a", Asked(tiers, test["a"]));
    }

    [Fact]
    public void WeightZero_IsNobodyOfItsRank()
    {
        (ServersOnBoard test, ServerTiers tiers) = Of("a0 b0 c1", failoverBelow: 50);
        test["a"].Standing.Apply(weight: 0, test.Slot("a"));

        Assert.Equal("b", Asked(tiers, except: null));
    }

    [Theory]
    [InlineData("when_all_down = \"use_all\"", "ab", "ab")]
    [InlineData("when_all_down = \"503\"", "ab", "")]
    [InlineData("panic_below = 60", "a", "ab")]
    [InlineData("panic_below = 50", "a", "b")]
    [InlineData("panic_below = 50", "ab", "ab")]
    [InlineData("when_all_down = \"use_all\"", "a", "b")]
    public void AllAreUsed_WhenTooFewAreUp(string line, string down, string expected)
    {
        var test = new ServersOnBoard("a1 b1");
        UpstreamSettings settings = ServersOnBoard.SettingsOf("a1 b1", upstreamLines: line).Upstreams[0];
        var servers = new GroupServers();
        servers.Set(test.All, settings);
        foreach (char name in down)
            test.Slot(name.ToString()).IsUp = false;
        Assert.True(servers.NeedsLook || settings.WhenAllDown == WhenAllDown.Refuse);

        servers.Look(nowMs: 0, load: 0);

        Assert.Equal(expected, string.Concat(test.All.Where(static server => server.Standing.TakesRequests).Select(static server => server.Name)));
        Assert.Equal(expected.Length > 0, servers.HasAny);
        foreach (char name in down)
            test.Slot(name.ToString()).IsUp = true;
        servers.Look(nowMs: 1, load: 0);
        Assert.All(test.All, static server => Assert.False(server.Standing.IsForced));
    }

    private static (ServersOnBoard Test, ServerTiers Tiers) Of(string ranks, int failoverBelow = 0, bool allBackups = false)
    {
        string[] entries = ranks.Split(' ');
        var test = new ServersOnBoard(string.Join(' ', entries.Select(static entry => char.ToLowerInvariant(entry[0]) + "1")));
        for (int i = 0; i < entries.Length; i++)
            test.All[i].Standing.Apply(1, test.Slot(test.All[i].Name), entries[i][1] - '0', isBackup: char.IsUpper(entries[i][0]));
        string lines = $"failover_below = {failoverBelow}\nall_backups = {(allBackups ? "true" : "false")}";
        return (test, new ServerTiers(test.All, ServersOnBoard.SettingsOf("a1", upstreamLines: lines).Upstreams[0]));
    }

    private static string Asked(ServerTiers tiers, UpstreamServer? except)
    {
        string asked = "";
        foreach (UpstreamServer server in tiers.UpTo(tiers.Active(except)))
            asked += server.Standing.TakesRequests ? server.Name : "";
        return asked;
    }
}
