using System;
using System.Net.Sockets;
using System.Text;
using System.Threading.Tasks;
using NativeProxy.Foundation;
using NativeProxy.Tests.Transport;
using NativeProxy.Transport;
using Xunit;

namespace NativeProxy.Tests.Layers;

/// <summary>Two things that happen to a connection with a layer at once, or in an unusual order.</summary>
public sealed class LayerInterleavingTests
{
    /// <summary>Nothing lies unread in the socket when it is closed: that would make a reset of its FIN, as on a bare connection.</summary>
    private static readonly RecordOptions AllRead = new(2, Tickets: 0, LaterTickets: 0);

    public static TheoryData<LinkKind, bool> Links => LinkData.Links;

    public static TheoryData<LinkKind> RecordEngines => LinkData.RecordEngines;

    /// <summary>Over loopback what was sent is there at once, also for a look within the same turn.</summary>
    public static TheoryData<LinkKind, bool> Real => LinkData.Real;

    /// <summary>An owner that looks while it is told of what an earlier look has found, and so finds the end.</summary>
    [Theory]
    [MemberData(nameof(Real))]
    public async Task EndFoundWhileFoundBytesAreTold_IsToldBehindTheBytesFoundWithIt(LinkKind kind, bool isServer)
    {
        await using LayerLink link = await Paused(kind, isServer);
        link.Script = what =>
        {
            if (what != "received" || link.Owner.Count("received") > 1)
                return;
            link.PeerSends("second;");
            link.PeerAnnouncesEnd();
            link.Connection.LookAhead();
        };
        await link.On(connection =>
        {
            link.PeerSends("first;");
            connection.LookAhead();
            connection.StartReceive();
        });
        await link.UntilSeen("end");

        Assert.Equal("first;second;", Encoding.Latin1.GetString(link.Owner.Received));
        Assert.Equal([link.SecuredEvent, "end"], link.Signals);
    }

    /// <summary>The socket tells its error once, here to the look: the receive that was on its way sees only an end.</summary>
    [Theory]
    [MemberData(nameof(Real))]
    public async Task ResetFoundWithAReceiveOnItsWay_IsNoEnd(LinkKind kind, bool isServer)
    {
        await using LayerLink link = await PausedWithAReceiveOnItsWay(kind, isServer);
        link.PeerReads = false;
        await link.On(connection =>
        {
            link.ShipReset();
            connection.LookAhead();
        });
        await link.Settle();
        await link.On(static connection => connection.StartReceive());
        await link.UntilSeen("failed ConnectionReset");

        Assert.DoesNotContain("end", link.Signals);
        Assert.Equal(ClosedBy.PeerReset, await link.On(static connection => connection.EndedBy));
    }

    /// <summary>An announced end is one, whatever comes behind it, also for an owner that has not heard of it.</summary>
    [Theory]
    [MemberData(nameof(Real))]
    public async Task ResetBehindAFoundEnd_IsToldBehindIt(LinkKind kind, bool isServer)
    {
        await using LayerLink link = await PausedWithAReceiveOnItsWay(kind, isServer);
        await link.On(connection =>
        {
            link.PeerSends("last");
            link.PeerAnnouncesEnd();
            connection.LookAhead();
        });
        link.PeerReads = false;
        link.ShipReset();
        await link.Settle();
        await link.On(static connection => connection.StartReceive());
        await link.UntilSeen("failed ConnectionReset");

        Assert.Equal("last", Encoding.Latin1.GetString(link.Owner.Received));
        Assert.Equal([link.SecuredEvent, "end", "failed ConnectionReset"], link.Signals);
        Assert.True(await link.On(static connection => connection.EndIsClean));
    }

    /// <summary>An owner that asks for no bytes hears of the failure when it sends, as it hears of a broken socket.</summary>
    [Theory]
    [MemberData(nameof(Links))]
    public async Task SendThroughALayerThatHasFailed_IsToldToAnOwnerThatAsksForNothing(LinkKind kind, bool isServer)
    {
        await using LayerLink link = await PausedWithAReceiveOnItsWay(kind, isServer);
        link.Ship("no record at all"u8);
        await link.Settle();
        await link.On(static connection => connection.LookAhead());
        Assert.Equal([link.SecuredEvent], link.Signals);
        SendResult[] results = await link.On(static connection => new[] { connection.Send("one"u8), connection.SendSoon("two"u8) });
        await link.UntilSeen("send failed ConnectionAborted");

        Assert.Equal([SendResult.Failed, SendResult.Failed], results);
        Assert.Equal(ClosedBy.Proxy, await link.On(static connection => connection.EndedBy));
        await link.On(static connection => connection.StartReceive());
        await link.UntilSeen("failed ConnectionAborted");
        await link.On(static connection => connection.Send("three"u8));
        await link.Settle();
        Assert.Equal([link.SecuredEvent, "send failed ConnectionAborted", "failed ConnectionAborted"], link.Signals);
    }

    [Theory]
    [MemberData(nameof(Real))]
    public async Task FinBehindKeptBytes_IsToldBehindThem_AndIsNotClean(LinkKind kind, bool isServer)
    {
        await using LayerLink link = await Paused(kind, isServer);
        await link.On(connection =>
        {
            link.PeerSends("kept");
            connection.LookAhead();
            link.ShipEnd();
        });
        await link.Settle();
        await link.On(static connection => connection.StartReceive());
        await link.UntilSeen("end");

        Assert.Equal("kept", Encoding.Latin1.GetString(link.Owner.Received));
        Assert.False(await link.On(static connection => connection.EndIsClean));
        Assert.Equal([link.SecuredEvent, "end"], link.Signals);
    }

    /// <summary>One delivery may still come, and no more; the end waits until it is asked for.</summary>
    [Theory]
    [MemberData(nameof(Links))]
    public async Task EndBehindTheLastBytes_IsNotToldToAnOwnerThatPausesInTheirDelivery(LinkKind kind, bool isServer)
    {
        await using LayerLink link = await LayerLink.Open(kind, isServer, AllRead);
        link.Script = what =>
        {
            if (what == "received")
                link.Connection.PauseReceive();
        };
        link.Peer.Seal("last"u8);
        link.PeerAnnouncesEnd();
        await link.UntilReceived(4);
        await link.Settle();
        Assert.DoesNotContain("end", link.Signals);
        await link.On(static connection => connection.StartReceive());
        await link.UntilSeen("end");

        Assert.True(await link.On(static connection => connection.EndIsClean));
    }

    [Theory]
    [MemberData(nameof(Real))]
    public async Task OwnerThatClosesWhileFoundBytesAreTold_HearsNothingMore(LinkKind kind, bool isServer)
    {
        await using LayerLink link = await Paused(kind, isServer);
        link.Script = what =>
        {
            if (what == "received")
                link.Connection.Close();
        };
        await link.On(connection =>
        {
            link.PeerSends("kept");
            connection.LookAhead();
            link.PeerSends("more");
            link.PeerAnnouncesEnd();
            connection.StartReceive();
        });
        await link.UntilSeen("closed");

        Assert.Equal("kept", Encoding.Latin1.GetString(link.Owner.Received));
        Assert.Equal([link.SecuredEvent, "closed"], link.Signals);
    }

    /// <summary>Data lies behind the last flight, for an owner that does not want the connection.</summary>
    [Theory]
    [InlineData(LinkKind.Saea, false)]
    [InlineData(LinkKind.Saea, true)]
    [InlineData(LinkKind.Epoll, false)]
    [InlineData(LinkKind.Epoll, true)]
    [InlineData(LinkKind.SimulatedCompletion, false)]
    [InlineData(LinkKind.SimulatedCompletion, true)]
    [InlineData(LinkKind.SimulatedReadiness, false)]
    [InlineData(LinkKind.SimulatedReadiness, true)]
    public async Task OwnerThatLetsGoWhenTheHandshakeIsDone_LeavesNothingBehind(LinkKind kind, bool aborts)
    {
        await using LayerLink link = await LayerLink.Begin(kind, isServer: true, AllRead);
        link.Script = what =>
        {
            if (what != "secured")
                return;
            if (aborts)
                link.Connection.Abort();
            else
                link.Connection.Close();
        };
        link.PeerSpeaks = false;
        while (link.Peer.State != RecordState.Secured)
        {
            await link.Until(() => link.Peer.Output.WrittenCount > 0, "the next flight");
            if (link.Peer.State == RecordState.Secured)
                link.Peer.Seal("request"u8);
            link.Ship(link.TakePeerOutput());
        }
        await link.UntilSeen("closed");

        Assert.Equal(["secured", "closed"], link.Signals);
        Assert.Equal(0, link.Owner.ReceivedBytes);
    }

    /// <summary>The other end leaves while the layer makes up its answer.</summary>
    [Theory]
    [MemberData(nameof(RecordEngines))]
    public async Task SendThatFailsWithinTheHandshake_FailsIt(LinkKind kind)
    {
        await using LayerLink link = await LayerLink.Begin(kind, isServer: true, AllRead);
        link.PeerSpeaks = false;
        await link.Until(() => link.Peer.Output.WrittenCount > 0, "the first flight of the other end");
        link.PeerReads = false;
        bool hasLeft = false;
        await link.On(_ => ((RecordSecurity)link.Security).WhenOpened = () =>
        {
            if (!hasLeft)
                link.ShipReset();
            hasLeft = true;
        });
        await link.On(_ => link.Ship(link.TakePeerOutput()));
        await link.Until(() => link.Owner.Events.Length > 0, "the failure");
        await link.Settle();

        Assert.StartsWith("failed Connection", Assert.Single(link.Signals), StringComparison.Ordinal);
        Assert.Equal(ClosedBy.PeerReset, await link.On(static connection => connection.EndedBy));
        Assert.Equal(TcpConnectionState.Securing, await link.On(static connection => connection.State));
    }

    /// <summary>What a look has read and could not keep is lost: what comes behind it must not be told as if it followed.</summary>
    [Theory]
    [MemberData(nameof(Real))]
    public async Task BytesBehindThoseThatFoundNoBuffer_AreNotTold(LinkKind kind, bool isServer)
    {
        await using LayerLink link = await PausedWithAReceiveOnItsWay(kind, isServer, bufferBytes: 0);
        await link.On(connection =>
        {
            link.PeerSends("one");
            connection.LookAhead();
            link.PeerSends("two");
        });
        await link.Settle();
        await link.On(static connection => connection.StartReceive());
        await link.UntilSeen("failed NoBufferSpaceAvailable");

        Assert.Equal(0, link.Owner.ReceivedBytes);
        Assert.Equal([link.SecuredEvent, "failed NoBufferSpaceAvailable"], link.Signals);
    }

    /// <summary>FIN must not pass what waits, the announcement included, whether or not the connection is then closed.</summary>
    [Theory]
    [MemberData(nameof(Links))]
    public async Task HalfCloseWithQueuedBytes_AnnouncesTheEndBehindThem(LinkKind kind, bool isServer)
    {
        foreach (bool closes in (bool[])[false, true])
        {
            await using LayerLink link = await LayerLink.Open(kind, isServer, AllRead);
            link.PeerReads = false;
            byte[] piece = Peers.Pattern(64 * 1024);
            int pieces = 1;
            for (; await link.On(connection => connection.Send(piece)) == SendResult.Sent; pieces++)
            {
            }
            await link.On(connection =>
            {
                connection.ShutdownSend();
                if (closes)
                    connection.Close();
            });
            await link.Settle();
            link.PeerReads = true;
            await link.Until(() => link.PeerEnd is not null, "the end at the other end");

            Assert.Equal(SocketError.Success, link.PeerEnd);
            Assert.Equal(RecordState.Ended, link.Peer.State);
            Assert.Equal(pieces * piece.Length, link.PeerReceived.Length);
        }
    }

    [Theory]
    [MemberData(nameof(Links))]
    public async Task AbortWithAQueuedAnnouncement_Resets(LinkKind kind, bool isServer)
    {
        await using LayerLink link = await LayerLink.Open(kind, isServer, AllRead);
        link.PeerReads = false;
        byte[] piece = Peers.Pattern(64 * 1024);
        while (await link.On(connection => connection.Send(piece)) == SendResult.Sent)
        {
        }
        await link.On(static connection => connection.Close());
        await link.On(static connection => connection.Abort());
        await link.UntilSeen("closed");
        link.PeerReads = true;
        await link.Until(() => link.PeerEnd is not null, "the end at the other end");

        Assert.Equal(SocketError.ConnectionReset, link.PeerEnd);
        Assert.NotEqual(RecordState.Ended, link.Peer.State);
    }

    /// <summary>A connection whose owner asks for nothing, so that no receive of an engine is on its way.</summary>
    private static async Task<LayerLink> Paused(LinkKind kind, bool isServer)
    {
        LayerLink link = await LayerLink.Begin(kind, isServer, AllRead);
        link.Script = what =>
        {
            if (what == link.SecuredEvent)
                link.Connection.PauseReceive();
        };
        await link.Until(() => link.Peer.State == RecordState.Secured && link.Owner.Count(link.SecuredEvent) == 1, "the handshake");
        await link.Settle();
        return link;
    }

    /// <summary>The owner has asked and does so no more; in an engine of completions the receive of then waits.</summary>
    private static async Task<LayerLink> PausedWithAReceiveOnItsWay(LinkKind kind, bool isServer, long bufferBytes = 8 << 20)
    {
        LayerLink link = await LayerLink.Open(kind, isServer, AllRead, bufferBytes);
        await link.Settle();
        await link.On(static connection => connection.PauseReceive());
        return link;
    }
}
