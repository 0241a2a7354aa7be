using System;
using System.Linq;
using System.Text;
using System.Text.Json;
using NativeProxy.Admin;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Metrics;
using NativeProxy.Tests.Metrics;
using NativeProxy.Tests.Upstreams;
using NativeProxy.Upstreams.Board;
using Xunit;

namespace NativeProxy.Tests.Admin;

public class AdminRoutesTests
{
    private readonly CounterBoard _board = LastingCounters.CreateBoard();
    private readonly ServerBoard _servers = ServersOnBoard.NewBoard();
    private readonly CloseBoard _closes = CloseBoard.CreatePrivate(2);
    private readonly AdminTrial _trial = new();
    private readonly ServiceState _state;
    private readonly AdminPowers _powers = new(static _ => null, static _ => { }, static () => { }, static () => { });

    public AdminRoutesTests() => _state = _trial.State;

    private AdminRoutes Routes => new(_trial.Boards with { Counters = _board, Servers = _servers, Closes = _closes }, _state, _powers,
        TimeProvider.System);

    [Theory]
    [InlineData("/health", "ok\n")]
    [InlineData("/health?from=lb", "ok\n")]
    public void Health_IsOk(string target, string expected) => Assert.Equal((200, expected), Get(target));

    /// <summary>Dead, draining, degraded and ok are four things to a balancer; draining goes before degraded.</summary>
    [Theory]
    [InlineData(false, null, 200, "ok\n")]
    [InlineData(false, "worker 1 of 4 cannot start", 299, "degraded: worker 1 of 4 cannot start\n")]
    [InlineData(true, null, 503, "draining\n")]
    [InlineData(true, "worker 1 of 4 cannot start", 503, "draining\n")]
    public void Health_HasAStatusPerState(bool isDraining, string? shortage, int status, string text)
    {
        _state.IsDraining = isDraining;
        _state.Shortage = shortage;

        Assert.Equal((status, text), Get("/health"));
    }

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

        SmallResponse response = Routes.Respond(new SmallRequest(HttpMethod.Get, "/metrics"u8));

        Assert.Equal((200, PrometheusText.ContentType), (response.StatusCode, response.ContentType));
        Assert.Contains(" 41\n", Encoding.UTF8.GetString(response.Body.Span), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("promise", "B3")]
    public void Closes_ShowCountsPerReasonAndTheLatestOnesOfAllWorkers_NewestFirst()
    {
        _board.Row(0).Add(CloseCounters.Of(CloseReason.IdleTimeout), 5);
        _board.Row(0).Add(CloseCounters.Of(CloseReason.BadRequest), 2);
        _board.Row(0).Add(CloseCounters.Of(ServerCloseReason.ServerFin), 3);
        _board.Row(0).Add(CounterId.ServerClosedByPeer, 3);
        foreach ((int worker, long wallMs, long id) in new[] { (0, 1000L, 1L), (1, 3000L, 2L), (0, 2000L, 3L), (0, 2000L, 4L) })
        {
            _closes.Ring(worker)
                .Add(new CloseRecord { ClosedWallMs = wallMs, ConnectionId = id, Reason = (byte)CloseReason.IdleTimeout,
                Place = new RecordName("web"u8) });
        }

        SmallResponse response = Routes.Respond(new SmallRequest(HttpMethod.Get, "/closes"u8));
        JsonElement root = JsonDocument.Parse(response.Body).RootElement;

        Assert.Equal((200, "application/json"), (response.StatusCode, response.ContentType));
        Assert.Equal((7, 5, 2, 0),
            (Number(root, "client", "closed"), Number(root, "client", "reasons", "idle_timeout"), Number(root, "client", "reasons", "bad_request"),
                Number(root, "client", "reasons", "max_age")));
        Assert.Equal((3, 3, 3),
            (Number(root, "server", "closed"), Number(root, "server", "reasons", "server_fin"), Number(root, "server", "closed_by", "peer")));
        Assert.Equal(
            ["2 worker 1", "4 worker 0", "3 worker 0", "1 worker 0"],
            root.GetProperty("recent").EnumerateArray().Select(one => $"{one.GetProperty("connection_id")} worker {one.GetProperty("worker")}"));
        Assert.All(root.GetProperty("recent").EnumerateArray(),
            one => Assert.Equal(("idle_timeout", "web"), (one.GetProperty("reason").GetString(), one.GetProperty("listener").GetString())));
    }

    private static long Number(JsonElement root, params string[] path) =>
        path.Aggregate(root, static (element, name) => element.GetProperty(name)).GetInt64();

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
    public void OnlyReading_IsAllowed_AndARefusalSaysSo(object method, int expected)
    {
        SmallResponse response = Routes.Respond(new SmallRequest((HttpMethod)method, "/health"u8));

        Assert.Equal((expected, expected == 405 ? "Allow: GET, HEAD\r\n" : ""), (response.StatusCode, response.Fields));
    }

    [Theory]
    [InlineData("/health", true)]
    [InlineData("/health?from=lb", true)]
    [InlineData("/metrics", false)]
    [InlineData("/", false)]
    public void OnlyHealth_IsAProbe(string target, bool expected) =>
        Assert.Equal(expected, Routes.IsProbe(Encoding.ASCII.GetBytes(target)));

    private (int Status, string Text) Get(string target)
    {
        SmallResponse response =
            Routes.Respond(new SmallRequest(HttpMethod.Get, Encoding.ASCII.GetBytes(target)));
        return (response.StatusCode, Encoding.UTF8.GetString(response.Body.Span));
    }
}
