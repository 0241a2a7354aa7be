using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using NativeProxy.Tests.Layers;
using NativeProxy.Transport;
using NativeProxy.Transport.Sockets;
using NativeProxy.Transport.Tls;
using Xunit;
using static NativeProxy.Transport.Tls.TlsTerms;

namespace NativeProxy.Tests.Transport.Tls;

/// <summary>Flights and records of TLS, cut and joined in every way, and what goes between them.</summary>
public sealed class TlsRecordTests
{
    /// <summary>What TLS 1.3 with AES-GCM adds to a record: the kind, and the tag.</summary>
    private const int AddedBytes = 17;

    [Theory]
    [MemberData(nameof(LinkData.TlsAlone), MemberType = typeof(LinkData))]
    public async Task FlightsCutAnywhere_SecureTheConnection(LinkKind kind, bool isServer)
    {
        int longest = 1;
        for (int cut = 1; cut <= longest; cut++)
        {
            await using LayerLink link = await LayerLink.Begin(kind, isServer, new RecordOptions(2, LaterTickets: 0));
            link.PeerSpeaks = false;
            while (link.Owner.Count(link.SecuredEvent) == 0 || link.Peer.State == RecordState.Securing)
            {
                await link.Until(() => link.Peer.Output.WrittenCount > 0 || link.Peer.State == RecordState.Secured, "the next flight");
                byte[] flight = link.TakePeerOutput();
                longest = Math.Max(longest, flight.Length);
                link.Ship(flight.AsSpan(0, Math.Min(cut, flight.Length)));
                await link.Settle();
                link.Ship(flight.AsSpan(Math.Min(cut, flight.Length)));
                await link.Settle();
            }
        }
        Assert.True(longest > 200);
    }

    /// <summary>While a part has come it may be for the owner; its header alone is a part, too.</summary>
    [Theory]
    [MemberData(nameof(LinkData.TlsAlone), MemberType = typeof(LinkData))]
    public async Task RecordsCutAnywhere_GiveTheSameBytes_AndAreNotQuietBetween(LinkKind kind, bool isServer)
    {
        await using LayerLink link = await Paused(kind, isServer);
        var expected = new StringBuilder();
        int length = int.MaxValue;
        for (int cut = 1; cut < length; cut++)
        {
            expected.Append("a record;");
            link.TlsPeer.Write("a record;"u8);
            byte[] wire = link.TakePeerOutput();
            length = wire.Length;
            link.Ship(wire.AsSpan(0, cut));
            await link.Settle();
            Assert.Equal(UnreadInput.Bytes, await link.On(static connection => connection.LookAhead()));
            Assert.False(await link.On(static connection => connection.IsKnownQuiet));
            link.Ship(wire.AsSpan(cut));
            await link.On(static connection => connection.StartReceive());
            await link.UntilReceived(expected.Length);
            await link.On(static connection => connection.PauseReceive());
            await link.Settle();
            Assert.Equal(UnreadInput.None, await link.On(static connection => connection.LookAhead()));
        }

        Assert.Equal(expected.ToString(), Encoding.Latin1.GetString(link.Owner.Received));
    }

    /// <summary>A server that sends tickets late has not spoken first, however they are cut.</summary>
    [Fact]
    public async Task LateTicketCutAnywhere_IsNothingForTheOwner()
    {
        await using LayerLink link = await Paused(LinkKind.SimulatedReadinessTls13, isServer: false);
        int length = int.MaxValue;
        for (int cut = 1; cut < length; cut++)
        {
            link.Peer.SendTicket();
            byte[] wire = link.TakePeerOutput();
            length = wire.Length;
            link.Ship(wire.AsSpan(0, cut));
            await link.Settle();
            Assert.Equal(UnreadInput.Bytes, await link.On(static connection => connection.LookAhead()));
            link.Ship(wire.AsSpan(cut));
            await link.Settle();
            Assert.Equal(UnreadInput.None, await link.On(static connection => connection.LookAhead()));
        }

        Assert.InRange(length, 100, 2000);
        Assert.Equal(0, link.Owner.ReceivedBytes);
        link.PeerSends("data");
        await link.On(static connection => connection.StartReceive());
        await link.UntilReceived(4);
    }

    /// <summary>The last flight of a client, its request and its end may come in one segment.</summary>
    [Theory]
    [InlineData(LinkKind.SimulatedReadinessTls13)]
    [InlineData(LinkKind.SimulatedCompletionTls13)]
    [InlineData(LinkKind.EpollTls13)]
    [InlineData(LinkKind.SaeaTls13)]
    public async Task LastFlightDataAndEndInOneSegment_AreAllTold(LinkKind kind)
    {
        await using LayerLink link = await LayerLink.Begin(kind, isServer: true);
        link.PeerSpeaks = false;
        link.Ship(link.TakePeerOutput());
        await link.Until(() => link.Peer.State == RecordState.Secured, "the keys of the client");
        link.Peer.Seal("request"u8);
        link.Peer.AnnounceEnd();
        link.Ship(link.TakePeerOutput());
        await link.UntilSeen("end");

        Assert.Equal("request", Encoding.Latin1.GetString(link.Owner.Received));
        Assert.Equal(["secured", "end"], link.Signals);
        Assert.True(await link.On(static connection => connection.EndIsClean));
    }

    [Theory]
    [InlineData(LinkKind.SimulatedReadinessTls13, true)]
    [InlineData(LinkKind.SimulatedReadinessTls13, false)]
    [InlineData(LinkKind.EpollTls13, true)]
    [InlineData(LinkKind.EpollTls13, false)]
    public async Task NewKeysOfBothDirections_ChangeNothingOfTheBytes(LinkKind kind, bool isServer)
    {
        await using LayerLink link = await LayerLink.Open(kind, isServer, new RecordOptions(5, LaterTickets: 0));
        byte[] piece = Peers.Pattern(5000);
        for (int round = 1; round <= 40; round++)
        {
            link.TlsPeer.UpdateKeys();
            link.PeerSends(piece);
            await link.UntilReceived(round * piece.Length);
            await link.On(connection => connection.Send(piece));
            await link.Until(() => link.PeerReceived.Length == round * piece.Length, "the answer");
        }

        Assert.All(link.PeerReceived.Chunk(piece.Length), chunk => Assert.Equal(piece, chunk));
        Assert.All(link.Owner.Received.Chunk(piece.Length), chunk => Assert.Equal(piece, chunk));
    }

    [Theory]
    [MemberData(nameof(LinkData.TlsAlone), MemberType = typeof(LinkData))]
    public async Task RecordAboveTheLimit_FailsTheConnection(LinkKind kind, bool isServer)
    {
        await using LayerLink link = await LayerLink.Open(kind, isServer);
        link.Ship([23, 3, 3, 0x60, 0, .. new byte[100]]);
        await link.UntilSeen("failed ConnectionAborted");
        await link.Until(() => link.Peer.HasAlert, "the alert");

        const int RecordOverflow = 22;
        Assert.Equal(RecordOverflow, link.TlsPeer.Alert);
        Assert.Equal(LayerFailure.BadRecord, await link.On(static connection => connection.LayerFailure));
    }

    [Fact]
    public async Task RecordsOfAStream_AreShortAtFirst_ThenTheLongest_AndShortAgainAfterARest()
    {
        await using LayerLink link = await TlsTesting.Begin(
            TlsTesting.Server(TlsTesting.ServerTerms(TestIdentities.A)), TlsTesting.Peer(new TlsPeerTerms(false, Tls13)));
        await link.Secured();
        await link.Settle();
        List<int> sizes = link.TlsPeer.DataRecords;
        for (int turn = 1; turn <= 2; turn++)
        {
            int before = link.PeerReceived.Length;
            sizes.Clear();
            for (int i = 0; i < 4; i++)
                await link.On(static connection => connection.Send(new byte[50_000]));
            await link.Until(() => link.PeerReceived.Length == before + 200_000, "all of it");
            const int ShortBytes = 1369 + AddedBytes;
            int shortOnes = sizes.TakeWhile(static size => size <= ShortBytes).Count();
            Assert.InRange(shortOnes * (ShortBytes - AddedBytes), 64 * 1024, 72 * 1024);
            Assert.Contains(RecordSizes.Largest + AddedBytes, sizes);
            Assert.DoesNotContain(ShortBytes, sizes.Skip(shortOnes));
            ((SimulatedLink)link).Rest(1500);
            await link.Settle();
        }
    }

    [Theory]
    [InlineData(4096)]
    [InlineData(RecordSizes.Largest)]
    public async Task RecordsOfAFixedSize_AreThatLong(int bytes)
    {
        TlsServerPolicy policy = TlsTesting.Server(TlsTesting.ServerTerms(TestIdentities.A) with { RecordBytes = bytes });
        await using LayerLink link = await TlsTesting.Begin(policy, TlsTesting.Peer(new TlsPeerTerms(false, Tls13)));
        await link.Secured();
        await link.Settle();
        link.TlsPeer.DataRecords.Clear();
        await link.On(connection => connection.Send(new byte[bytes * 3 + 5]));
        await link.Until(() => link.PeerReceived.Length == (bytes * 3) + 5, "all of it");

        Assert.Equal([bytes + AddedBytes, bytes + AddedBytes, bytes + AddedBytes, 5 + AddedBytes], link.TlsPeer.DataRecords);
    }

    private static async Task<LayerLink> Paused(LinkKind kind, bool isServer)
    {
        LayerLink link = await LayerLink.Begin(kind, isServer, new RecordOptions(2, LaterTickets: 0));
        link.Script = what =>
        {
            if (what == link.SecuredEvent)
                link.Connection.PauseReceive();
        };
        await link.Until(() => link.Peer.State == RecordState.Secured && link.Owner.Count(link.SecuredEvent) == 1, "the handshake");
        await link.Settle();
        link.PeerSpeaks = false;
        return link;
    }
}
