using System;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;
using Xunit.Abstractions;

namespace NativeProxy.EndToEnd.Endurance;

/// <summary>
/// 20,000 connections (times NATIVEPROXY_ENDURANCE) that open and vanish, by FIN or RST, at various moments. It shows descriptors and
/// socket states before, during and after in the test's output: <c>dotnet test --filter VanishingClients --logger "console;verbosity=detailed"</c>.
/// </summary>
[Collection(AloneCollection.Name)]
public sealed class VanishingClientsTests(ITestOutputHelper output)
{
    private const int WaveConnections = 400;

    /// <summary>Addresses that clients come from, so that closed connections, which keep their ports for a minute, do not use them up.</summary>
    private const int SourceAddresses = 8;

    private static readonly int Waves = 50 * Load.Scale;
    private static readonly byte[] HalfHead = Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nHost: h\r\nX-Ha");
    private static readonly byte[] Request = Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nHost: h\r\n\r\n");

    /// <summary>When a client vanishes.</summary>
    private enum Moment
    {
        AtOnce,
        InsideTheHead,
        BehindTheRequest,
        OnceTheServerHasTheRequest,
    }

    [Fact]
    public async Task TwentyThousandConnectionsThatOpenAndVanish_LeaveNothing()
    {
        await using var origin = new MuteOrigin(keepsText: false, greets: true);
        await using ScriptedOrigin echo = Load.Echo();
        ProxyConfig config = Load.Config(origin.Address, echo).AddListener("early", "app")
            .Listener("timeouts.linger = \"300ms\"", "defer_accept = false");
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(config);
        int[] ports = [proxy.Port(), proxy.Port("early")];
        ProcessBaseline baseline = await ProcessBaseline.Of(proxy);
        await Show("before", proxy, ports, origin.Port);
        await using (Bystander bystander = await Bystander.Beside(proxy))
        {
            for (int wave = 0; wave < Waves; wave++)
            {
                Task vanishing = Load.AtOnce(WaveConnections,
                    i => Vanish(ports[i % 2], (Moment)(i / 2 % 4), withReset: i / 8 % 2 == 0, source: 2 + (i / 16 % SourceAddresses)));
                if (wave == Waves / 2)
                    await Show("during", proxy, ports, origin.Port);
                await vanishing;
                baseline.ExpectBoundedMemory();
            }
            await bystander.ExpectService();
        }
        await baseline.ExpectReturn();
        await origin.WaitUntilAllEnded();
        await Deadline.Until(() => !States(ports, origin.Port).Contains(SocketTable.CloseWait, StringComparison.Ordinal),
            () => "no socket in CLOSE-WAIT: " + States(ports, origin.Port));
        await Show("after ", proxy, ports, origin.Port);
        Assert.InRange(await proxy.Metric("nativeproxy_requests_total"), WaveConnections * Waves / 4, long.MaxValue);
        Assert.Equal("/afterwards", (await proxy.AskOnce("/afterwards", "echo")).Body);
    }

    private static async Task Vanish(int port, Moment moment, bool withReset, int source)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(new IPAddress([127, 0, 0, (byte)source]), 0));
        if (withReset)
            socket.LingerState = new LingerOption(true, 0);
        await Deadline.For(socket.ConnectAsync(IPAddress.Loopback, port), () => "a connection");
        if (moment != Moment.AtOnce)
            await socket.SendAsync(moment == Moment.InsideTheHead ? HalfHead : Request);
        if (moment == Moment.OnceTheServerHasTheRequest)
            Assert.NotEqual(0, await Deadline.For(socket.ReceiveAsync(new byte[64], SocketFlags.None), () => "the interim response"));
    }

    private static string States(int[] listenerPorts, int serverPort) => SocketTable.Describe(SocketTable.OfProxy(listenerPorts, [serverPort]));

    private async Task Show(string when, ProxyUnderTest proxy, int[] listenerPorts, int serverPort)
    {
        output.WriteLine($"{when}: sockets of the proxy's ports: {States(listenerPorts, serverPort)}; its descriptors: "
            + $"{string.Join(' ', ProcessView.DescriptorKinds(proxy.Id).Select(kind => $"{kind.Key}={kind.Value}"))}");
        output.WriteLine($"{when}: {ProcessView.ResidentBytes(proxy.Id) / 1024 / 1024} MiB resident; {await ProcessBaseline.Look(proxy)}");
    }
}
