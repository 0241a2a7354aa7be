using System;
using NativeProxy.Foundation;
using Xunit;

namespace NativeProxy.Tests.Foundation;

public class ProxyErrorsTests
{
    [Fact]
    public void EveryError_HasARow() => Assert.All(Enum.GetValues<ProxyError>(), static error =>
    {
        ProxyErrorRow row = ProxyErrors.Of(error);

        Assert.True(Enum.IsDefined(row.Side), $"{error} has no side");
        Assert.True(row.Status is 0 or (>= 400 and < 600), $"{error} has status {row.Status}");
        Assert.Equal(row.Status != 0, row.Text.Length > 0);
        Assert.False(row.Text.EndsWith('.'), $"the text of {error} has the full stop that its answer adds");
    });

    /// <summary>A client's mistake is a 4xx, a server's a 5xx; the side letter in the log must not contradict the status.</summary>
    [Fact]
    public void SideAndStatus_AgreeAboutTheBlame() => Assert.All(Enum.GetValues<ProxyError>(), static error =>
    {
        ProxyErrorRow row = ProxyErrors.Of(error);

        if (row.Status != 0 && row.Side is ErrorSide.Server or ErrorSide.ServerTimeout or ErrorSide.Resource)
            Assert.InRange(row.Status, 500, 599);
        if (row.Status != 0 && row.Side is ErrorSide.Client or ErrorSide.ClientTimeout)
            Assert.True(row.Status is 0 or (>= 400 and < 500));
    });

    [Theory]
    [InlineData(ProxyError.ServerConnectTimeout, 504)]
    [InlineData(ProxyError.NoSourcePort, 503)]
    [InlineData(ProxyError.TotalTimeout, 504)]
    [InlineData(ProxyError.ServerResponseTimeout, 504)]
    [InlineData(ProxyError.ServerConnectFailed, 502)]
    [InlineData(ProxyError.ServerBadResponse, 502)]
    [InlineData(ProxyError.NoServerAvailable, 503)]
    [InlineData(ProxyError.RequestHeaderTimeout, 408)]
    public void Status_IsTheOneOfTheStandard(object error, int expected) => Assert.Equal(expected, ProxyErrors.Of((ProxyError)error).Status);
}
