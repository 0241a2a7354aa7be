using System;
using System.Text;
using NativeProxy.Admin;
using NativeProxy.Http1;
using NativeProxy.Metrics;
using NativeProxy.Tests.Metrics;
using NativeProxy.Tests.Upstreams;
using NativeProxy.Upstreams;
using Xunit;

namespace NativeProxy.Tests.Admin;

public class AdminRoutesTests
{
    private readonly CounterBoard _board = LastingCounters.CreateBoard();
    private readonly ServerBoard _servers = ServersOnBoard.NewBoard();
    private readonly CloseBoard _closes = CloseBoard.CreatePrivate(2);

    [Theory]
    [InlineData("/health", "ok\n")]
    [InlineData("/health?from=lb", "ok\n")]
    public void Health_IsOk(string target, string expected) => Assert.Equal((200, expected), Get(target));

    [Fact]
    public void Root_ListsThePaths()
    {
        (int status, string text) = Get("/");

        Assert.Equal(200, status);
        Assert.Contains("/health", text, StringComparison.Ordinal);
        Assert.Contains("/metrics", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Metrics_ShowTheCounters()
    {
        _board.Row(0).Add(CounterId.Requests, 41);

        SmallResponse response = new AdminRoutes(_board, _servers, _closes).Respond(HttpMethod.Get, "/metrics"u8);

        Assert.Equal((200, PrometheusText.ContentType), (response.StatusCode, response.ContentType));
        Assert.Contains(" 41\n", Encoding.UTF8.GetString(response.Body.Span), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/nothing")]
    [InlineData("/health/")]
    [InlineData("/Health")]
    [InlineData("*")]
    [InlineData("http://a/health")]
    public void OtherTargets_AreUnknown(string target) => Assert.Equal(404, Get(target).Status);

    [Theory]
    [InlineData(HttpMethod.Head, 200)]
    [InlineData(HttpMethod.Post, 405)]
    [InlineData(HttpMethod.Delete, 405)]
    [InlineData(HttpMethod.Other, 405)]
    public void OnlyReading_IsAllowed(object method, int expected) =>
        Assert.Equal(expected, new AdminRoutes(_board, _servers, _closes).Respond((HttpMethod)method, "/health"u8).StatusCode);

    private (int Status, string Text) Get(string target)
    {
        SmallResponse response = new AdminRoutes(_board, _servers, _closes).Respond(HttpMethod.Get, Encoding.ASCII.GetBytes(target));
        return (response.StatusCode, Encoding.UTF8.GetString(response.Body.Span));
    }
}
