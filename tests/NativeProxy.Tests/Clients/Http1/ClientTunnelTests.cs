using System;
using System.Collections.Generic;
using System.Net.Sockets;
using NativeProxy.Clients;
using NativeProxy.Foundation;
using NativeProxy.Metrics;
using NativeProxy.Tests.Http1;
using NativeProxy.Tests.Simulation.Network;
using NativeProxy.Transport;
using Xunit;

namespace NativeProxy.Tests.Clients.Http1;

/// <summary>A client connection on its way into a tunnel and back, without a server.</summary>
public sealed class ClientTunnelTests
{
    private const string Upgrade = "GET /a HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n";
    private const string Connect = "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n";
    private const string Switched = "HTTP/1.1 101 Switch\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";
    private const string Opened = "HTTP/1.1 200 Connection established\r\n\r\n";

    [Theory]
    [InlineData(Upgrade, Switched)]
    [InlineData(Connect, Opened)]
    public void TunnelGetsWhatHasCome_AndAllThatFollows(string request, string answer)
    {
        using var trial = new ClientTrial("pipelining = 4");
        (SimulatedSocket client, RecordingTunnel tunnel) = Begin(trial, request, "waiting");
        Assert.Equal(answer, trial.Read(client));
        trial.Write(client, "GET /b HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Equal(["begin \"waiting\"", "received \"GET /b HTTP/1.1\r\nHost: a\r\n\r\n\""], tunnel.Events);
        Assert.DoesNotContain("b begin", string.Join(' ', trial.Events), StringComparison.Ordinal);
        trial.Run(() => tunnel.Client.Send("pong"u8));
        Assert.Equal("pong", trial.Read(client));

        trial.Run(() => Stream(trial).CountTunnel(fromClient: 35, toClient: 4));
        Assert.Equal(4, Stream(trial).SentBodyBytes);
        Assert.Equal(request.Length + 35, Stream(trial).ReceivedBytes);
        trial.Run(() => Stream(trial).TakeBack(CloseReason.TunnelEnded));
        Assert.Equal(("TunnelEnded", "fin"), (trial.Closes(), ClientTrial.Fate(client)));
        Assert.Equal("ended", trial.Events[^2].Split(' ')[1]);
        Assert.Null(trial.Leftovers());
    }

    [Theory]
    [InlineData(Upgrade)]
    [InlineData(Connect)]
    public void TunnelThatBreaks_GivesTheRequestUp(string request)
    {
        using var trial = new ClientTrial();
        (SimulatedSocket client, _) = Begin(trial, request, "");
        trial.News();
        trial.Run(() => Stream(trial).TakeBack(CloseReason.TunnelTimeout));
        string name = request == Upgrade ? "a" : "a:443";
        Assert.Equal([$"{name} leaves", $"{name} gone None TunnelTimeout", $"{name} ended", "connection ended"], trial.News());
        Assert.Equal(("TunnelTimeout", "fin"), (trial.Closes(), ClientTrial.Fate(client)));
        Assert.Null(trial.Leftovers());
    }

    /// <summary>FIN would tell both sides that all has been said.</summary>
    [Fact]
    public void TunnelThatIsCut_EndsWithAReset()
    {
        using var trial = new ClientTrial();
        (SimulatedSocket client, _) = Begin(trial, Upgrade, "");
        trial.Run(() => trial.Session.Cut());
        Assert.Contains("a gone Stopped Stopped", trial.Events);
        Assert.Equal(("Stopped", "reset"), (trial.Closes(), ClientTrial.Fate(client)));
        Assert.Null(trial.Leftovers());
    }

    [Theory]
    [InlineData(60_000)]
    public void TunnelHasNoDeadlineOfTheSession_AndNoDrainAndNoSheddingTouchesIt(int ms)
    {
        using var trial = new ClientTrial();
        (SimulatedSocket client, _) = Begin(trial, Upgrade, "");
        bool isShed = true;
        trial.Run(() =>
        {
            trial.Frontend.Ending = CloseReason.Draining;
            trial.Session.Drain();
            isShed = trial.Session.TryShed(CloseReason.MemoryPressure);
        });
        trial.Settle(ms);
        Assert.Equal((false, "open"), (isShed, ClientTrial.Fate(client)));
        Assert.Equal(0, trial.Count(CounterId.TimeoutsKeepAlive));
        Assert.Null(trial.Leftovers());
    }

    private static ClientStream Stream(ClientTrial trial) => trial.Latest.Stream;

    private static (SimulatedSocket Client, RecordingTunnel Tunnel) Begin(ClientTrial trial, string request, string waiting)
    {
        SimulatedSocket client = trial.Ask(request + waiting);
        var tunnel = new RecordingTunnel(trial);
        RecordingClientUser user = trial.Latest;
        trial.Run(() =>
        {
            if (request == Upgrade)
                Assert.True(user.Switch("HTTP/1.1 101 Switch\r\nConnection: upgrade\r\nUpgrade: echo\r\n"));
            else
                user.Stream.OpenTunnel();
            user.Stream.HandOver(tunnel);
        });
        return (client, tunnel);
    }

    private sealed class RecordingTunnel(ClientTrial trial) : IClientTunnel
    {
        public List<string> Events { get; } = [];

        public TcpConnection Client { get; private set; } = null!;

        public void Begin(TcpConnection client, ReadOnlySpan<byte> waiting)
        {
            Client = client;
            Events.Add($"begin \"{Wire.Text(waiting)}\"");
            client.StartReceive();
        }

        public void OnConnected(TcpConnection connection) => Events.Add("connected");

        public void OnReceived(TcpConnection connection, ReadOnlySpan<byte> bytes) => Events.Add($"received \"{Wire.Text(bytes)}\"");

        public void OnEndOfStream(TcpConnection connection) => Give();

        public void OnSendBlocked(TcpConnection connection) => Events.Add("blocked");

        public void OnSendDrained(TcpConnection connection) => Events.Add("drained");

        public void OnSendFailed(TcpConnection connection, SocketError error) => Give();

        public void OnFailed(TcpConnection connection, SocketError error) => Give();

        public void OnClosed(TcpConnection connection) => Events.Add("closed");

        /// <summary>As a tunnel has to.</summary>
        private void Give() => Stream(trial).TakeBack(CloseReason.TunnelEnded);
    }
}
