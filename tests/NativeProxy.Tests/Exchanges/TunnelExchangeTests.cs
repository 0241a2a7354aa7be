using System;
using NativeProxy.Foundation;
using NativeProxy.Metrics;
using NativeProxy.Tests.Http1;
using NativeProxy.Tests.Simulation.Network;
using Xunit;

namespace NativeProxy.Tests.Exchanges;

/// <summary>An exchange that becomes a tunnel, and how that ends.</summary>
public sealed class TunnelExchangeTests
{
    private const string Listener = "upgrade = [\"echo\"]\ntimeouts.tunnel = \"2s\"";
    private const string Upgrade = "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n";

    [Fact]
    public void SwitchedProtocol_JoinsBothConnections_WithWhatBothHaveSaidAlready()
    {
        using var trial = new ExchangeTrial(Listener);
        Begin(trial);
        Assert.Equal(["open a", "start GET / end", "switch 101", "hand over server", "hand over client"], trial.News());
        Assert.Equal(("waiting", "rest"), (Read(trial.ServerPeers[0]), Read(trial.Peer)));
        Assert.Equal((1, 1), (trial.Count(CounterId.TunnelsOpen), trial.Count(CounterId.TunnelsStarted)));
        trial.Peer.Send("ping"u8, out _);
        trial.ServerPeers[0].Send("pong"u8, out _);
        trial.Settle();
        Assert.Equal(("ping", "pong"), (Read(trial.ServerPeers[0]), Read(trial.Peer)));
        Assert.Equal(("waiting" + "ping").Length, trial.Client.ReceivedBytes);
        Assert.Equal(("rest" + "pong").Length, trial.Client.SentBytes);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void TunnelEndsWhenBothSidesHaveEnded_WhoeverIsFirst(bool clientFirst)
    {
        using ExchangeTrial trial = EnterTunnel();
        SimulatedSocket first = clientFirst ? trial.Peer : trial.ServerPeers[0];
        SimulatedSocket second = clientFirst ? trial.ServerPeers[0] : trial.Peer;
        first.ShutdownSend();
        trial.Settle();
        Read(second);
        trial.Settle();
        Assert.Empty(trial.News());
        Assert.True(second.Incoming.EndArrived);
        second.ShutdownSend();
        trial.Settle();
        Assert.Equal(["take back server", "release UpgradeEnded", "take back client TunnelEnded"], trial.News());
        Assert.Equal(0, trial.Count(CounterId.TunnelsOpen));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void TunnelEndsWhenEitherSideResets(bool byClient)
    {
        using ExchangeTrial trial = EnterTunnel();
        (byClient ? trial.Peer : trial.ServerPeers[0]).Close(reset: true);
        trial.Settle();
        Assert.Equal(["take back server", "release UpgradeEnded", "take back client TunnelEnded"], trial.News());
    }

    [Fact]
    public void SilentTunnel_EndsAfterItsTimeout_AndEachByteGivesItTimeAgain()
    {
        using ExchangeTrial trial = EnterTunnel();
        trial.Settle(1900);
        trial.Peer.Send("ping"u8, out _);
        trial.Settle(1900);
        Read(trial.ServerPeers[0]);
        Assert.Empty(trial.News());
        trial.Settle(4200);
        Assert.Equal(["take back server", "take back client TunnelTimeout", "release UpgradeEnded reset"], trial.News());
        Assert.Equal((0, 1), (trial.Count(CounterId.TunnelsOpen), trial.Count(CounterId.TimeoutsTunnel)));
    }

    [Fact]
    public void TunnelWhoseClientIsCut_GivesTheServerUp()
    {
        using ExchangeTrial trial = EnterTunnel();
        trial.Run(() => trial.Client.Leave(ProxyError.Stopped, CloseReason.Stopped));
        Assert.Equal(["take back server", "leave line", "release Stopped reset"], trial.News());
        Assert.Equal(0, trial.Count(CounterId.TunnelsOpen));
    }

    [Fact]
    public void SwitchWhoseHeadIsTooLong_IsAServersFault()
    {
        using var trial = new ExchangeTrial(Listener);
        trial.Begin(Upgrade);
        trial.Client.HeadsFit = false;
        trial.Switch("");
        Assert.Equal(["release BadResponse reset", "answer ServerBadResponse"], trial.News()[2..]);
    }

    /// <summary>101 is of no class; how long it took counts.</summary>
    [Fact]
    public void SwitchedProtocol_IsNoAnswerInTheServersTally()
    {
        using LatencyBoard board = LatencyBoard.CreatePrivate(1);
        board.Publish(["app"]);
        LatencyRow row = board.Find("app", 0)!;
        using var trial = new ExchangeTrial(Listener);
        trial.Group.Servers[0].Load.Tally = row;
        Begin(trial);
        trial.Peer.Close(reset: true);
        trial.Settle();
        Assert.Equal(1, TimedCount(row));
        for (Tally kind = Tally.Responses2xx; kind <= Tally.Responses5xx; kind++)
            Assert.Equal(0, row.Read(kind));
    }

    private static long TimedCount(LatencyRow row)
    {
        long count = 0;
        for (int i = 0; i <= LatencyRow.BoundsMs.Length; i++)
            count += row.CountIn(i);
        return count;
    }

    private static void Begin(ExchangeTrial trial)
    {
        trial.Connect();
        trial.Begin(Upgrade);
        trial.Switch("rest");
    }

    /// <summary>An exchange that is a tunnel by now; what has happened before is not told.</summary>
    private static ExchangeTrial EnterTunnel()
    {
        var trial = new ExchangeTrial(Listener);
        Begin(trial);
        trial.News();
        return trial;
    }

    private static string Read(SimulatedSocket socket)
    {
        byte[] buffer = new byte[1000];
        return Wire.Text(buffer.AsSpan(0, socket.Receive(buffer, out _)));
    }
}
