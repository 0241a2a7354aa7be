using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>The probes of the kernel on silent connections, as its own table of connections shows them.</summary>
public sealed class TcpKeepaliveTests
{
    private const string SevenSeconds = "tcp_keepalive = { enabled = true, idle = \"7s\", interval = \"3s\", count = 2 }";

    [Theory]
    [Trait("promise", "S1.11")]
    [Trait("promise", "S1.14")]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public async Task ProbesAreSetForEachSideByItself(bool onClients, bool onServers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        ProxyConfig config = ProxyConfig.For(origin);
        if (onClients)
            config = config.Listener(SevenSeconds);
        if (onServers)
            config = config.Upstream(SevenSeconds);
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(config);
        await using RawClient client = await proxy.Connect();
        Assert.Equal(200, (await client.Ask()).Status);

        // Acknowledgements of the last bytes have a timer of their own; the probes' one shows when that is done.
        await Deadline.Until(() => IsProbed(proxy.Port(), PortOf(client)) == onClients, () => "the client's timer");
        await Deadline.Until(() => AreProbedTo(origin.Port) == onServers, () => "the server's timer");
    }

    [Fact]
    [Trait("promise", "S1.12")]
    [Trait("promise", "S3.1")]
    public async Task PeerThatVanishedWithoutAWord_IsDroppedByTheProbes_AnAnsweringOneStays()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin)
            .Listener("tcp_keepalive = { enabled = true, idle = \"1s\", interval = \"1s\", count = 1 }", "keepalive.timeout = \"10m\""));
        await using RawClient staying = await proxy.Connect();
        RawClient vanishing = await proxy.Connect();
        Assert.Equal(200, (await staying.Ask()).Status);
        Assert.Equal(200, (await vanishing.Ask()).Status);

        if (!Vanish(vanishing.Socket))
            return; // It needs the right to administer the network.
        await Deadline.Until(async () => await proxy.Metric("nativeproxy_client_connections_open") == 1, () => "the vanished client to be dropped");

        Assert.Equal(200, (await staying.Ask()).Status);
        Assert.Equal(1, await proxy.Metric("nativeproxy_client_connections_open"));
    }

    private static int PortOf(RawClient client) => ((IPEndPoint)client.Socket.LocalEndPoint!).Port;

    private static bool IsProbed(int localPort, int remotePort) =>
        File.ReadLines("/proc/net/tcp")
            .Any(line => line.Contains($":{localPort:X4} 0100007F:{remotePort:X4} 01 ", StringComparison.Ordinal) && WaitsForProbe(line));

    private static bool AreProbedTo(int remotePort) =>
        File.ReadLines("/proc/net/tcp").Any(line => line.Contains($" 0100007F:{remotePort:X4} 01 ", StringComparison.Ordinal) && WaitsForProbe(line));

    /// <summary>Fields 5: kind of the running timer (2 = keepalive) and hundredths of a second until it fires.</summary>
    private static bool WaitsForProbe(string line)
    {
        string[] timer = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[5].Split(':');
        return timer[0] == "02" && int.Parse(timer[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture) is > 0 and <= 700;
    }

    /// <summary>Closes a socket without telling the peer (TCP_REPAIR); false when this process may not.</summary>
    private static bool Vanish(Socket socket)
    {
        const int Repair = 19;
        try
        {
            socket.SetRawSocketOption(6, Repair, [1, 0, 0, 0]);
        }
        catch (SocketException)
        {
            return false;
        }
        socket.Dispose();
        return true;
    }
}
