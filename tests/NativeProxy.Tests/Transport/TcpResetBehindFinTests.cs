using System;
using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.Foundation;
using NativeProxy.Transport;
using NativeProxy.Transport.Sockets;
using Xunit;

namespace NativeProxy.Tests.Transport;

/// <summary>
/// A peer that has sent FIN and breaks the connection off later: reading shows nothing of it, in both engines the owner hears of it all the same.
/// </summary>
public class TcpResetBehindFinTests
{
    private static readonly string[] Heard = ["connected", "end", "failed ConnectionReset"];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ResetBehindFin_IsTold(bool isEpoll)
    {
        using var test = new LoopUnderTest(isEpoll: isEpoll);
        (TcpConnection connection, RecordingOwner owner, Socket peer) = await test.Connect();
        peer.Send("request"u8);
        peer.Shutdown(SocketShutdown.Send);
        await owner.UntilSeen("end");
        Assert.Equal(ClosedBy.Peer, await test.Run(() => connection.EndedBy));

        peer.Reset();

        await owner.UntilSeen("failed ConnectionReset");
        Assert.Equal(ClosedBy.PeerReset, await test.Run(() => connection.EndedBy));
        await TcpSendReceiveTests.Finish(test, connection, owner);
        Assert.Equal([.. Heard, "closed"], owner.Signals);
    }

    /// <summary>What the peer has sent is read, up to its FIN, although it has broken the connection off meanwhile.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ResetThatComesWithTheFin_IsToldBehindIt(bool isEpoll)
    {
        using var test = new LoopUnderTest(isEpoll: isEpoll);
        (TcpConnection connection, RecordingOwner owner, Socket peer) = await test.Connect();
        await test.Run(() =>
        {
            // While the loop does this, it does not look.
            peer.Send("last words"u8);
            peer.Shutdown(SocketShutdown.Send);
            peer.Reset();
        });

        await owner.UntilSeen("failed ConnectionReset");
        Assert.Equal("last words"u8.ToArray(), owner.Received);
        Assert.Equal(Heard, owner.Signals);
        await TcpSendReceiveTests.Finish(test, connection, owner);
    }

    /// <summary>An accepted connection whose first read is full and whose second one is its end: nothing more was awaited of it so far.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ResetBehindAFinThatWasFoundWithoutWaiting_IsTold(bool isEpoll)
    {
        using var test = new LoopUnderTest(isEpoll: isEpoll);
        using Socket listener = Peers.Listen();
        listener.ReceiveBufferSize = 8 * EventLoop.ReceiveBytesMax;
        using Socket peer = Peers.Connect(listener);
        peer.Send(new byte[EventLoop.ReceiveBytesMax]);
        peer.Shutdown(SocketShutdown.Send);
        byte[] info = new byte[TcpInfo.BytesMax];
        await test.Until(() => TcpInfo.AcknowledgedBytes(info.AsSpan(0,
            peer.GetRawSocketOption((int)SocketOptionLevel.Tcp, TcpInfo.Option, info))) > EventLoop.ReceiveBytesMax, "FIN has arrived");
        var acceptor = new OneAcceptor();
        await test.Run(() => test.Loop.Listen(listener, acceptor, SocketTuning.Default).Resume());
        await acceptor.Owner.UntilSeen("end");

        peer.Reset();

        await acceptor.Owner.UntilSeen("failed ConnectionReset");
        Assert.Equal(EventLoop.ReceiveBytesMax, acceptor.Owner.ReceivedBytes);
        await TcpSendReceiveTests.Finish(test, acceptor.Connection!, acceptor.Owner);
    }

    /// <summary>
    /// The twin: who only half-closes, with an urgent byte on the way, is not taken for gone, however often others are found to be.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task PeerThatOnlyHalfCloses_IsServed(bool isEpoll)
    {
        using var test = new LoopUnderTest(isEpoll: isEpoll);
        (TcpConnection connection, RecordingOwner owner, Socket peer) = await test.Connect();
        peer.Send("!"u8, SocketFlags.OutOfBand);
        peer.Shutdown(SocketShutdown.Send);
        await owner.UntilSeen("end");
        for (int round = 0; round < 2; round++)
        {
            (TcpConnection other, RecordingOwner otherOwner, Socket otherPeer) = await test.Connect();
            otherPeer.Shutdown(SocketShutdown.Send);
            await otherOwner.UntilSeen("end");
            otherPeer.Reset();
            await otherOwner.UntilSeen("failed ConnectionReset");
            await TcpSendReceiveTests.Finish(test, other, otherOwner);
        }

        Assert.Equal(["connected", "end"], owner.Signals);
        Assert.Equal(SendResult.Sent, await test.Run(() => connection.Send("answer"u8)));
        Assert.Equal("answer"u8.ToArray(), peer.ReadExactly(6));
        await TcpSendReceiveTests.Finish(test, connection, owner);
    }

    /// <summary>The object serves another connection when the look at its last one is due.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task NextLifeOfAConnection_IsNotTakenForTheLastOne(bool isEpoll)
    {
        using var test = new LoopUnderTest(isEpoll: isEpoll);
        (TcpConnection first, RecordingOwner firstOwner, Socket firstPeer) = await test.Connect();
        firstPeer.Shutdown(SocketShutdown.Send);
        await firstOwner.UntilSeen("end");
        await TcpSendReceiveTests.Finish(test, first, firstOwner);
        (TcpConnection second, RecordingOwner secondOwner, Socket secondPeer) = await test.Connect();
        Assert.Same(first, second);
        secondPeer.Shutdown(SocketShutdown.Send);
        await secondOwner.UntilSeen("end");

        secondPeer.Reset();

        await secondOwner.UntilSeen("failed ConnectionReset");
        await TcpSendReceiveTests.Finish(test, second, secondOwner);
        Assert.Equal([.. Heard, "closed"], secondOwner.Signals);
        Assert.Equal(["connected", "end", "closed"], firstOwner.Signals);
    }

    /// <summary>Takes the one connection that comes.</summary>
    private sealed class OneAcceptor : IConnectionAcceptor
    {
        public RecordingOwner Owner { get; } = new();

        public TcpConnection? Connection { get; private set; }

        public bool MayAccept => Connection is null;

        public void OnAccepted(TcpConnection connection)
        {
            Connection = connection;
            connection.SetOwner(Owner);
            connection.StartReceive();
        }

        public void OnAcceptFailed(SocketError error)
        {
        }
    }
}
