using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>No connection closes without a reason: the sums per reason are the connections that were there.</summary>
public sealed class ConnectionAccountTests
{
    [Fact]
    public async Task EveryClose_IsCountedUnderOneReason_OnBothSides()
    {
        using var dead = new DeadServer();
        await using ScriptedOrigin origin = ScriptedOrigin.Answering(request => request.Split(' ')[1] switch
        {
            "/close" => "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
            "/surplus" => "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok!",
            "/bad" => "nonsense\r\n\r\n",
            "/error" => "HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nno",
            "/silent" => "",
            _ => OriginConnection.Ok,
        });
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).Listener("keepalive = { timeout = \"300ms\", after_error = false }", "timeouts.linger = \"100ms\"")
                .Upstream("timeouts.response = \"300ms\"", "keepalive.idle_timeout = \"200ms\"")
                .AddUpstream("dead", dead.Address).AddListener("dead", "dead").Listener("keepalive.timeout = \"300ms\""));
        string[] requests =
        [
            RawClient.Get(), RawClient.Get("/", "Connection: close\r\n"), "GET / HTTP/1.0\r\n\r\n", "bad\r\n\r\n", RawClient.Get("/close"),
            RawClient.Get("/surplus"), RawClient.Get("/bad"), RawClient.Get("/error"), RawClient.Get("/silent"), RawClient.Post("/", "x"),
        ];
        int count = 0;
        foreach (string listener in (string[])["web", "dead"])
        {
            foreach (string request in requests)
            {
                await using RawClient client = await proxy.Connect(listener);
                await client.Send(request);
                Assert.NotEqual("", (await client.ReadToEnd()).Text);
                await using RawClient impatient = await proxy.Connect(listener);
                await impatient.Send(request);
                impatient.Reset();
                count += 2;
            }
        }
        await proxy.WaitUntilIdle();
        await proxy.WaitForMetric("nativeproxy_server_connections_open", 0);
        Assert.Equal(count, await proxy.Metric("nativeproxy_client_connections_accepted_total"));
        Assert.Equal(count, await proxy.MetricSum("nativeproxy_client_closes_total"));
        Assert.Equal(await proxy.Metric("nativeproxy_server_connects_total"), await proxy.MetricSum("nativeproxy_server_closes_total"));
        Assert.Equal(0, await proxy.Metric("nativeproxy_client_closes_total{reason=\"internal_error\"}"));
    }
}
