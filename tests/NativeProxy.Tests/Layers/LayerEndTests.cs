using System;
using System.Linq;
using System.Net.Sockets;
using System.Text;
using System.Threading.Tasks;
using NativeProxy.Foundation;
using NativeProxy.Tests.Transport;
using NativeProxy.Transport;
using Xunit;

namespace NativeProxy.Tests.Layers;

/// <summary>How a stream through a layer ends, on either side.</summary>
public sealed class LayerEndTests
{
    /// <summary>Nothing lies unread in the socket when it is closed: that would make a reset of its FIN, as on a bare connection.</summary>
    private static readonly RecordOptions AllRead = new(7, Tickets: 0, LaterTickets: 0);

    public static TheoryData<LinkKind, bool> Links => LinkData.Links;

    [Theory]
    [MemberData(nameof(Links))]
    public async Task AnnouncedEnd_IsAnEndWithoutFin_AndClean(LinkKind kind, bool isServer)
    {
        await using LayerLink link = await LayerLink.Open(kind, isServer);
        link.PeerSends("last");
        link.PeerAnnouncesEnd();
        await link.UntilSeen("end");

        Assert.Equal("last", Encoding.Latin1.GetString(link.Owner.Received));
        Assert.True(await link.On(static connection => connection.EndIsClean && connection.FinSeen && connection.EndOfStreamSeen));
        Assert.Equal(ClosedBy.Peer, await link.On(static connection => connection.EndedBy));

        // This side may go on.
        await link.On(static connection => connection.Send("answer"u8));
        await link.Until(() => link.PeerReceived.Length == 6, "the answer");
        link.ShipEnd();
        await link.Settle();
        Assert.Equal([link.SecuredEvent, "end"], link.Signals);
    }

    [Theory]
    [MemberData(nameof(Links))]
    public async Task FinWithoutAnnouncement_IsAnEndThatIsNotClean(LinkKind kind, bool isServer)
    {
        await using LayerLink link = await LayerLink.Open(kind, isServer);
        link.PeerSends("last");
        link.ShipEnd();
        await link.UntilSeen("end");

        Assert.Equal("last", Encoding.Latin1.GetString(link.Owner.Received));
        Assert.False(await link.On(static connection => connection.EndIsClean));
        Assert.True(await link.On(static connection => connection.FinSeen));
        Assert.Equal([link.SecuredEvent, "end"], link.Signals);
    }

    [Theory]
    [MemberData(nameof(Links))]
    public async Task FinWithinARecord_DropsItsPart_AndIsNotClean(LinkKind kind, bool isServer)
    {
        await using LayerLink link = await LayerLink.Open(kind, isServer, new RecordOptions(2, LaterTickets: 0));
        link.PeerSends("whole");
        await link.UntilReceived(5);
        link.Peer.Seal("x"u8);
        link.Ship(link.TakePeerOutput().AsSpan(0, RecordSession.HeaderBytes));
        link.ShipEnd();
        await link.UntilSeen("end");

        Assert.Equal("whole", Encoding.Latin1.GetString(link.Owner.Received));
        Assert.False(await link.On(static connection => connection.EndIsClean));
    }

    [Theory]
    [InlineData(LinkKind.Saea)]
    [InlineData(LinkKind.Epoll)]
    public async Task FinOfABareConnection_IsClean_AResetIsNot(LinkKind kind)
    {
        foreach (bool resets in (bool[])[false, true])
        {
            await using ConnectedPair pair = await ConnectedPair.Start(kind == LinkKind.Epoll);
            if (resets)
                pair.Peer.Reset();
            else
                pair.Peer.Shutdown(SocketShutdown.Send);
            await pair.Until(static connection => connection.EndOfStreamSeen, "the end");

            Assert.Equal(!resets, await pair.On(static connection => connection.EndIsClean));
        }
    }

    [Theory]
    [MemberData(nameof(Links))]
    public async Task HalfClose_AnnouncesTheEnd_SendsFin_AndGoesOnReceiving(LinkKind kind, bool isServer)
    {
        await using LayerLink link = await LayerLink.Open(kind, isServer);
        await link.On(static connection =>
        {
            connection.Send("last"u8);
            connection.ShutdownSend();
            connection.ShutdownSend();
        });
        await link.Until(() => link.PeerEnd == SocketError.Success, "FIN");

        Assert.Equal(RecordState.Ended, link.Peer.State);
        Assert.Equal("last", Encoding.Latin1.GetString(link.PeerReceived));
        Assert.Equal(SendResult.Failed, await link.On(static connection => connection.Send("more"u8)));
        link.PeerSends("and then?");
        await link.UntilReceived(9);
        link.PeerAnnouncesEnd();
        await link.UntilSeen("end");
    }

    [Theory]
    [MemberData(nameof(Links))]
    public async Task CloseWithQueuedBytes_SendsThemFirst_ThenTheAnnouncement_ThenFin(LinkKind kind, bool isServer)
    {
        await using LayerLink link = await LayerLink.Open(kind, isServer, AllRead);
        link.PeerReads = false;
        byte[] piece = Peers.Pattern(64 * 1024);
        int pieces = 1;
        for (; await link.On(connection => connection.Send(piece)) == SendResult.Sent; pieces++)
        {
        }
        await link.On(static connection => connection.Close());
        await link.Settle();
        Assert.Equal(TcpConnectionState.Flushing, await link.On(static connection => connection.State));
        link.PeerReads = true;
        await link.Until(() => link.PeerEnd is not null, "the end at the other end");

        Assert.Equal(SocketError.Success, link.PeerEnd);
        Assert.Equal(RecordState.Ended, link.Peer.State);
        Assert.Equal(pieces * piece.Length, link.PeerReceived.Length);
        Assert.All(link.PeerReceived.Chunk(piece.Length), chunk => Assert.Equal(piece, chunk));
    }

    [Theory]
    [MemberData(nameof(Links))]
    public async Task Abort_AnnouncesNothing(LinkKind kind, bool isServer)
    {
        await using LayerLink link = await LayerLink.Open(kind, isServer);
        await link.On(static connection => connection.Abort());
        await link.Until(() => link.PeerEnd is not null, "the end at the other end");

        Assert.Equal(SocketError.ConnectionReset, link.PeerEnd);
        Assert.Equal(RecordState.Secured, link.Peer.State);
    }

    [Theory]
    [MemberData(nameof(Links))]
    public async Task Close_AnnouncesTheEnd(LinkKind kind, bool isServer)
    {
        await using LayerLink link = await LayerLink.Open(kind, isServer, AllRead);
        await link.On(static connection => connection.Close());
        await link.Until(() => link.PeerEnd is not null, "the end at the other end");
        await link.UntilSeen("closed");

        Assert.Equal((SocketError.Success, RecordState.Ended), (link.PeerEnd!.Value, link.Peer.State));
        Assert.Equal([link.SecuredEvent, "closed"], link.Signals);
    }

    [Theory]
    [MemberData(nameof(Links))]
    public async Task ResetOfThePeer_IsToldAsABareOne(LinkKind kind, bool isServer)
    {
        await using LayerLink link = await LayerLink.Open(kind, isServer);
        link.PeerReads = false;
        link.ShipReset();
        await link.UntilSeen("failed ConnectionReset");

        Assert.Equal(ClosedBy.PeerReset, await link.On(static connection => connection.EndedBy));
        Assert.False(await link.On(static connection => connection.EndIsClean));
    }

    /// <summary>The end was announced, so it was an end; but whoever still answers must hear that nobody listens.</summary>
    [Theory]
    [MemberData(nameof(Links))]
    public async Task ResetBehindAnAnnouncedEnd_IsTold(LinkKind kind, bool isServer)
    {
        await using LayerLink link = await LayerLink.Open(kind, isServer);
        link.PeerAnnouncesEnd();
        await link.UntilSeen("end");
        link.PeerReads = false;
        link.ShipReset();
        await link.UntilSeen("failed ConnectionReset");

        Assert.True(await link.On(static connection => connection.EndIsClean));
    }

    [Theory]
    [MemberData(nameof(Links))]
    public async Task BrokenRecord_FailsTheConnection_AndTheOtherEndIsTold(LinkKind kind, bool isServer)
    {
        await using LayerLink link = await LayerLink.Open(kind, isServer, new RecordOptions(2, LaterTickets: 0));
        link.PeerSends("whole");
        await link.UntilReceived(5);
        link.Peer.Seal("changed"u8);
        byte[] wire = link.TakePeerOutput();
        wire[^1] ^= 1;
        link.Ship(wire);
        link.PeerSends("behind it");
        await link.UntilSeen("failed ConnectionAborted");

        Assert.DoesNotContain("behind", Encoding.Latin1.GetString(link.Owner.Received), StringComparison.Ordinal);
        Assert.Equal(LayerFailure.BadRecord, await link.On(static connection => connection.LayerFailure));
        Assert.Equal(SendResult.Failed, await link.On(static connection => connection.Send("more"u8)));
        await link.Until(() => link.Peer.HasAlert, "the alert");
        Assert.Single(link.Signals, static signal => signal.StartsWith("failed", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Links))]
    public async Task AlertBehindTheHandshake_FailsTheConnection(LinkKind kind, bool isServer)
    {
        await using LayerLink link = await LayerLink.Open(kind, isServer);
        link.Peer.GiveUp("the test says so");
        await link.UntilSeen("failed ConnectionAborted");

        Assert.Equal(LayerFailure.Alert, await link.On(static connection => connection.LayerFailure));
        Assert.False(await link.On(static connection => connection.EndIsClean));
    }
}
