using System;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Text.Json;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>Server-sent events of the admin endpoint, read by a client that sees each byte.</summary>
[Trait("layer", "no")] // The admin endpoint has no layer.
public sealed class EventStreamTests
{
    private const int StreamsMax = 8;
    private const string Token = "0123456789abcdef0123456789abcdef";

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Stream_TellsWhatHappens(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(workers));
        await using RawClient stream = await Ask(proxy);
        Assert.Contains("\r\nContent-Type: text/event-stream\r\n", await stream.ReadHead(), StringComparison.Ordinal);
        string first = await stream.ReadThrough("event: tick\n");
        foreach (string name in (string[])["status", "servers", "listeners", "counters", "closes", "certificates", "sessions"])
            Assert.Contains($"event: {name}\ndata: {{", first, StringComparison.Ordinal);
        await using RawClient client = await proxy.Connect();
        await client.Ask("/");
        Assert.Null((await stream.ReadUntil(static said => said.Contains("\"2xx\": 1", StringComparison.Ordinal)
            && said.Contains("\"nativeproxy_requests_total\": 1,", StringComparison.Ordinal)
            && said.Contains("\"state\": \"idle\"", StringComparison.Ordinal))).End);
        await proxy.Reload(static text => text + "\n# the same\n");
        Assert.Null((await stream.ReadUntil(static said => said.Contains("\"load\": 2,", StringComparison.Ordinal))).End);
    }

    [Fact]
    public async Task StreamsThatNobodyReads_HoldNobodyUp()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(2));
        var streams = new RawClient[StreamsMax];
        for (int i = 0; i < streams.Length; i++)
            streams[i] = await Ask(proxy, receiveBufferBytes: 2048);

        // Each has its place when it has been answered: they need not come in the order in which they were asked for.
        foreach (RawClient stream in streams)
            await stream.ReadHead();
        await using (RawClient another = await Ask(proxy))
            Assert.StartsWith("HTTP/1.1 503 ", await another.ReadHead(), StringComparison.Ordinal);
        Assert.Equal(200, (await proxy.AskOnce()).Status);
        Assert.Equal(1, await proxy.Metric("nativeproxy_requests_total"));
        streams[0].Reset();
        await Deadline.Until(
            async () =>
            {
                await using RawClient another = await Ask(proxy);
                return (await another.ReadHead()).StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal);
            },
            () => "the place of a stream that has gone");
        foreach (RawClient stream in streams)
            await stream.DisposeAsync();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task EndOfTheProcess_EndsTheStream_AndAnUpgradeHasAnother(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(workers));
        await using RawClient stream = await Ask(proxy);
        await stream.ReadThrough($"\"pid\": {proxy.Id},");
        Assert.True(await proxy.Upgrade());
        Assert.Equal(StreamEnd.Fin, (await stream.ReadToEnd()).End);
        await using RawClient next = await Ask(proxy);
        await next.ReadThrough($"\"pid\": {proxy.Id},");
        proxy.Signal(LinuxSignals.Terminate);
        (string said, StreamEnd end) = await next.ReadToEnd();
        Assert.Equal(StreamEnd.Fin, end);
        Assert.EndsWith("}\n\n", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TokenThatIsExchanged_EndsTheStream()
    {
        string file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, Token);
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Admin($"read_token_file = \"{file}\""));
        await using (RawClient nobody = await Ask(proxy))
            Assert.StartsWith("HTTP/1.1 401 ", await nobody.ReadHead(), StringComparison.Ordinal);
        await using RawClient stream = await Ask(proxy, $"Authorization: Bearer {Token}\r\n");
        await stream.ReadThrough("event: tick\n");
        await stream.ReadThrough("event: tick\n");
        await File.WriteAllTextAsync(file, "another" + Token);
        Assert.Equal(StreamEnd.Fin, (await stream.ReadToEnd()).End);
        File.Delete(file);
    }

    [Fact]
    public async Task ClientOfHttp10_IsToldAsWell()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin));
        await using RawClient client = await RawClient.Connect(proxy.AdminPort);
        await client.Send("GET /api/events?every=1&order=newest HTTP/1.0\r\nHost: localhost\r\n\r\n");
        Assert.DoesNotContain("chunked", await client.ReadHead(), StringComparison.Ordinal);
        for (int i = 0; i < 3; i++)
            await client.ReadThrough("event: tick\n");
    }

    /// <summary>One session by its number, as its story on the page asks for it, wherever it is.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task OneSession_IsFoundInAnyWorker(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(workers));
        await using RawClient client = await proxy.Connect();
        await client.SendGet();
        await (await origin.Accept()).ReadHead();
        using var asking = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{proxy.AdminPort}") };
        JsonElement[] sessions = [.. (await Json(asking, "/api/sessions")).GetProperty("sessions").EnumerateArray()];
        long id = sessions.Single().GetProperty("id").GetInt64();
        JsonElement session = (await Json(asking, $"/api/sessions/{id}")).GetProperty("session");
        Assert.Equal("timeouts.response", session.GetProperty("deadlines")[0].GetProperty("key").GetString());
        Assert.Equal(1, session.GetProperty("server_connection").GetProperty("uses").GetInt32());
        using HttpResponseMessage none = await asking.GetAsync(new Uri($"/api/sessions/{id + 1000}", UriKind.Relative));
        Assert.Equal(404, (int)none.StatusCode);
    }

    private static async Task<JsonElement> Json(HttpClient client, string path)
    {
        using var document = JsonDocument.Parse(await client.GetStringAsync(new Uri(path, UriKind.Relative)));
        return document.RootElement.Clone();
    }

    private static async Task<RawClient> Ask(ProxyUnderTest proxy, string fields = "", int receiveBufferBytes = 0)
    {
        RawClient client = await RawClient.Connect(proxy.AdminPort, receiveBufferBytes);
        await client.Send($"GET /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\n{fields}\r\n");
        return client;
    }
}
