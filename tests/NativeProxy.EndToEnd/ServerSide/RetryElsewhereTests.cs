using System;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary>A server that falls before a byte of its answer, on a fresh connection: another one gets the request, if it may come twice.</summary>
public sealed class RetryElsewhereTests
{
    [Theory]
    [Trait("promise", "B2")]
    [InlineData("GET", "\r\n", true)]
    [InlineData("GET", "\r\n", false)]
    [InlineData("HEAD", "\r\n", true)]
    [InlineData("OPTIONS", "\r\n", true)]
    [InlineData("DELETE", "\r\n", true)]
    [InlineData("PUT", "Content-Length: 4\r\n\r\nbody", true)]
    [InlineData("PUT", "Content-Length: 4\r\n\r\nbody", false)]
    public async Task AnIdempotentRequest_IsAnsweredByAnotherServer(string method, string rest, bool withReset)
    {
        await using Scene scene = await Scene.Start();
        string request = $"{method} /x HTTP/1.1\r\nHost: h\r\n{rest}";
        await scene.Client.Send(request);
        (OriginConnection failed, Task<OriginConnection> other) = await scene.First();
        string first = await failed.ReadRequest();
        Fall(failed, withReset);
        OriginConnection server = await other;
        Assert.Equal(first, await server.Answer(method == "HEAD" ? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" : OriginConnection.Ok));
        Assert.Equal(200, (await scene.Client.ReadResponse(method)).Status);
        Assert.Contains(" rt=empty_response ", await scene.Proxy.Output.WaitFor($"{method} /x "), StringComparison.Ordinal);
        Assert.Equal(1, await scene.Proxy.Metric("nativeproxy_retries_total{cause=\"empty_response\"}"));
        Assert.Equal(2, scene.ConnectionCount);
    }

    [Theory]
    [Trait("promise", "B2")]
    [Trait("promise", "S4.18")]
    [InlineData("POST", "Content-Length: 4\r\n\r\nbody", true)]
    [InlineData("POST", "Content-Length: 4\r\n\r\nbody", false)]
    [InlineData("POST", "Content-Length: 0\r\n\r\n", true)]
    [InlineData("PATCH", "Content-Length: 4\r\n\r\nbody", true)]
    [InlineData("MKCOL", "\r\n", true)]
    public async Task ARequestThatIsNotIdempotent_IsNeverSentTwice(string method, string rest, bool withReset)
    {
        await using Scene scene = await Scene.Start("retry.unacknowledged = true");
        await scene.Client.Send($"{method} /x HTTP/1.1\r\nHost: h\r\n{rest}");
        (OriginConnection failed, _) = await scene.First();
        await failed.ReadRequest();
        Fall(failed, withReset);
        await scene.ExpectStatus(502);
        Assert.Equal(1, scene.ConnectionCount);
        Assert.Equal(0, await scene.Proxy.MetricSum("nativeproxy_retries_total"));
    }

    [Theory]
    [InlineData("retry.on = [\"connect_failure\", \"stale\"]", 0)]
    [InlineData("retry.attempts = 1", 0)]
    [InlineData("retry = { budget = 0, budget_min = 0 }", 1)]
    public async Task WhereItIsNotWanted_OrBeyondTheBudget_TheClientIsTold(string line, int overBudget)
    {
        await using Scene scene = await Scene.Start(line);
        await scene.Client.SendGet();
        (OriginConnection failed, _) = await scene.First();
        await failed.ReadRequest();
        failed.Reset();
        await scene.ExpectStatus(502);
        Assert.Equal(1, scene.ConnectionCount);
        Assert.Equal(overBudget, await scene.Proxy.Metric("nativeproxy_retries_over_budget_total"));
    }

    [Fact]
    public async Task TheBudgetIsUsedUp_ByTriesAndGrowsWithRequests()
    {
        await using Scene scene = await Scene.Start("retry = { budget = 50, budget_min = 0 }", "keepalive.enabled = false");
        foreach (int status in new[] { 502, 200, 502, 200 })
        {
            await scene.Client.SendGet();
            (OriginConnection failed, Task<OriginConnection> other) = await scene.First();
            await failed.ReadRequest();
            failed.Reset();
            if (status == 200)
                await (await other).Answer();
            else
                scene.Unused(other);
            await scene.ExpectStatus(status);
        }
        Assert.Equal(2, await scene.Proxy.Metric("nativeproxy_retries_over_budget_total"));
    }

    [Fact]
    public async Task WithOneServer_NoOtherTryIsMade()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        await using RawClient client = await proxy.Connect();
        await client.SendGet();
        OriginConnection server = await origin.Accept();
        await server.ReadRequest();
        server.Reset();
        Assert.Equal(502, (await client.ReadResponse()).Status);
        Assert.Equal(1, origin.ConnectionCount);
    }

    [Fact]
    public async Task AnAnswerThatHasBegun_IsNotReplaced()
    {
        await using Scene scene = await Scene.Start();
        await scene.Client.SendGet();
        (OriginConnection failed, _) = await scene.First();
        await failed.ReadRequest();
        await failed.Send("HTTP/1.1 2");
        failed.Close();
        await scene.ExpectStatus(502);
        Assert.Equal(1, scene.ConnectionCount);
    }

    [Fact]
    [Trait("promise", "B12")]
    public async Task ABodyLongerThanIsKept_CannotBeSentAgain()
    {
        await using Scene scene = await Scene.Start("retry.body_bytes = 1000");
        await scene.Client.Send("PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n" + new string('x', 1001));
        (OriginConnection failed, _) = await scene.First();
        await failed.ReadRequest();
        failed.Reset();
        await scene.ExpectStatus(502);
        Assert.Equal(1, scene.ConnectionCount);
    }

    [Fact]
    public async Task EveryTryCountsUnderAttempts()
    {
        await using Scene scene = await Scene.Start("retry.attempts = 2");
        await scene.Client.SendGet();
        (OriginConnection failed, Task<OriginConnection> other) = await scene.First();
        await failed.ReadRequest();
        failed.Reset();
        OriginConnection second = await other;
        await second.ReadRequest();
        second.Reset();
        await scene.ExpectStatus(502);
        Assert.Equal(2, scene.ConnectionCount);
    }

    [Theory]
    [InlineData("", "GET", 504)]
    [InlineData("retry.on = [\"response_timeout\"]", "GET", 200)]
    [InlineData("retry.on = [\"response_timeout\"]", "PUT", 200)]
    [InlineData("retry.on = [\"response_timeout\"]", "POST", 504)]
    public async Task ASilentServer_IsLeftForAnotherOne_WhereThatIsWanted(string line, string method, int status)
    {
        await using Scene scene = await Scene.Start("timeouts.response = \"2s\"", line);
        await scene.Client.Send($"{method} /x HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody");
        (OriginConnection silent, Task<OriginConnection> other) = await scene.First();
        string first = await silent.ReadRequest();
        if (status == 200)
        {
            await silent.ExpectReset();
            Assert.Equal(first, await (await other).Answer());
        }
        await scene.ExpectStatus(status);
        Assert.Contains(status == 200 ? " rt=response_timeout " : " rt=none ", await scene.Proxy.Output.WaitFor($"{method} /x "),
            StringComparison.Ordinal);
    }

    private static void Fall(OriginConnection server, bool withReset)
    {
        if (withReset)
            server.Reset();
        else
            server.Close();
    }

    /// <summary>Two servers, either of which may be asked first.</summary>
    private sealed class Scene(ScriptedOrigin origin, ScriptedOrigin second, ProxyUnderTest proxy, RawClient client) : ClientScene(origin, proxy,
        client)
    {
        private Task<OriginConnection>? _ofFirst;
        private Task<OriginConnection>? _lastOfFirst;
        private Task<OriginConnection>? _ofSecond;

        public int ConnectionCount => Origin.ConnectionCount + second.ConnectionCount;

        public static async Task<Scene> Start(params string[] upstreamLines)
        {
            ScriptedOrigin origin = ScriptedOrigin.Driven();
            ScriptedOrigin second = ScriptedOrigin.Driven();
            ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin, second).Upstream(upstreamLines));
            return new Scene(origin, second, proxy, await proxy.Connect());
        }

        /// <summary>The connection to the server that is asked first, and the next one to the other.</summary>
        public async Task<(OriginConnection Connection, Task<OriginConnection> Other)> First()
        {
            _ofFirst ??= Origin.Accept();
            _ofSecond ??= second.Accept();
            Task<OriginConnection> first = await Task.WhenAny(_ofFirst, _ofSecond);
            Task<OriginConnection> other = first == _ofFirst ? _ofSecond : _ofFirst;
            _lastOfFirst = _ofFirst;
            _ofFirst = _ofSecond = null;
            return (await first, other);
        }

        /// <summary>The other server was not asked: the next connection to it counts for the next request.</summary>
        public void Unused(Task<OriginConnection> other)
        {
            if (_lastOfFirst == other)
                _ofFirst = other;
            else
                _ofSecond = other;
        }

        public override async ValueTask DisposeAsync()
        {
            await base.DisposeAsync();
            await second.DisposeAsync();
        }
    }
}
