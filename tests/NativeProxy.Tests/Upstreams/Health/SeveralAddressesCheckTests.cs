using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.Upstreams.Health;
using Xunit;

namespace NativeProxy.Tests.Upstreams.Health;

/// <summary>Checks of a name with several addresses, each a check that the test plays.</summary>
public class SeveralAddressesCheckTests
{
    private readonly List<string> _asked = [];

    [Fact]
    public async Task FirstAddressThatPasses_IsTheResult_AndIsAskedFirstFromThenOn()
    {
        Played a = new(this, "a", CheckOutcome.ConnectionRefused), b = new(this, "b", CheckOutcome.Connected),
            c = new(this, "c", CheckOutcome.Connected);
        var check = new SeveralAddressesCheck([a, b, c], timeoutMs: 60_000);

        Assert.Equal([CheckOutcome.Connected], await Run(check));
        Assert.Equal([CheckOutcome.Connected], await Run(check));
        b.Outcome = CheckOutcome.ConnectionRefused;
        Assert.Equal([CheckOutcome.Connected], await Run(check));

        Assert.Equal(["a", "b", "b", "b", "c"], _asked);
    }

    [Fact]
    public async Task NoAddressPasses_TheLastResultIsTheResult()
    {
        var check = new SeveralAddressesCheck([new Played(this, "a", CheckOutcome.ConnectionRefused),
            new Played(this, "b", CheckOutcome.BadResponse)], timeoutMs: 60_000);

        Assert.Equal([CheckOutcome.BadResponse], await Run(check));
        Assert.Equal(["a", "b"], _asked);
    }

    [Fact]
    public async Task SilentAddress_LeavesTimeForTheNext()
    {
        var check = new SeveralAddressesCheck([new Played(this, "a", CheckOutcome.ConnectTimeout) { IsSilent = true },
            new Played(this, "b", CheckOutcome.Connected)], timeoutMs: 100);

        Assert.Equal([CheckOutcome.Connected], await Run(check));
    }

    [Fact]
    public async Task TimeThatIsOver_IsTheResult_AndNoFurtherAddressIsAsked()
    {
        using var over = new CancellationTokenSource();
        var check = new SeveralAddressesCheck([new Played(this, "a", CheckOutcome.ConnectTimeout) { IsSilent = true },
            new Played(this, "b", CheckOutcome.Connected)], timeoutMs: 600_000);
        Task<List<CheckOutcome>> running = Run(check, over.Token);
        await over.CancelAsync();

        Assert.Equal([CheckOutcome.ConnectTimeout], await running);
        Assert.Equal(["a"], _asked);
    }

    [Fact]
    public void Check_IsTheSame_WhenItsAddressesAre()
    {
        Played a = new(this, "a", default), b = new(this, "b", default);
        var check = new SeveralAddressesCheck([a, b], 1);

        Assert.True(check.IsSameAs(new SeveralAddressesCheck([a, b], 1)));
        Assert.False(check.IsSameAs(new SeveralAddressesCheck([b, a], 1)));
        Assert.False(check.IsSameAs(new SeveralAddressesCheck([a], 1)));
        Assert.False(check.IsSameAs(a));
    }

    private static async Task<List<CheckOutcome>> Run(HealthCheck check, CancellationToken over = default)
    {
        var results = new List<CheckOutcome>();
        await check.RunAsync(result => results.Add(result.Outcome), over);
        return results;
    }

    /// <summary>Writes down that it was asked, and answers at once or not before its time is over.</summary>
    private sealed class Played(SeveralAddressesCheckTests test, string name, CheckOutcome outcome) : HealthCheck
    {
        public CheckOutcome Outcome { get; set; } = outcome;

        public bool IsSilent { get; init; }

        public override bool IsSameAs(HealthCheck other) => this == other;

        public override async Task RunAsync(Action<CheckResult> report, CancellationToken over)
        {
            test._asked.Add(name);
            if (IsSilent)
                await Task.Delay(Timeout.InfiniteTimeSpan, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            report(new CheckResult(Outcome));
        }
    }
}
