using System;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary>Servers that fail their health checks get no requests, those that pass them again do.</summary>
[Trait("layer", "no")] // health checks, which no loop carries, speak no records
public sealed class HealthCheckTests
{
    private const string BUp = "nativeproxy_server_up{upstream=\"app\",server=\"b\"}";

    [Theory]
    [InlineData(1, "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", "it answers with status 500")]
    [InlineData(1, "HTTP/1.1 404 Gone\r\nContent-Length: 0\r\n\r\n", "it answers with status 404")]
    [InlineData(2, "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", "it answers with status 500")]
    public async Task ServerThatFailsItsHttpCheck_GetsNothing_UntilItPassesAgain(int workers, string sick, string reason)
    {
        await using var a = new Patient('a');
        await using var b = new Patient('b');
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(HttpChecked(a, b).WithWorkers(workers));
        await WaitUntilProven(proxy, "b");
        b.HealthAnswer = sick;
        await proxy.WaitForMetric(BUp, 0);
        for (int i = 0; i < 12; i++)
            Assert.Equal("a", (await proxy.AskOnce()).Body);
        await proxy.Errors.WaitFor($" warn server \"b\" of upstream \"app\" is down: {reason}; 1 of 2 servers are up");

        b.HealthAnswer = OriginConnection.Ok;
        await proxy.WaitForMetric(BUp, 1);
        await proxy.Errors.WaitFor(" info server \"b\" of upstream \"app\" is up again: it answers with status 200; 2 of 2 servers are up");
        await Deadline.Until(async () => (await proxy.AskOnce()).Body == "b", () => "b to be asked again");
        Assert.Equal(1, await proxy.Metric("nativeproxy_server_downs_total{upstream=\"app\",server=\"b\"}"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task ServerThatRefusesTheTcpCheck_IsNotTriedAnyMore(int workers)
    {
        using var dead = new DeadServer();
        await using ScriptedOrigin alive = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(alive.Address, dead.Address).WithWorkers(workers)
            .Upstream("[upstream.health]", "type = \"tcp\"", "interval = \"50ms\"", "timeout = \"2s\""));
        await proxy.WaitForMetric(BUp, 0);
        for (int i = 0; i < 10; i++)
            Assert.Equal(200, (await proxy.AskOnce()).Status);
        Assert.Equal(0, await proxy.Metric("nativeproxy_server_connect_failures_total{reason=\"refused\"}"));
        await proxy.WaitForMetric("nativeproxy_server_up{upstream=\"app\",server=\"a\"}", 1);
        await proxy.Errors.WaitFor("is down: it refuses connections; 1 of 2 servers are up");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task AllServersDown_IsAnsweredWith503_AndNothingIsForwarded(int workers)
    {
        await using var a = new Patient('a') { HealthAnswer = "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n" };
        await using var b = new Patient('b') { HealthAnswer = "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n" };
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(HttpChecked(a, b).WithWorkers(workers));
        await proxy.Errors.WaitFor("is down: it answers with status 503; no server is left");
        HttpResponse response = await proxy.AskOnce();
        Assert.Equal(503, response.Status);
        Assert.Contains("No server is available", response.Body, StringComparison.Ordinal);
        Assert.Equal(0, a.RequestCount + b.RequestCount);
        a.HealthAnswer = OriginConnection.Ok;
        await proxy.Errors.WaitFor("server \"a\" of upstream \"app\" is up again");
        Assert.Equal("a", (await proxy.AskOnce()).Body);
    }

    [Fact]
    public async Task ServerThatNeverAnswersTheCheck_GoesDownAtTheTimeout()
    {
        await using var a = new Patient('a');
        await using var b = new Patient('b') { HealthAnswer = "" };
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(HttpChecked(a, b, "timeout = \"2s\""));
        await proxy.WaitForMetric(BUp, 0);
        await proxy.Errors.WaitFor("server \"b\" of upstream \"app\" is down: it does not answer in time");
        Assert.Equal("a", (await proxy.AskOnce()).Body);
        Assert.Equal("a", (await proxy.AskOnce()).Body);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task ServerThatGoesDown_LosesItsIdleConnections_RunningExchangesFinish(int workers)
    {
        await using var a = new Patient('a');
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(HttpChecked(a).WithWorkers(workers));
        await WaitUntilProven(proxy, "a");
        await using RawClient idle = await proxy.Connect();
        Assert.Equal("a", (await idle.Ask()).Body);
        await proxy.WaitForMetric("nativeproxy_server_connections_idle", 1);
        await using RawClient busy = await proxy.Connect();
        await busy.SendGet("/hold");
        await Deadline.Until(() => a.RequestCount == 2, () => "the second request");

        a.HealthAnswer = "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n";
        await proxy.WaitForMetric("nativeproxy_server_up{upstream=\"app\",server=\"a\"}", 0);
        await proxy.WaitForMetric("nativeproxy_server_connections_idle", 0);
        Assert.InRange(await proxy.Metric("nativeproxy_server_closes_total{reason=\"server_down\"}"), 0, 1);
        a.Release();
        Assert.Equal("a", (await busy.ReadResponse()).Body);

        // One process may have served both requests on one connection, or two on one each; all were closed because the server is down.
        await proxy.WaitForMetric("nativeproxy_server_connections_open", 0);
        Assert.InRange(await proxy.Metric("nativeproxy_server_closes_total{reason=\"server_down\"}"), 1, 2);
    }

    [Fact]
    public async Task RequestsThatWait_AreAnsweredAtOnceWhenNoServerIsLeft()
    {
        await using var a = new Patient('a');
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(HttpChecked(a).EachServer("max_connections = 1"));
        await WaitUntilProven(proxy, "a");
        await using RawClient running = await proxy.Connect();
        await running.SendGet("/hold");
        await Deadline.Until(() => a.RequestCount == 1, () => "the first request");
        await using RawClient waiting = await proxy.Connect();
        await waiting.SendGet("/waiting");
        await proxy.WaitForMetric("nativeproxy_queue_waiting", 1);

        a.HealthAnswer = "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n";
        Assert.Equal(503, (await waiting.ReadResponse()).Status);
        a.Release();
        Assert.Equal("a", (await running.ReadResponse()).Body);
        Assert.Equal(1, a.RequestCount);
        Assert.Equal(0, await proxy.Metric("nativeproxy_timeouts_total{kind=\"queue\"}"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Reload_KeepsADownServerDown(int workers)
    {
        await using var a = new Patient('a');
        await using var b = new Patient('b') { HealthAnswer = "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n" };
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(HttpChecked(a, b).WithWorkers(workers).Listener("forwarded.via = \"before\""));
        await proxy.WaitForMetric(BUp, 0);

        await proxy.Reload(static text => text.Replace("before", "after", StringComparison.Ordinal).Replace("50ms", "1h", StringComparison.Ordinal));

        // Checks are an hour apart now: what holds is what was known before.
        Assert.Equal(0, await proxy.Metric(BUp));
        await Deadline.Until(
            async () =>
            {
                Assert.Equal("a", (await proxy.AskOnce()).Body);
                return a.LastRequest.Contains("Via: 1.1 after", StringComparison.Ordinal);
            },
            () => "a request with the new settings");
        for (int i = 0; i < 10; i++)
            Assert.Equal("a", (await proxy.AskOnce()).Body);
        Assert.Equal(1, await proxy.Metric("nativeproxy_server_downs_total{upstream=\"app\",server=\"b\"}"));
    }

    [Fact]
    public async Task ReloadThatSwitchesChecksOff_BringsTheServerBack()
    {
        await using var a = new Patient('a');
        await using var b = new Patient('b') { HealthAnswer = "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n" };
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(HttpChecked(a, b).WithWorkers(2));
        await proxy.WaitForMetric(BUp, 0);
        await proxy.Reload(static text => text.Replace("type = \"http\"", "type = \"off\"", StringComparison.Ordinal));
        await Deadline.Until(async () => (await proxy.AskOnce()).Body == "b", () => "b to be asked again");
    }

    [Fact]
    public async Task WorkerThatStartsAgain_KnowsWhichServersAreDown()
    {
        await using var a = new Patient('a');
        await using var b = new Patient('b') { HealthAnswer = "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n" };
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(HttpChecked(a, b).WithWorkers(2));
        await proxy.WaitForMetric(BUp, 0);
        LinuxSignals.Send(ProcessView.Children(proxy.Id)[0], LinuxSignals.Kill);
        await proxy.Errors.WaitFor(" started again");
        for (int i = 0; i < 20; i++)
            Assert.Equal("a", (await proxy.AskOnce()).Body);
        Assert.Equal(0, b.RequestCount);
    }

    [Fact]
    public async Task Checks_AreMadeOnceForAllWorkers_OnConnectionsOfTheirOwn()
    {
        await using var a = new Patient('a');
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(HttpChecked(a).WithWorkers(2));
        await Deadline.Until(() => a.CheckConnections.Length >= 5, () => "five checks");
        Assert.Equal("a", (await proxy.AskOnce()).Body);
        await Deadline.Until(() => a.CheckConnections.Length >= 8, () => "eight checks");
        int[] connections = a.CheckConnections;
        Assert.Equal(connections.Length, connections.Distinct().Count());
        Assert.DoesNotContain(a.RequestConnections.Single(), connections);
        Assert.Equal(1, await proxy.Metric("nativeproxy_server_connects_total"));

        // The checks that the proxy counts are those of one checker: as many as came, but for the ones on their way.
        Assert.InRange(await proxy.Metric("nativeproxy_server_checks_total{upstream=\"app\",server=\"a\"}"), connections.Length - 1,
            a.CheckConnections.Length + 1);
    }

    private static ProxyConfig HttpChecked(params Patient[] servers) => HttpChecked(servers, "timeout = \"5s\"");

    private static ProxyConfig HttpChecked(Patient a, Patient b, string timeout) => HttpChecked([a, b], timeout);

    private static ProxyConfig HttpChecked(Patient[] servers, string timeout) => ProxyConfig.For([.. servers.Select(server => server.Origin)])
        .Upstream("[upstream.health]", "type = \"http\"", "path = \"/health\"", "interval = \"50ms\"", timeout, "rise = 2", "fall = 2");

    /// <summary>Until its first success one failure takes a server down; these tests are about later ones.</summary>
    private static Task WaitUntilProven(ProxyUnderTest proxy, string server) => Deadline.Until(
        async () => await proxy.Metric($"nativeproxy_server_checks_total{{upstream=\"app\",server=\"{server}\"}}") > 0, () => "the first check");

    /// <summary>A server with a name, whose answer to health checks the test changes. It answers "/hold" when it is released.</summary>
    private sealed class Patient : IAsyncDisposable
    {
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Patient(char name)
        {
            string answer = $"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{name}";
            Origin = ScriptedOrigin.Answering(request =>
            {
                if (IsCheck(request))
                    return HealthAnswer;
                if (request.StartsWith("GET /hold ", StringComparison.Ordinal))
                    _released.Task.Wait(Deadline.Limit);
                return answer;
            });
        }

        public ScriptedOrigin Origin { get; }

        /// <summary>"" answers nothing.</summary>
        public string HealthAnswer { get; set; } = OriginConnection.Ok;

        /// <summary>Requests that are no checks.</summary>
        public int RequestCount => RequestConnections.Length;

        public int[] RequestConnections => [.. Origin.Requests.Where(request => !IsCheck(request.Request)).Select(request => request.Connection)];

        public int[] CheckConnections => [.. Origin.Requests.Where(request => IsCheck(request.Request)).Select(request => request.Connection)];

        public string LastRequest => Origin.Requests.Last(request => !IsCheck(request.Request)).Request;

        public void Release() => _released.SetResult();

        public ValueTask DisposeAsync()
        {
            _released.TrySetResult();
            return Origin.DisposeAsync();
        }

        private static bool IsCheck(string request) => request.StartsWith("GET /health ", StringComparison.Ordinal);
    }
}
