using System;
using System.Linq;
using NativeProxy.Foundation;
using NativeProxy.Metrics;
using NativeProxy.Sessions;
using Xunit;

namespace NativeProxy.Tests.Sessions;

public class CloseCountersTests
{
    [Fact]
    public void EveryReasonToClose_HasACounterOfItsOwnKind() =>
        Assert.All(
            Enum.GetValues<CloseReason>().Where(static reason => reason != CloseReason.None),
            static reason => Assert.NotEqual(CounterId.ClientClosesInternalError, CloseCounters.Of(reason)));

    [Fact]
    public void EveryReason_HasACodeOfItsOwn()
    {
        string[] codes = [.. Enum.GetValues<CloseReason>().Select(CloseReasons.CodeOf)];

        Assert.DoesNotContain("unknown", codes);
        Assert.Equal(codes.Length, codes.Distinct().Count());
        Assert.Equal(CloseReasons.Count, codes.Length);
    }
}
