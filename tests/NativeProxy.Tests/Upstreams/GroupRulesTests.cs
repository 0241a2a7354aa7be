using NativeProxy.Upstreams.Groups;
using Xunit;

namespace NativeProxy.Tests.Upstreams;

public class GroupRulesTests
{
    private const string Pipelining = "[upstream.keepalive]\npipelining = 8\n";

    [Theory]
    [InlineData(Pipelining, 8)]
    [InlineData(Pipelining + "reuse = \"never\"", 1)]
    [InlineData(Pipelining + "[upstream.retry]\nattempts = 1", 1)]
    [InlineData(Pipelining + "[upstream.retry]\non = [\"connect_failure\"]", 1)]
    [InlineData(Pipelining + "[upstream.hedge]\nafter = \"1s\"", 1)]
    public void RequestsAreSentBehindOthers_OnlyWhereTheyMayBeSentAgain(string settings, int expected) =>
        Assert.Equal(expected, RulesOf(settings).Pipelining);

    [Theory]
    [InlineData("[upstream.retry]\nattempts = 1\nbody_bytes = \"4KiB\"", 0)]
    [InlineData("[upstream.retry]\nattempts = 2\nbody_bytes = \"4KiB\"", 4096)]
    public void BodyIsKept_OnlyWhereItMayBeSentAgain(string settings, int expected) =>
        Assert.Equal(expected, RulesOf(settings).Retry.ReplayBytesMax);

    [Theory]
    [InlineData("on = [\"stale\"]", false)]
    [InlineData("on = [\"503\"]", true)]
    [InlineData("on = [\"junk_response\"]", true)]
    [InlineData("on = [\"junk_response\"]\nattempts = 1", false)]
    public void RequestIsKeptUntilAHeadHasCome_WhereThatDecides(string settings, bool expected) =>
        Assert.Equal(expected, RulesOf("[upstream.retry]\n" + settings).Retry.LooksAtHeads);

    [Theory]
    [InlineData("balance = \"source_hash\"", true)]
    [InlineData("balance = \"hash\"", true)]
    [InlineData("balance = \"round_robin\"", false)]
    public void HashKey_IsLookedForWhereItChoosesOnly(string settings, bool expected) =>
        Assert.Equal(expected, RulesOf(settings).HashKey is not null);

    private static GroupRules RulesOf(string settings) => new(ServerUnderTest.SettingsOf(settings));
}
