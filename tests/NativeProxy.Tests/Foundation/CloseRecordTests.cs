using NativeProxy.Foundation;
using Xunit;

namespace NativeProxy.Tests.Foundation;

public class CloseRecordTests
{
    [Fact]
    public void ResetOfTheProxy_EndsAConnectionThatNobodyHadEnded() =>
        Assert.Equal(ClosedBy.ProxyReset, CloseRecord.WhoEnded(ClosedBy.Proxy, isResetByProxy: true));

    [Theory]
    [InlineData(ClosedBy.Peer)]
    [InlineData(ClosedBy.PeerReset)]
    public void ResetOfTheProxy_TakesNothingFromWhoEndedItBefore(object first) =>
        Assert.Equal(first, CloseRecord.WhoEnded((ClosedBy)first, isResetByProxy: true));

    [Theory]
    [InlineData(ClosedBy.Proxy)]
    [InlineData(ClosedBy.Peer)]
    [InlineData(ClosedBy.PeerReset)]
    public void OrderlyClose_LeavesItToWhoEndedItFirst(object first) =>
        Assert.Equal(first, CloseRecord.WhoEnded((ClosedBy)first, isResetByProxy: false));
}
