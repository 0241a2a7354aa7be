using System;
using System.Net;
using NativeProxy.Upstreams.Naming;
using NativeProxy.Upstreams.Origins;
using Xunit;

namespace NativeProxy.Tests.Upstreams.Naming;

public class ServerNameTests
{
    private readonly ServerName _name = new("app.test");

    [Fact]
    public void FirstAddresses_AreNews_AndTheAnswerSaysWhenToAskAgain()
    {
        Assert.Equal((NameChange.Found, 7000, "192.0.2.1"), Take(Found(7000, "192.0.2.1")));
        Assert.Equal((NameChange.None, 3000, "192.0.2.1"), Take(Found(3000, "192.0.2.1")));
    }

    [Fact]
    public void SameAddressesInAnotherOrder_AreNoNews()
    {
        Take(Found(1, "192.0.2.1", "192.0.2.2"));

        Assert.Equal((NameChange.None, 1, "192.0.2.1 192.0.2.2"), Take(Found(1, "192.0.2.2", "192.0.2.1")));
        Assert.Equal((NameChange.Moved, 1, "192.0.2.2"), Take(Found(1, "192.0.2.2")));
        Assert.Equal((NameChange.Moved, 1, "192.0.2.2 192.0.2.3"), Take(Found(1, "192.0.2.2", "192.0.2.3")));
    }

    [Fact]
    public void NameThatIsNotFound_IsLookedUpAgain_LaterEachTime_UpToABound()
    {
        Assert.Equal((NameChange.NotFound, 1000, ""), Take(Nothing));
        Assert.Equal((NameChange.None, 2000, ""), Take(Nothing));
        Assert.Equal((NameChange.None, 4000, ""), Take(Nothing));
        for (int i = 0; i < 100; i++)
            Assert.Equal((NameChange.None, 5000, ""), Take(Nothing));
        Assert.Equal((NameChange.FoundLate, 9, "192.0.2.1"), Take(Found(9, "192.0.2.1")));
        Assert.Equal((NameChange.KeptOld, 1000, "192.0.2.1"), Take(Nothing));
    }

    [Fact]
    public void LastGoodAnswer_IsKeptWhileLaterOnesFail()
    {
        Take(Found(1, "192.0.2.1"));

        Assert.Equal((NameChange.KeptOld, 1000, "192.0.2.1"), Take(Nothing));
        Assert.Equal((NameChange.None, 2000, "192.0.2.1"), Take(Nothing));
        Assert.Equal((NameChange.FoundAgain, 5, "192.0.2.1"), Take(Found(5, "192.0.2.1")));
        Assert.Equal((NameChange.KeptOld, 1000, "192.0.2.1"), Take(Nothing));
        Assert.Equal((NameChange.Moved, 5, "192.0.2.2"), Take(Found(5, "192.0.2.2")));
        Assert.False(_name.HasFailed);
    }

    [Fact]
    public void FamilyWithoutAnAnswer_KeepsTheAddressesThatItHad()
    {
        Take(Found(1, "192.0.2.1", "2001:db8::1"));

        Assert.Equal((NameChange.None, 1, "192.0.2.1 2001:db8::1"), Take(Found(1, "192.0.2.1") with { IsPartial = true }));
        Assert.Equal((NameChange.Moved, 1, "192.0.2.9 2001:db8::1"), Take(Found(1, "192.0.2.9") with { IsPartial = true }));
        Assert.Equal((NameChange.Moved, 1, "192.0.2.9"), Take(Found(1, "192.0.2.9")));
    }

    [Fact]
    public void WithoutKeepingTheLastGoodOnes_AFailureTakesTheAddresses()
    {
        Take(Found(1, "192.0.2.1"));

        Assert.Equal((NameChange.Lost, 1000, ""), Take(Nothing, keepsLastGood: false));
        Assert.Equal((NameChange.None, 2000, ""), Take(Nothing, keepsLastGood: false));
        Assert.Equal((NameChange.FoundLate, 1, "192.0.2.1"), Take(Found(1, "192.0.2.1"), keepsLastGood: false));
    }

    private static NameAnswer Nothing => new(NameOutcome.NoAnswer, [], 5000, "no answer");

    private (NameChange Change, long DelayMs, string Addresses) Take(NameAnswer answer, bool keepsLastGood = true)
    {
        NameChange change = _name.Take(answer, negativeTtlMs: 5000, keepsLastGood, out long delayMs);
        return (change, delayMs, string.Join(' ', (object[])_name.Addresses));
    }

    private static NameAnswer Found(long ttlMs, params string[] addresses) =>
        new(NameOutcome.Found, Array.ConvertAll(addresses, IPAddress.Parse), ttlMs, "DNS");
}
