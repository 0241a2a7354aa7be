using System;
using System.Linq;
using System.Text;
using System.Text.Json;
using NativeProxy.Foundation;
using NativeProxy.Ledger;
using NativeProxy.Logging;
using NativeProxy.Metrics;
using NativeProxy.Tests.Logging;
using NativeProxy.Tests.Metrics;
using NativeProxy.Timers;
using Xunit;

namespace NativeProxy.Tests.Ledger;

/// <summary>What is entered stands in the sums, in the ring and in the log, with the same values.</summary>
public sealed class CloseLedgerTests : IDisposable
{
    private readonly LoopCounters _counters = LastingCounters.Create();
    private readonly CloseBoard _board = CloseBoard.CreatePrivate(1);
    private readonly LogRing _log = new(64 * 1024);

    [Fact]
    [Trait("promise", "S1.21")]
    public void ClientConnections_AreSummedUp()
    {
        LedgerPage page = NewLedger(_log).ForListener("web");
        CloseRecord first = Client();
        CloseRecord second = Client() with { SetupMs = -1, By = ClosedBy.Peer, Uses = 0, ActiveMs = 0 };
        page.Enter(ref first);
        page.Enter(ref second);

        Assert.Equal((2, 3, 1300, 150_000, 2, 152_608), (
            Sum(CounterId.ClientConnectionUses), Sum(CounterId.ClientConnectionSetupMs), Sum(CounterId.ClientConnectionActiveMs),
            Sum(CounterId.ClientConnectionIdleMs), Sum(CounterId.ClientConnectionCloseMs), Sum(CounterId.ClientConnectionLifeMs)));
        Assert.Equal((1, 1, 0, 0),
            (Sum(CounterId.ClientClosedByProxy), Sum(CounterId.ClientClosedByPeer), Sum(CounterId.ClientClosedByPeerReset),
                Sum(CounterId.ServerClosedByPeer)));
    }

    [Theory]
    [Trait("promise", "S1.21")]
    [InlineData(ClosedBy.Proxy, CounterId.ServerClosedByProxy)]
    [InlineData(ClosedBy.ProxyReset, CounterId.ServerClosedByProxyReset)]
    [InlineData(ClosedBy.Peer, CounterId.ServerClosedByPeer)]
    [InlineData(ClosedBy.PeerReset, CounterId.ServerClosedByPeerReset)]
    public void ServerConnections_AreSummedUp(object by, object counter)
    {
        CloseRecord record = Server() with { By = (ClosedBy)by };
        NewLedger(_log).ForServer("app", "a").Enter(ref record);

        Assert.Equal((1, 4, 3, 40, 30_000, 30_043), (
            Sum((CounterId)counter), Sum(CounterId.ServerConnectionUses), Sum(CounterId.ServerConnectionSetupMs),
            Sum(CounterId.ServerConnectionActiveMs),
            Sum(CounterId.ServerConnectionIdleMs), Sum(CounterId.ServerConnectionLifeMs)));
        Assert.Equal(0, Sum(CounterId.ClientConnectionLifeMs));
    }

    [Fact]
    [Trait("promise", "B3")]
    public void Entry_GoesToTheRingAndTheLog()
    {
        CloseRecord record = Client();
        NewLedger(_log).ForListener("web").Enter(ref record);

        Assert.True(_board.Ring(0).TryRead(0, out CloseRecord remembered));
        Assert.Equal((12L, "idle_timeout", "web"),
            (remembered.ConnectionId, remembered.ReasonCode, Encoding.ASCII.GetString(remembered.Place.Bytes)));
        Assert.True(_log.TryPeek(out ReadOnlySpan<byte> slot));
        Assert.Equal(12L, CloseRecordCodec.Read(slot).ConnectionId);
    }

    [Fact]
    public void WithoutALog_TheRingRemembersAllTheSame()
    {
        CloseRecord record = Server();
        NewLedger(log: null).ForServer("app", "a").Enter(ref record);
        Assert.True(_board.Ring(0).TryRead(0, out _));
        Assert.True(_log.IsEmpty);
    }

    [Fact]
    public void FullLog_DropsTheLineAndCountsIt()
    {
        LedgerPage page = NewLedger(_log).ForListener("web");
        while (_log.DroppedCount == 0)
        {
            CloseRecord record = Client();
            page.Enter(ref record);
        }
        Assert.Equal(_board.Ring(0).Count, Sum(CounterId.ClientClosedByProxy));
    }

    [Fact]
    [Trait("promise", "B3")]
    [Trait("promise", "S1.21")]
    public void ClientLine_SaysWhyByWhomAndWhereTheTimeWent() => Assert.Equal(
        "127.0.0.1:40000 [22/Nov/2026:10:11:12.123] closed client web cc=12 rs=idle_timeout by=proxy uses=2 ms=3/1300/75000/1/76304 bytes=80/150\n",
        Text(Client() with { Place = new RecordName("web"u8) }));

    [Fact]
    [Trait("promise", "B3")]
    [Trait("promise", "S1.21")]
    public void ServerLine_SaysWhyByWhomAndWhereTheTimeWent() => Assert.Equal(
        "10.0.0.1:9001 [22/Nov/2026:10:11:12.123] closed server app/a sc=7 rs=server_fin by=peer uses=4 ms=3/40/30000/0/30043 bytes=900/400\n",
        Text(Server() with { Place = new RecordName("app"u8), Server = new RecordName("a"u8) }));

    [Fact]
    public void HostileName_CannotForgeALine() =>
        Assert.Contains(" closed client a\\x0Ab\\x20c cc=12 ", Text(Client() with { Place = new RecordName("a\nb c"u8) }), StringComparison.Ordinal);

    [Fact]
    [Trait("promise", "B3")]
    public void JsonLine_HasTheSameFields()
    {
        var text = new LogText();
        CloseJsonFormat.AppendLine(text, Server() with { Place = new RecordName("app"u8), Server = new RecordName("a"u8) });
        Assert.Equal(
            """{"event":"closed","time":"2026-11-22T10:11:12.123Z","side":"server","connection_id":7,"peer":"10.0.0.1","peer_port":9001,"""
            + """ "upstream":"app","server":"a",""".TrimStart()
            + """ "reason":"server_fin","closed_by":"peer","tls":null,"uses":4,"setup_ms":3,"active_ms":40,""".TrimStart()
            + """ "idle_ms":30000,"close_ms":0,""".TrimStart()
            + """ "life_ms":30043,"bytes_in":900,"bytes_out":400}""".TrimStart()
            + "\n",
            Encoding.ASCII.GetString(text.Bytes));
        using JsonDocument document = JsonDocument.Parse(text.Bytes.ToArray());
        Assert.Equal(19, document.RootElement.EnumerateObject().Count());
    }

    public void Dispose()
    {
        _board.Dispose();
        _log.Dispose();
    }

    private static CloseRecord Client() => new()
    {
        ClosedWallMs = SampleRecords.WallMs,
        ConnectionId = 12,
        Peer = new PeerAddress([127, 0, 0, 1], 40000),
        Reason = (byte)CloseReason.IdleTimeout,
        By = ClosedBy.Proxy,
        Uses = 2,
        SetupMs = 3,
        ActiveMs = 1300,
        IdleMs = 75_000,
        CloseMs = 1,
        LifeMs = 76_304,
        BytesIn = 80,
        BytesOut = 150,
    };

    private static CloseRecord Server() => new()
    {
        ClosedWallMs = SampleRecords.WallMs,
        Side = ConnectionSide.Server,
        ConnectionId = 7,
        Peer = new PeerAddress([10, 0, 0, 1], 9001),
        Reason = (byte)ServerCloseReason.ServerFin,
        By = ClosedBy.Peer,
        Uses = 4,
        SetupMs = 3,
        ActiveMs = 40,
        IdleMs = 30_000,
        LifeMs = 30_043,
        BytesIn = 900,
        BytesOut = 400,
    };

    private static string Text(in CloseRecord record)
    {
        var text = new LogText();
        CloseTextFormat.Append(text, record);
        return Encoding.ASCII.GetString(text.Bytes);
    }

    private CloseLedger NewLedger(LogRing? log) => new(_counters, _board.Ring(0), log, new LoopClock());

    private long Sum(CounterId id) => _counters.Read(id);
}
