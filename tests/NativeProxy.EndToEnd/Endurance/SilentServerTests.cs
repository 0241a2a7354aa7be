using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Endurance;

/// <summary>Servers that do not answer, do not even accept, or answer byte by byte, under many requests at once.</summary>
public sealed class SilentServerTests
{
    private const int Clients = 100;

    [Fact]
    public async Task ServersThatAcceptAndNeverAnswer_Are504AtTheResponseTimeout_AndAreReset()
    {
        await using var origin = new MuteOrigin(keepsText: true);
        await using ScriptedOrigin echo = Load.Echo();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Load.Config(origin.Address, echo, upstream: ["timeouts.response = \"500ms\""]));
        ProcessBaseline baseline = await ProcessBaseline.Of(proxy);
        await ExpectFailure(proxy, 504, 500);
        await baseline.ExpectReturn();
        await origin.WaitUntilAllEnded();
        Assert.Equal(Clients, origin.Seen.Count);
        Assert.All(origin.Seen, seen => Assert.Equal(StreamEnd.Reset, seen.End));
        Assert.Equal(Clients, await proxy.Metric("nativeproxy_timeouts_total{kind=\"response\"}"));
    }

    [Fact]
    public async Task ServersThatNeverAccept_Are504AtTheConnectTimeout()
    {
        // A full backlog that nobody accepts: the kernel drops further attempts.
        using var full = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        full.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        full.Listen(0);
        int port = ((IPEndPoint)full.LocalEndPoint!).Port;
        await using RawClient waiting = await RawClient.Connect(port);
        await using ScriptedOrigin echo = Load.Echo();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            Load.Config($"127.0.0.1:{port}", echo, upstream: ["timeouts.connect = \"400ms\"", "retry.attempts = 1"]));
        ProcessBaseline baseline = await ProcessBaseline.Of(proxy);
        await ExpectFailure(proxy, 504, 400);
        await baseline.ExpectReturn();
        Assert.Equal(Clients, await proxy.Metric("nativeproxy_timeouts_total{kind=\"connect\"}"));
    }

    [Fact]
    public async Task ServersThatAnswerByteByByte_AreHeardOut_HoweverLongItTakesAltogether()
    {
        string[] responses =
        [
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\nX-Trailer: 1\r\n\r\n",
            "HTTP/1.1 200 OK\r\n\r\nhello",
            "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        ];
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ScriptedOrigin echo = Load.Echo();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Load.Config(origin.Address, echo,
            upstream: ["timeouts.response = \"2s\"", "keepalive.enabled = false"]));
        ProcessBaseline baseline = await ProcessBaseline.Of(proxy);
        await using (await Bystander.Beside(proxy))
        {
            Task servers = Load.AtOnce(20, async i =>
            {
                string response = responses[i % responses.Length];
                OriginConnection server = await origin.Accept();
                await server.ReadRequest();
                foreach (char one in response)
                {
                    await server.Send(one.ToString());
                    await PassingTime.Of((4000 / response.Length) + 1);
                }
                server.Close();
            });
            await Load.AtOnce(20, async _ =>
            {
                await using RawClient client = await proxy.Connect();
                var time = new PassingTime();
                await client.SendGet();
                string text = (await client.ReadUntil(soFar => SeenResponse.Of(soFar, end: null).Verdict == Verdict.Complete)).Text;
                Assert.Equal("hello", SeenResponse.Of(text, end: null).Body);
                time.AssertAtLeast(2000);
            });
            await servers;
        }
        await baseline.ExpectReturn();
    }

    /// <summary>Many clients at once get this status, not before that time, while others are served.</summary>
    private static async Task ExpectFailure(ProxyUnderTest proxy, int status, int afterMs)
    {
        await using (await Bystander.Beside(proxy))
        {
            await Load.AtOnce(Clients, async _ =>
            {
                await using RawClient client = await proxy.Connect();
                var time = new PassingTime();
                Assert.Equal(status, (await client.Ask()).Status);
                time.AssertAtLeast(afterMs);
            });
        }
    }
}
