using System;
using System.Text;
using System.Threading.Tasks;
using NativeProxy.Transport;
using NativeProxy.Transport.Sockets;
using Xunit;

namespace NativeProxy.Tests.Layers;

/// <summary>A look ahead through a layer reports what is for the owner, and loses nothing of it.</summary>
public sealed class LayerLookAheadTests
{
    public static TheoryData<LinkKind, bool> Links => LinkData.Links;

    public static TheoryData<LinkKind> LateSecured => LinkData.LateSecured;

    [Theory]
    [MemberData(nameof(Links))]
    public async Task SilentPeer_IsNone(LinkKind kind, bool isServer)
    {
        await using LayerLink link = await Paused(kind, isServer);

        Assert.Equal(UnreadInput.None, await Look(link));
        Assert.Equal(UnreadInput.None, await Look(link));
    }

    /// <summary>Tickets come right behind the handshake, and must not look like a server that speaks first.</summary>
    [Theory]
    [MemberData(nameof(LateSecured))]
    public async Task RecordsThatNobodyAskedFor_AreNone_AndTheNextOnesAreInOrder(LinkKind kind)
    {
        await using LayerLink link = await Paused(kind, isServer: false);
        for (int i = 0; i < 5; i++)
            link.Peer.SendTicket();
        link.Ship(link.TakePeerOutput());
        await link.Settle();

        Assert.Equal(UnreadInput.None, await Look(link));
        link.PeerSends("data");
        await UntilLook(link, UnreadInput.Bytes);
        await link.On(static connection => connection.StartReceive());
        await link.UntilReceived(4);
    }

    [Theory]
    [MemberData(nameof(Links))]
    public async Task DataIsBytes_AndIsDeliveredWithTheNextReceive_BeforeWhatFollows(LinkKind kind, bool isServer)
    {
        await using LayerLink link = await Paused(kind, isServer);
        link.PeerSends("found ");
        await UntilLook(link, UnreadInput.Bytes);
        Assert.Equal(UnreadInput.Bytes, await Look(link));
        Assert.Equal(0, link.Owner.ReceivedBytes);
        link.PeerSends("read");
        await link.On(static connection => connection.StartReceive());
        await link.UntilReceived(10);

        Assert.Equal("found read", Encoding.Latin1.GetString(link.Owner.Received));
        await UntilLook(link, UnreadInput.None);
    }

    /// <summary>An owner that has asked already need not ask again.</summary>
    [Theory]
    [MemberData(nameof(Links))]
    public async Task DataFoundWhileTheOwnerAsks_IsDeliveredByItself(LinkKind kind, bool isServer)
    {
        for (int round = 1; round <= 20; round++)
        {
            await using LayerLink link = await LayerLink.Open(kind, isServer);
            link.PeerSends("found");
            await link.On(static connection => connection.LookAhead());
            await link.UntilReceived(5);
        }
    }

    [Theory]
    [MemberData(nameof(Links))]
    public async Task PartOfARecord_CountsAsBytes(LinkKind kind, bool isServer)
    {
        await using LayerLink link = await Paused(kind, isServer);
        link.Peer.Seal("data"u8);
        byte[] wire = link.TakePeerOutput();
        link.Ship(wire.AsSpan(0, 5));
        await UntilLook(link, UnreadInput.Bytes);
        link.Ship(wire.AsSpan(5));
        await link.On(static connection => connection.StartReceive());
        await link.UntilReceived(4);
    }

    [Theory]
    [MemberData(nameof(Links))]
    public async Task AnnouncedEnd_IsEnd_AndIsToldWhenAskedFor(LinkKind kind, bool isServer)
    {
        await using LayerLink link = await Paused(kind, isServer);
        link.PeerAnnouncesEnd();
        await UntilLook(link, UnreadInput.End);
        Assert.Equal([link.SecuredEvent], link.Signals);
        await link.On(static connection => connection.StartReceive());
        await link.UntilSeen("end");

        Assert.True(await link.On(static connection => connection.EndIsClean));
        Assert.Equal([link.SecuredEvent, "end"], link.Signals);
    }

    [Theory]
    [MemberData(nameof(Links))]
    public async Task DataAndThenTheEnd_IsBytes_AndBothAreTold(LinkKind kind, bool isServer)
    {
        await using LayerLink link = await Paused(kind, isServer);
        link.Peer.Seal("last"u8);
        link.PeerAnnouncesEnd();
        await UntilLook(link, UnreadInput.Bytes);
        await link.On(static connection => connection.StartReceive());
        await link.UntilSeen("end");

        Assert.Equal("last", Encoding.Latin1.GetString(link.Owner.Received));
    }

    [Theory]
    [MemberData(nameof(Links))]
    public async Task Fin_IsEnd_AndIsToldWhenAskedFor(LinkKind kind, bool isServer)
    {
        await using LayerLink link = await Paused(kind, isServer);
        link.ShipEnd();
        await UntilLook(link, UnreadInput.End);
        await link.On(static connection => connection.StartReceive());
        await link.UntilSeen("end");

        Assert.False(await link.On(static connection => connection.EndIsClean));
    }

    /// <summary>A socket tells its error once; the look must not have used it up.</summary>
    [Theory]
    [MemberData(nameof(Links))]
    public async Task Reset_IsEnd_AndIsToldWhenAskedFor(LinkKind kind, bool isServer)
    {
        await using LayerLink link = await Paused(kind, isServer);
        link.PeerReads = false;
        link.ShipReset();
        await UntilLook(link, UnreadInput.End);
        await link.On(static connection => connection.StartReceive());
        await link.UntilSeen("failed ConnectionReset");

        Assert.DoesNotContain("end", link.Signals);
    }

    [Theory]
    [MemberData(nameof(Links))]
    public async Task BrokenRecord_IsEnd_AndIsToldWhenAskedFor(LinkKind kind, bool isServer)
    {
        await using LayerLink link = await Paused(kind, isServer);
        link.Ship("no record at all"u8);
        await UntilLook(link, UnreadInput.End);
        await link.On(static connection => connection.StartReceive());
        await link.UntilSeen("failed ConnectionAborted");

        Assert.Equal(LayerFailure.BadRecord, await link.On(static connection => connection.LayerFailure));
    }

    [Theory]
    [MemberData(nameof(Links))]
    public async Task DataThatFindsNoBuffer_FailsTheConnection(LinkKind kind, bool isServer)
    {
        await using LayerLink link = await Paused(kind, isServer, bufferBytes: 0);
        link.PeerSends("one");
        await UntilLook(link, UnreadInput.End);
        await link.On(static connection => connection.StartReceive());
        await link.UntilSeen("failed NoBufferSpaceAvailable");
    }

    /// <summary>While its bytes are handled a connection is known to be quiet only if nothing, not even a part, is left.</summary>
    [Theory]
    [MemberData(nameof(Links))]
    public async Task ConnectionIsKnownQuiet_OnlyWithoutAPartOfARecord(LinkKind kind, bool isServer)
    {
        await using LayerLink link = await LayerLink.Open(kind, isServer, new RecordOptions(2, LaterTickets: 0));
        bool isQuiet = false;
        link.Script = what => isQuiet = what == "received" && link.Connection.IsKnownQuiet;
        link.PeerSends("whole");
        await link.UntilReceived(5);
        bool wasQuiet = await link.On(_ => isQuiet);
        link.Peer.Seal("next"u8);
        link.Peer.Seal("part"u8);
        byte[] wire = link.TakePeerOutput();
        link.Ship(wire.AsSpan(0, wire.Length - 2));
        await link.UntilReceived(8);

        // The simulated engine may leave some of it for a second read.
        Assert.True(wasQuiet || !kind.IsReal());
        Assert.False(await link.On(_ => isQuiet));
        Assert.False(await link.On(static connection => connection.IsKnownQuiet));
    }

    /// <summary>What was lent stays as it was although the connection is looked at meanwhile.</summary>
    [Theory]
    [MemberData(nameof(Links))]
    public async Task LookWithinADelivery_ChangesNothingOfIt(LinkKind kind, bool isServer)
    {
        await using LayerLink link = await Paused(kind, isServer);
        link.Script = what =>
        {
            if (what == "received")
                link.Connection.LookAhead();
        };
        var expected = new StringBuilder();
        for (int i = 0; i < 50; i++)
        {
            expected.Append($"piece {i};");
            link.PeerSends($"piece {i};");
            if (i % 3 == 0)
                await Look(link);
            if (i % 5 == 4)
                await link.On(static connection => connection.StartReceive());
            if (i % 5 == 1)
                await link.On(static connection => connection.PauseReceive());
        }
        await link.On(static connection => connection.StartReceive());
        await link.UntilReceived(expected.Length);

        Assert.Equal(expected.ToString(), Encoding.Latin1.GetString(link.Owner.Received));
    }

    /// <summary>A receive that was on its way when the owner paused brings bytes behind those that a look has found.</summary>
    [Theory]
    [MemberData(nameof(Links))]
    public async Task LookWhileFoundBytesAreTold_ReadsNothingPastThoseThatCameBehindThem(LinkKind kind, bool isServer)
    {
        await using LayerLink link = await Paused(kind, isServer);
        await link.On(static connection => connection.StartReceive());
        await link.Settle();
        await link.On(static connection => connection.PauseReceive());
        bool hasLooked = false;
        link.Script = what =>
        {
            if (what != "received" || hasLooked)
                return;
            hasLooked = true;
            link.PeerSends("third;");
            link.Connection.LookAhead();
        };

        await link.On(connection =>
        {
            link.PeerSends("first;");
            connection.LookAhead();
            link.PeerSends("second;");
        });
        await link.Settle();
        await link.On(static connection => connection.StartReceive());
        await link.UntilReceived("first;second;third;".Length);

        Assert.Equal("first;second;third;", Encoding.Latin1.GetString(link.Owner.Received));
    }

    /// <summary>A connection whose owner asks for nothing, so that no receive of an engine is on its way.</summary>
    private static async Task<LayerLink> Paused(LinkKind kind, bool isServer, long bufferBytes = 8 << 20)
    {
        LayerLink link = await LayerLink.Begin(kind, isServer, new RecordOptions(2, LaterTickets: 0), bufferBytes: bufferBytes);
        link.Script = what =>
        {
            if (what == link.SecuredEvent)
                link.Connection.PauseReceive();
        };
        await link.Until(() => link.Peer.State == RecordState.Secured && link.Owner.Count(link.SecuredEvent) == 1, "the handshake");
        await link.Settle();
        return link;
    }

    private static Task<UnreadInput> Look(LayerLink link) => link.On(static connection => connection.LookAhead());

    private static async Task UntilLook(LayerLink link, UnreadInput wanted)
    {
        DateTime latest = DateTime.UtcNow + Tests.Transport.LoopUnderTest.Deadline;
        while (await Look(link) != wanted)
        {
            Assert.True(DateTime.UtcNow < latest, $"a look does not show {wanted}");
            await link.Settle();
        }
    }
}
