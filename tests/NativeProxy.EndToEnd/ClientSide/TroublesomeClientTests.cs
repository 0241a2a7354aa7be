using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.ClientSide;

/// <summary>Clients that vanish, reset or never read must cost nothing lasting: gauges and descriptors return to where they were.</summary>
public sealed class TroublesomeClientTests
{
    private const int Rounds = 20;

    [Fact]
    public async Task ClientsThatResetInsideAHead_CostNothingLasting() => await ExpectNothingLeft(async (proxy, _) =>
    {
        await using RawClient client = await proxy.Connect();
        await client.Send("GET / HTTP/1.1\r\nHos");
        client.Reset();
    });

    [Fact]
    public async Task ClientsThatCloseInsideAHead_CostNothingLasting() => await ExpectNothingLeft(async (proxy, _) =>
    {
        await using RawClient client = await proxy.Connect();
        await client.Send("GET / HTTP/1.1\r\nHos");
    });

    [Fact]
    public async Task ClientsThatResetBeforeTheResponse_CostNothingLasting() => await ExpectNothingLeft(async (proxy, origin) =>
    {
        await using RawClient client = await proxy.Connect();
        await client.SendGet();
        OriginConnection server = await origin.Accept();
        await server.ReadRequest();
        client.Reset();
        await server.ExpectReset();
    });

    [Fact]
    public async Task ClientsThatResetInsideABody_CostNothingLasting() => await ExpectNothingLeft(async (proxy, origin) =>
    {
        await using RawClient client = await proxy.Connect();
        await client.Send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nabc");
        OriginConnection server = await origin.Accept();
        await server.ReadThrough("abc");
        client.Reset();
        await server.ExpectReset();
    });

    [Fact]
    public async Task ClientsThatResetInsideTheResponse_CostNothingLasting() => await ExpectNothingLeft(async (proxy, origin) =>
    {
        await using RawClient client = await proxy.Connect();
        await client.SendGet();
        OriginConnection server = await origin.Accept();
        await server.ReadRequest();
        await server.Send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc");
        await client.ReadThrough("abc");
        client.Reset();
        await server.ExpectReset();
    });

    [Fact]
    public async Task ClientsThatResetWhileTheServerIsBeingConnected_CostNothingLasting() => await ExpectNothingLeft(async (proxy, origin) =>
    {
        await using RawClient client = await proxy.Connect();
        await proxy.Freeze();
        await client.SendGet();
        client.Reset();
        proxy.Thaw();
    });

    [Fact]
    public async Task ClientsThatResetBehindAPipeline_CostNothingLasting() => await ExpectNothingLeft(async (proxy, origin) =>
    {
        await using RawClient client = await proxy.Connect();
        await client.Send(RawClient.Get("/1") + RawClient.Get("/2") + RawClient.Get("/3"));
        OriginConnection server = await origin.Accept();
        await server.ReadRequest();
        client.Reset();
        await server.ExpectReset();
    });

    [Fact]
    public async Task AClientThatNeverReads_IsResetAfterTheSendTimeout()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener("timeouts.send = \"500ms\""));
        await proxy.Metric("nativeproxy_requests_total");
        int descriptors = ProcessView.DescriptorCount(proxy.Id);
        await using RawClient client = await proxy.Connect(receiveBufferBytes: 16 * 1024);
        var time = new PassingTime();
        await client.SendGet();
        OriginConnection server = await origin.Accept();
        await server.ReadRequest();
        await server.Send("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
        byte[] block = new byte[1024 * 1024];
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            for (int i = 0; i < 1000; i++)
                await server.Send(block);
        });
        time.AssertAtLeast(500);
        await proxy.WaitUntilIdle();
        await Deadline.Until(() => ProcessView.DescriptorCount(proxy.Id) <= descriptors, () => "the descriptors to be released");
        Assert.Equal(1, await proxy.Metric("nativeproxy_timeouts_total{kind=\"client_send\"}"));
        string line = await proxy.Output.WaitFor("GET / ");
        Assert.Contains(" cD-- ", line, StringComparison.Ordinal);
        Assert.EndsWith(" rs=send_timeout why=-", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AClientThatReadsSlowly_IsNotTakenForOneThatNeverReads()
    {
        const int bodyBytes = 24 * 1024 * 1024;
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener("timeouts.send = \"2s\""));
        await using RawClient client = await proxy.Connect(receiveBufferBytes: 64 * 1024);
        await client.SendGet();
        OriginConnection server = await origin.Accept();
        await server.ReadRequest();
        Task sending = server.Send(System.Text.Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {bodyBytes}\r\n\r\n"
            + new string('x', bodyBytes)));
        await client.ReadHead();
        var time = new PassingTime();
        for (int i = 0; i < 12; i++)
        {
            await client.Skip(bodyBytes / 12);
            await PassingTime.Of(250);
        }
        time.AssertAtLeast(2500);
        await sending;
        await client.SendGet();
        await server.Answer();
        Assert.Equal(200, (await client.ReadResponse()).Status);
    }

    [Fact]
    public async Task MoreClientsThanAllowed_WaitUntilThereIsRoom_AndAreServed()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Runtime("max_connections = 3"));
        var clients = new RawClient[8];
        var answers = new Task<HttpResponse>[8];
        for (int i = 0; i < clients.Length; i++)
        {
            clients[i] = await proxy.Connect();
            await clients[i].SendGet();
            answers[i] = clients[i].ReadResponse();
        }
        for (int i = 0; i < clients.Length; i++)
        {
            Assert.Equal(200, (await answers[i]).Status);
            Assert.InRange(await proxy.Metric("nativeproxy_client_connections_open"), 0, 3);
            clients[i].Close();
        }
    }

    [Theory]
    [Trait("layer", "no")] // a client that waits to be accepted has no handshake yet
    [InlineData(1, 90)]
    [InlineData(2, 256)]
    [Trait("promise", "B14")]
    public async Task MoreClientsThanDescriptors_WaitToBeAccepted_AndNoneIsRefusedForOurOwnShortage(int workers, int descriptorsMax)
    {
        int count = workers == 1 ? 70 : 1000;
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(workers).WithDescriptors(descriptorsMax));
        RawClient[] clients = await Task.WhenAll(Enumerable.Range(0, count).Select(_ => proxy.Connect()));
        await Task.WhenAll(clients.Select((client, i) => client.SendGet("/" + i)));

        // As many as can be are under way at once, none of them answered.
        int first = descriptorsMax * workers / 5;
        var held = new List<OriginConnection>();
        while (held.Count < first)
            held.Add(await origin.Accept());
        foreach (OriginConnection connection in held)
            _ = AnswerAll(connection);
        _ = Serve();

        foreach (RawClient client in clients)
        {
            HttpResponse response = await client.ReadResponse();
            Assert.True(response.Status == 200,
                $"{response.Status}: {proxy.Output.Lines.FirstOrDefault(line => line.Contains($" {response.Status} ", StringComparison.Ordinal))}");
            client.Close();
        }
        Assert.Equal(0, await proxy.Metric("nativeproxy_accept_failures_total"));

        async Task Serve()
        {
            while (true)
                _ = AnswerAll(await origin.Accept());
        }

        static async Task AnswerAll(OriginConnection connection)
        {
            while (await connection.ReadToHeadOrEnd() != "")
                await connection.Send(OriginConnection.Ok);
        }
    }

    /// <summary>Lets so many clients misbehave and compares what the proxy holds before and after.</summary>
    private static async Task ExpectNothingLeft(Func<ProxyUnderTest, ScriptedOrigin, Task> misbehave)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        await misbehave(proxy, origin);
        await proxy.WaitUntilIdle();
        int descriptors = ProcessView.DescriptorCount(proxy.Id);
        for (int i = 0; i < Rounds; i++)
            await misbehave(proxy, origin);
        await proxy.WaitUntilIdle();
        await Deadline.Until(() => ProcessView.DescriptorCount(proxy.Id) <= descriptors,
            () => $"{descriptors} descriptors, there are {ProcessView.DescriptorCount(proxy.Id)}");
        Assert.DoesNotContain(proxy.Errors.Lines, line => line.Contains(" error ", StringComparison.Ordinal));
    }
}
