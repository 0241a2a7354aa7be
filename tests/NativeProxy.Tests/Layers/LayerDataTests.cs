using System;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using NativeProxy.Tests.Transport;
using NativeProxy.Transport;
using Xunit;

namespace NativeProxy.Tests.Layers;

/// <summary>Bytes through a layer, in both directions.</summary>
public sealed class LayerDataTests
{
    public static TheoryData<LinkKind, bool> Links => LinkData.Links;

    public static TheoryData<LinkKind, bool> RecordLinks => LinkData.RecordLinks;

    [Theory]
    [MemberData(nameof(Links))]
    public async Task BytesOfBothDirections_ArriveAsTheyWereSent(LinkKind kind, bool isServer)
    {
        for (ulong seed = 1; seed <= 5; seed++)
        {
            await using LayerLink link = await LayerLink.Open(kind, isServer, new RecordOptions(seed));
            byte[] toPeer = Peers.Pattern(150_000, seed: 3);
            byte[] fromPeer = Peers.Pattern(200_000, seed: 5);

            link.PeerSends(fromPeer);
            await link.On(connection =>
            {
                for (int at = 0; at < toPeer.Length; at += 10_000)
                    connection.Send(toPeer.AsSpan(at, 10_000));
            });
            await link.Until(() => link.PeerReceived.Length >= toPeer.Length, "bytes at the other end");
            await link.UntilReceived(fromPeer.Length);

            Assert.Equal(toPeer, link.PeerReceived);
            Assert.Equal(fromPeer, link.Owner.Received);
            Assert.InRange(link.Owner.LargestDelivery, 1, EventLoop.ReceiveBytesMax + LayerScratch.RecordBytesMax);
        }
    }

    /// <summary>What is received counts as the owner's, what is sent as the wire's.</summary>
    [Theory]
    [MemberData(nameof(Links))]
    public async Task ReceivedBytesArePlain_SentAndAcknowledgedBytesAreOfTheWire(LinkKind kind, bool isServer)
    {
        await using LayerLink link = await LayerLink.Open(kind, isServer);
        long handshakeBytes = await link.On(static connection => connection.SentBytes);
        link.PeerSends("hello");
        await link.UntilReceived(5);
        await link.On(static connection => connection.Send("hello"u8));
        await link.Until(() => link.PeerReceived.Length == 5, "hello at the other end");

        Assert.True(handshakeBytes > 0);
        Assert.Equal(5, await link.On(static connection => connection.ReceivedBytes));
        long sent = await link.On(static connection => connection.SentBytes);
        for (DateTime latest = DateTime.UtcNow + LoopUnderTest.Deadline; await link.On(static connection => connection.AcknowledgedBytes) < sent - 1;)
        {
            Assert.True(DateTime.UtcNow < latest, "the other end's machine does not acknowledge");
            await link.Settle();
        }
        Assert.True(sent >= handshakeBytes + 5 + RecordSession.HeaderBytes, $"{handshakeBytes} and then {sent}");

        // To the byte it is only as a difference: an accepted connection may not count its SYN.
        Assert.InRange(await link.On(static connection => connection.TakenBytes), sent - 1, sent + 1);
    }

    /// <summary>Each record comes in two pieces, cut at each of its places in turn.</summary>
    [Theory]
    [MemberData(nameof(Links))]
    public async Task RecordCutAnywhere_IsDeliveredOnceItIsWhole(LinkKind kind, bool isServer)
    {
        await using LayerLink link = await LayerLink.Open(kind, isServer, new RecordOptions(3, LaterTickets: 0));
        var expected = new StringBuilder();
        int length = int.MaxValue;
        for (int cut = 1; cut < length; cut++)
        {
            string text = $"record {cut} of many";
            expected.Append(text);
            link.Peer.Seal(Encoding.Latin1.GetBytes(text));
            byte[] wire = link.TakePeerOutput();
            length = 60;
            int at = Math.Min(cut, wire.Length - 1);
            link.Ship(wire.AsSpan(0, at));
            await link.Settle();
            link.Ship(wire.AsSpan(at));
            await link.UntilReceived(expected.Length);
        }

        Assert.Equal(expected.ToString(), Encoding.Latin1.GetString(link.Owner.Received));
    }

    [Theory]
    [MemberData(nameof(Links))]
    public async Task PeerThatDoesNotRead_FillsTheQueueWithBytesOfTheWire_AndGetsAllOnceItReads(LinkKind kind, bool isServer)
    {
        await using LayerLink link = await LayerLink.Open(kind, isServer, new RecordOptions(9, RecordBytesMax: 200));
        link.PeerReads = false;
        byte[] piece = Peers.Pattern(64 * 1024);
        int pieces = 0;
        while (await link.On(connection => connection.Send(piece)) == SendResult.Sent)
            pieces++;

        Assert.True(await link.On(static connection => connection.HasQueuedBytes));
        Assert.DoesNotContain("drained", link.Signals);
        link.PeerReads = true;
        await link.Until(() => link.PeerReceived.Length >= (pieces + 1) * piece.Length, "all pieces");
        await link.UntilSeen("drained");

        Assert.False(await link.On(static connection => connection.HasQueuedBytes));
        Assert.All(link.PeerReceived.Chunk(piece.Length), chunk => Assert.Equal(piece, chunk));
    }

    [Theory]
    [MemberData(nameof(Links))]
    public async Task OwnerThatIgnoresBackpressure_FailsAtTheBoundOfTheQueue(LinkKind kind, bool isServer)
    {
        await using LayerLink link = await LayerLink.Open(kind, isServer);
        link.PeerReads = false;
        byte[] piece = Peers.Pattern(64 * 1024);
        int mostQueued = 0;
        for (SendResult result = SendResult.Sent; result != SendResult.Failed;)
        {
            result = await link.On(connection => connection.Send(piece));
            mostQueued = Math.Max(mostQueued, await link.On(static connection => connection.QueuedBytes));
        }
        await link.Settle();

        Assert.InRange(mostQueued, TcpConnection.SendQueueBytesMax * 3 / 4, TcpConnection.SendQueueBytesMax);
        Assert.Equal("send failed NoBufferSpaceAvailable", link.Signals[^1]);
    }

    [Theory]
    [MemberData(nameof(Links))]
    public async Task CorkedBytes_DoNotCountAsQueued_AndGoWithTheNextOnes(LinkKind kind, bool isServer)
    {
        await using LayerLink link = await LayerLink.Open(kind, isServer);
        bool areHeld = await link.On(static connection =>
        {
            long before = connection.SentBytes;
            connection.SendSoon("one "u8);
            connection.SendSoon("two "u8);
            bool areHeld = connection.SentBytes == before && !connection.HasQueuedBytes && connection.QueuedBytes > 8;
            connection.Send("three"u8);
            return areHeld;
        });
        await link.Until(() => link.PeerReceived.Length >= 13, "all three");

        Assert.True(areHeld);
        Assert.Equal("one two three", Encoding.Latin1.GetString(link.PeerReceived));
    }

    [Theory]
    [MemberData(nameof(Links))]
    public async Task CorkedBytes_GoByThemselvesWhenNothingElseHappens(LinkKind kind, bool isServer)
    {
        await using LayerLink link = await LayerLink.Open(kind, isServer);
        await link.On(static connection => connection.SendSoon("held"u8));

        await link.Until(() => link.PeerReceived.Length == 4, "what was held");
    }

    [Theory]
    [MemberData(nameof(Links))]
    public async Task EmptySend_SendsNoRecord(LinkKind kind, bool isServer)
    {
        await using LayerLink link = await LayerLink.Open(kind, isServer);
        Assert.True(await link.On(static connection =>
        {
            long before = connection.SentBytes;
            return connection.Send(default) == SendResult.Sent && connection.SentBytes == before;
        }));
    }

    [Theory]
    [MemberData(nameof(Links))]
    public async Task PausedOwner_GetsNothingUntilItAsks(LinkKind kind, bool isServer)
    {
        await using LayerLink link = await LayerLink.Open(kind, isServer);
        await link.On(static connection => connection.PauseReceive());
        link.PeerSends("first");
        await link.Settle();

        // One delivery may have been begun.
        await link.Until(() => link.Owner.ReceivedBytes is 0 or 5, "at most what had begun");
        int before = link.Owner.ReceivedBytes;
        link.PeerSends("second");
        await link.Settle();
        Assert.True(link.Owner.ReceivedBytes == before || before == 0);
        await link.On(static connection => connection.StartReceive());
        await link.UntilReceived(11);

        Assert.Equal("firstsecond", Encoding.Latin1.GetString(link.Owner.Received));
    }

    /// <summary>The layer's answers must not come between.</summary>
    [Theory]
    [MemberData(nameof(RecordLinks))]
    public async Task RecordsThatNobodyAskedFor_ReachNoOwner(LinkKind kind, bool isServer)
    {
        await using LayerLink link = await LayerLink.Open(kind, isServer, new RecordOptions(4, RecordBytesMax: 100, Tickets: 4, LaterTickets: 900));
        byte[] bytes = Peers.Pattern(20_000);
        link.PeerSends(bytes);
        await link.On(connection => connection.Send(bytes));
        await link.UntilReceived(bytes.Length);
        await link.Until(() => link.PeerReceived.Length >= bytes.Length, "all at the other end");

        Assert.Equal(bytes, link.Owner.Received);
        Assert.Equal(bytes, link.PeerReceived);
        Assert.Equal(isServer, ((RecordSession)link.Peer).TicketCount > 10);
    }
}
