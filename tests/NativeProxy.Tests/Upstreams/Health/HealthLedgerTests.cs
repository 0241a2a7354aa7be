using NativeProxy.Upstreams.Health;
using Xunit;

namespace NativeProxy.Tests.Upstreams.Health;

public class HealthLedgerTests
{
    /// <summary>+ a check passed, - failed; then U the server went up, D it went down, . nothing changed.</summary>
    [Theory]
    [InlineData("+---", "...D")]
    [InlineData("+--+--+---", ".........D")]
    [InlineData("+---++", "...D.U")]
    [InlineData("+---+-++", "...D...U")]
    [InlineData("+---++---", "...D.U..D")]
    [InlineData("+++++", ".....")]
    public void ServerGoesDownAfterThreeFailuresInARow_AndUpAfterTwoSuccesses(string results, string expected) =>
        Assert.Equal(expected, Changes(new HealthLedger(isUp: true), results, rise: 2, fall: 3));

    [Theory]
    [InlineData("-", "D")]
    [InlineData("-++", "D.U")]
    [InlineData("-++--", "D.U..")]
    public void VeryFirstCheck_DecidesAlone(string results, string expected) =>
        Assert.Equal(expected, Changes(new HealthLedger(isUp: true), results, rise: 2, fall: 3));

    [Theory]
    [InlineData("-+", ".U")]
    [InlineData("++", "U.")]
    public void ServerThatIsKnownToBeDown_StaysSoUntilItRises(string results, string expected) =>
        Assert.Equal(expected, Changes(new HealthLedger(isUp: false), results, rise: 1, fall: 3));

    [Theory]
    [InlineData("+--", "U.D")]
    [InlineData("-+++", "...U")]
    public void NewServerThatBeginsAsDown_IsBroughtUpByItsFirstResultAlone(string results, string expected) =>
        Assert.Equal(expected, Changes(new HealthLedger(isUp: false, isNew: true), results, rise: 3, fall: 2));

    [Fact]
    public void FallOfOne_NeedsOneFailure() => Assert.Equal("..DU", Changes(new HealthLedger(isUp: true), "++-+", rise: 1, fall: 1));

    private static string Changes(HealthLedger ledger, string results, int rise, int fall)
    {
        string changes = "";
        foreach (char result in results)
        {
            changes += ledger.Record(result == '+', rise, fall) switch
            {
                HealthChange.WentUp => "U",
                HealthChange.WentDown => "D",
                _ => ".",
            };
        }
        return changes;
    }
}
