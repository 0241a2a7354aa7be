using System.Linq;
using NativeProxy.Exchanges.Logged;
using NativeProxy.Logging;
using Xunit;

namespace NativeProxy.Tests.Exchanges;

public sealed class LogSamplingTests
{
    [Fact]
    public void OneInN_IsTheFirstAndThenEachNth()
    {
        var sampling = new LogSampling(oneIn: 3, slowMs: 0, errorStatus: 500, samplesErrors: false);

        Assert.Equal("x..x..x", string.Concat(Enumerable.Range(0, 7).Select(_ => sampling.Takes(Exchange()) ? 'x' : '.')));
    }

    [Theory]
    [InlineData(500, '-', true)]
    [InlineData(502, 'S', true)]
    [InlineData(-1, 'C', true)]
    [InlineData(200, 'S', true)]
    [InlineData(404, '-', false)]
    [InlineData(429, 'P', false)]
    [InlineData(200, '-', false)]
    public void WhatWentWrong_IsNeverLeftOut(int status, char endedBy, bool isError)
    {
        var errorsOnly = new LogSampling(oneIn: 0, slowMs: 0, errorStatus: 500, samplesErrors: false);
        var none = new LogSampling(oneIn: 0, slowMs: 0, errorStatus: 500, samplesErrors: true);

        Assert.Equal(isError, errorsOnly.Takes(Exchange(status, endedBy: endedBy)));
        Assert.False(none.Takes(Exchange(status, endedBy: endedBy)));
    }

    [Fact]
    public void ErrorsAreFromTheGivenStatusOn() =>
        Assert.True(new LogSampling(oneIn: 0, slowMs: 0, errorStatus: 400, samplesErrors: false).Takes(Exchange(404)));

    [Theory]
    [InlineData(499, false)]
    [InlineData(500, true)]
    public void SlowOnes_GetALine(int totalMs, bool takes) =>
        Assert.Equal(takes, new LogSampling(oneIn: 0, slowMs: 500, errorStatus: 500, samplesErrors: true).Takes(Exchange(totalMs: totalMs)));

    private static AccessNumbers Exchange(int status = 200, int totalMs = 1, char endedBy = '-') =>
        new() { Status = status, TotalMs = totalMs, EndedBy = (byte)endedBy };
}
