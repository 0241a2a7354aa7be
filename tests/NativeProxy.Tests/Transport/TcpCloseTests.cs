using System;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Tasks;
using NativeProxy.Transport;
using Xunit;

namespace NativeProxy.Tests.Transport;

public class TcpCloseTests
{
    [Fact]
    public async Task OurHalfClose_EndsThePeersStreamOnly()
    {
        using var test = new LoopUnderTest();
        (TcpConnection connection, RecordingOwner owner, Socket peer) = await test.Connect();
        await test.Run(() =>
        {
            connection.Send("last words"u8);
            connection.ShutdownSend();
        });

        Assert.Equal("last words", Encoding.ASCII.GetString(peer.ReadToEnd()));
        peer.Send("answer"u8);
        await owner.Until(static seen => seen.ReceivedBytes == 6);
        Assert.Equal(SendResult.Failed, await test.Run(() => connection.Send("too late"u8)));
        await TcpSendReceiveTests.Finish(test, connection, owner);
    }

    [Fact]
    public async Task ThePeersHalfClose_LeavesOurSending()
    {
        using var test = new LoopUnderTest();
        (TcpConnection connection, RecordingOwner owner, Socket peer) = await test.Connect();
        peer.Send("request"u8);
        peer.Shutdown(SocketShutdown.Send);
        await owner.Until(static seen => seen.Count("end") == 1);

        Assert.True(connection.EndOfStreamSeen);
        Assert.Equal(SendResult.Sent, await test.Run(() => connection.Send("response"u8)));
        await test.Run(connection.Close);

        Assert.Equal("response", Encoding.ASCII.GetString(peer.ReadToEnd()));
        Assert.Equal("request", Encoding.ASCII.GetString(owner.Received));
        await owner.UntilClosed();
        Assert.Equal(["connected", "end", "closed"], owner.Signals);
        await test.AssertEmpty();
    }

    [Fact]
    public async Task EndOfStream_IsToldOnceEvenIfReceivingStartsAgain()
    {
        using var test = new LoopUnderTest();
        (TcpConnection connection, RecordingOwner owner, Socket peer) = await test.Connect();
        peer.Shutdown(SocketShutdown.Send);
        await owner.Until(static seen => seen.Count("end") == 1);

        await test.Run(() =>
        {
            connection.PauseReceive();
            connection.StartReceive();
        });
        await test.Settle();

        Assert.Equal(1, owner.Count("end"));
        await TcpSendReceiveTests.Finish(test, connection, owner);
    }

    [Fact]
    public async Task HalfCloseWithQueuedBytes_SendsThemBeforeFin()
    {
        using var test = new LoopUnderTest();
        (TcpConnection connection, RecordingOwner owner, Socket peer) = await test.Connect();
        byte[] sent = await TcpSendReceiveTests.FillUntilQueued(test, connection);
        await test.Run(connection.ShutdownSend);

        Assert.Equal(sent, await Task.Run(peer.ReadToEnd));
        await owner.Until(static seen => seen.Count("drained") == 1);
        await TcpSendReceiveTests.Finish(test, connection, owner);
    }

    [Fact]
    public async Task Close_SendsQueuedBytesThenFin()
    {
        using var test = new LoopUnderTest();
        (TcpConnection connection, RecordingOwner owner, Socket peer) = await test.Connect();
        byte[] sent = await TcpSendReceiveTests.FillUntilQueued(test, connection);
        await test.Run(connection.Close);
        await test.Settle();
        Assert.Equal(["connected"], owner.Signals);
        Assert.Equal(TcpConnectionState.Flushing, connection.State);

        Assert.Equal(sent, await Task.Run(peer.ReadToEnd));
        await owner.UntilClosed();
        Assert.Equal(["connected", "closed"], owner.Signals);
        await test.AssertEmpty();
    }

    [Fact]
    public async Task Close_OfAnIdleConnection_SendsFinAndNotRst()
    {
        using var test = new LoopUnderTest();
        (TcpConnection connection, RecordingOwner owner, Socket peer) = await test.Connect();

        await test.Run(connection.Close);
        await owner.UntilClosed();

        Assert.Equal(SocketError.Success, peer.ReadToError());
        await test.AssertEmpty();
    }

    [Fact]
    public async Task Close_BeforeReceivingEverBegan_IsComplete()
    {
        using var test = new LoopUnderTest();
        (TcpConnection connection, RecordingOwner owner, Socket peer) = await test.Connect(startReceive: false);

        await test.Run(connection.Close);
        await owner.UntilClosed();

        Assert.Equal(SocketError.Success, peer.ReadToError());
        await test.AssertEmpty();
    }

    [Fact]
    public async Task SecondClose_ChangesNothing()
    {
        using var test = new LoopUnderTest();
        (TcpConnection connection, RecordingOwner owner, _) = await test.Connect();

        await test.Run(() =>
        {
            connection.Close();
            connection.Close();
            connection.Abort();
        });
        await owner.UntilClosed();
        await test.Settle();

        Assert.Equal(["connected", "closed"], owner.Events);
        await test.AssertEmpty();
    }

    [Fact]
    public async Task Abort_SendsRst()
    {
        using var test = new LoopUnderTest();
        (TcpConnection connection, RecordingOwner owner, Socket peer) = await test.Connect();

        await test.Run(connection.Abort);
        await owner.UntilClosed();

        Assert.Equal(SocketError.ConnectionReset, peer.ReadToError());
        Assert.Equal(["connected", "closed"], owner.Events);
        await test.AssertEmpty();
    }

    [Fact]
    public async Task Abort_DropsQueuedBytesAndReturnsTheirBlocks()
    {
        using var test = new LoopUnderTest();
        (TcpConnection connection, RecordingOwner owner, Socket peer) = await test.Connect();
        await TcpSendReceiveTests.FillUntilQueued(test, connection);

        await test.Run(connection.Abort);
        await owner.UntilClosed();

        Assert.Equal(SocketError.ConnectionReset, peer.ReadToError());
        await test.AssertEmpty();
    }

    [Fact]
    public async Task AbortWhileFlushing_EndsTheWait()
    {
        using var test = new LoopUnderTest();
        (TcpConnection connection, RecordingOwner owner, Socket peer) = await test.Connect();
        await TcpSendReceiveTests.FillUntilQueued(test, connection);
        await test.Run(connection.Close);

        await test.Run(connection.Abort);
        await owner.UntilClosed();

        Assert.Equal(SocketError.ConnectionReset, peer.ReadToError());
        Assert.Equal(["connected", "closed"], owner.Signals);
        await test.AssertEmpty();
    }

    [Fact]
    public async Task PeerGoneWhileFlushing_EndsTheWait()
    {
        using var test = new LoopUnderTest();
        (TcpConnection connection, RecordingOwner owner, Socket peer) = await test.Connect();
        await TcpSendReceiveTests.FillUntilQueued(test, connection);
        await test.Run(connection.Close);

        peer.Reset();
        await owner.UntilClosed();

        Assert.Equal(["connected", "closed"], owner.Signals);
        await test.AssertEmpty();
    }

    [Fact]
    public async Task PeersReset_IsToldAsAFailure()
    {
        using var test = new LoopUnderTest();
        (TcpConnection connection, RecordingOwner owner, Socket peer) = await test.Connect();

        peer.Reset();
        await owner.Until(static seen => seen.Count("failed ConnectionReset") == 1);

        await TcpSendReceiveTests.Finish(test, connection, owner);
        Assert.Equal(["connected", "failed ConnectionReset", "closed"], owner.Signals);
    }

    [Fact]
    public async Task PeersReset_FailsTheQueuedSend()
    {
        using var test = new LoopUnderTest();
        (TcpConnection connection, RecordingOwner owner, Socket peer) = await test.Connect(startReceive: false);
        await TcpSendReceiveTests.FillUntilQueued(test, connection);

        peer.Reset();
        await owner.Until(static seen => seen.Events.Any(static text => text.StartsWith("send failed", StringComparison.Ordinal)));

        Assert.True(connection.IsSendBroken);
        Assert.Equal(0, await test.Run(() => test.Pools.LentCount));
        await TcpSendReceiveTests.Finish(test, connection, owner);
    }

    [Fact]
    public async Task SendToAPeerThatHasReset_FailsAndIsToldAfterTheCall()
    {
        using var test = new LoopUnderTest();
        (TcpConnection connection, RecordingOwner owner, Socket peer) = await test.Connect(startReceive: false);
        peer.Reset();

        (SendResult Result, string[] Seen) inside = await test.Run(() => (connection.Send("nobody hears"u8), owner.Signals));

        Assert.Equal(SendResult.Failed, inside.Result);
        Assert.Equal(["connected"], inside.Seen);
        await owner.Until(static seen => seen.Events.Any(static text => text.StartsWith("send failed", StringComparison.Ordinal)));
        await TcpSendReceiveTests.Finish(test, connection, owner);
    }

    [Fact]
    public async Task BrokenSend_LeavesThePeersEarlierBytesReadable()
    {
        using var test = new LoopUnderTest();
        (TcpConnection connection, RecordingOwner owner, Socket peer) = await test.Connect();
        await test.Run(connection.PauseReceive);
        peer.Send("first"u8);
        await owner.Until(static seen => seen.ReceivedBytes == 5);
        peer.Send("final answer"u8);
        await TcpSendReceiveTests.FillUntilQueued(test, connection);
        await test.Run(() => connection.Send(new byte[TcpConnection.SendQueueBytesMax]));

        await test.Run(connection.StartReceive);
        await owner.Until(static seen => seen.ReceivedBytes == 17);

        Assert.Equal("firstfinal answer", Encoding.ASCII.GetString(owner.Received));
        peer.Dispose();
        await TcpSendReceiveTests.Finish(test, connection, owner);
    }

    [Fact]
    public async Task CloseFromInsideADelivery_EndsInOrder()
    {
        using var test = new LoopUnderTest();
        using Socket listener = Peers.Listen();
        var owner = new RecordingOwner
        {
            WhenConnected = static connection => connection.StartReceive(),
            WhenReceived = static (connection, _) => connection.Close(),
        };
        await test.Run(() => test.Loop.Connect((IPEndPoint)listener.LocalEndPoint!, owner, SocketTuning.Default));
        using Socket peer = Peers.Accept(listener);
        peer.Send("x"u8);

        await owner.UntilClosed();

        Assert.Equal(["connected", "received", "closed"], owner.Events);
        await test.AssertEmpty();
    }
}
