using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.Config;
using NativeProxy.Hosting.Channels;
using NativeProxy.Tests.Config;
using NativeProxy.Tests.Transport;
using Xunit;

namespace NativeProxy.Tests.Hosting;

public class ListeningSocketsTests
{
    [Fact]
    public void EachWorker_GetsASocketOfItsOwnPerAddress()
    {
        int first = FreePort();
        int second = FreePort();
        List<ListeningSocket>[] opened = Open(workers: 3, out List<string> errors, $"127.0.0.1:{first}", $"127.0.0.1:{second}");

        Assert.Empty(errors);
        Assert.Equal(3, opened.Length);
        Assert.All(opened,
            sockets => Assert.Equal([($"127.0.0.1:{first}", first), ($"127.0.0.1:{second}", second)],
                sockets.Select(static socket => (socket.Bind, PortOf(socket)))));
        using (Peers.Connect(new IPEndPoint(IPAddress.Loopback, first)))
        using (Peers.Connect(new IPEndPoint(IPAddress.Loopback, second)))
            Close(opened);
    }

    [Fact]
    public void AnyAddress_TakesIpv4Clients()
    {
        int port = FreePort();
        List<ListeningSocket>[] opened = Open(workers: 1, out List<string> errors, $"*:{port}");

        Assert.Empty(errors);
        using (Peers.Connect(new IPEndPoint(IPAddress.Loopback, port)))
            Close(opened);
    }

    [Fact]
    public void PortInUse_IsToldAndNothingStaysOpen()
    {
        using Socket other = Peers.Listen();
        int taken = ((IPEndPoint)other.LocalEndPoint!).Port;
        int free = FreePort();

        List<ListeningSocket>[] opened = Open(workers: 2, out List<string> errors, $"127.0.0.1:{free}", $"127.0.0.1:{taken}");

        Assert.Equal([$"listener \"web\": 127.0.0.1:{taken} is in use by another program; stop that program or choose another port"], errors);
        Assert.All(opened, Assert.Empty);
        Close(Open(workers: 1, out errors, $"127.0.0.1:{free}"));
        Assert.Empty(errors);
    }

    [Fact]
    public void PortSharedByAnotherProgram_CountsAsInUse()
    {
        int port = FreePort();
        List<ListeningSocket>[] first = Open(workers: 1, out _, $"127.0.0.1:{port}");

        Open(workers: 1, out List<string> errors, $"127.0.0.1:{port}");

        Assert.Contains("is in use by another program", Assert.Single(errors), StringComparison.Ordinal);
        Close(first);
    }

    [Fact]
    public void AllProblems_AreToldAtOnce()
    {
        using Socket other = Peers.Listen();
        int taken = ((IPEndPoint)other.LocalEndPoint!).Port;

        Open(workers: 1, out List<string> errors, $"127.0.0.1:{taken}", "192.0.2.1:8080");

        Assert.Equal(2, errors.Count);
        Assert.Equal("listener \"web\": 192.0.2.1:8080 is not an address of this machine; if it will be, say freebind = true", errors[1]);
    }

    [Fact]
    public void OpenOne_ListensOrTellsForWhat()
    {
        int port = FreePort();
        var errors = new List<string>();
        using Socket? socket = ListeningSockets.OpenOne($"127.0.0.1:{port}", "the admin endpoint", errors);
        Assert.NotNull(socket);

        Assert.Null(ListeningSockets.OpenOne($"127.0.0.1:{port}", "the admin endpoint", errors));

        Assert.StartsWith($"the admin endpoint: 127.0.0.1:{port} is in use", Assert.Single(errors), StringComparison.Ordinal);
    }

    /// <summary>Whoever waits for the port by trying it, as balancers and scripts do, must not get a connection that nobody will serve.</summary>
    [Fact]
    public async Task AClientThatTriesThePortMeanwhile_IsRefusedUntilItsConnectionStays()
    {
        for (int round = 0; round < 100; round++)
        {
            int port = FreePort();
            Task<Socket>[] trying = [.. Enumerable.Range(0, 2)
                .Select(_ => Task.Factory.StartNew(() => ConnectAsSoonAsPossible(port), TaskCreationOptions.LongRunning))];
            List<ListeningSocket>[] opened = Open(workers: 1, out List<string> errors, $"127.0.0.1:{port}");
            Assert.Empty(errors);
            foreach (Task<Socket> task in trying)
            {
                using Socket client = await task;
                Assert.False(client.Poll(0, SelectMode.SelectRead), $"round {round}: the connection was reset");
            }
            Close(opened);
        }
    }

    /// <summary>From another address, so that it cannot connect to itself.</summary>
    private static Socket ConnectAsSoonAsPossible(int port)
    {
        while (true)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.2"), 0));
            try
            {
                socket.Connect(IPAddress.Loopback, port);
                return socket;
            }
            catch (SocketException)
            {
                socket.Dispose();
            }
        }
    }

    private static List<ListeningSocket>[] Open(int workers, out List<string> errors, params string[] binds)
    {
        string list = string.Join(", ", binds.Select(static bind => $"\"{bind}\""));
        SettingsResult result = SettingsTrial.Parse(SettingsTrial.Minimal.Replace("[\"127.0.0.1:8080\"]", $"[{list}]", StringComparison.Ordinal));
        errors = [];
        return ListeningSockets.Open(result.Settings, new HashSet<string>(), workers, errors);
    }

    private static int FreePort()
    {
        using Socket socket = Peers.RefusingPort();
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private static int PortOf(ListeningSocket socket) => ((IPEndPoint)socket.Socket.LocalEndPoint!).Port;

    private static void Close(List<ListeningSocket>[] opened) =>
        Array.ForEach(opened, static sockets => sockets.ForEach(static socket => socket.Socket.Dispose()));
}
