using System.Linq;
using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.Buffers;
using NativeProxy.Transport;
using Xunit;

namespace NativeProxy.Tests.Transport;

/// <summary><see cref="TcpConnection.SendSoon"/> on both engines.</summary>
public class TcpCorkTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task CorkedBytes_GoWhenTheLoopHasNothingElseToDo(bool isEpoll)
    {
        using var test = new LoopUnderTest(isEpoll: isEpoll);
        (TcpConnection connection, RecordingOwner owner, Socket peer) = await test.Connect();

        int heldBytes = await test.Run(() =>
        {
            Assert.Equal(SendResult.Sent, connection.SendSoon("one,"u8));
            Assert.Equal(SendResult.Sent, connection.SendSoon("two"u8));
            Assert.False(connection.HasQueuedBytes);
            return connection.QueuedBytes;
        });

        Assert.Equal(7, heldBytes);
        Assert.Equal("one,two"u8.ToArray(), peer.ReadExactly(7));
        await test.Until(() => connection.QueuedBytes == 0, "nothing is held any more");
        await TcpSendReceiveTests.Finish(test, connection, owner);
        await test.AssertEmpty();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task CorkedBytes_GoBeforeTheNextSendInOrder(bool isEpoll)
    {
        using var test = new LoopUnderTest(isEpoll: isEpoll);
        (TcpConnection connection, RecordingOwner owner, Socket peer) = await test.Connect();

        int heldBytes = await test.Run(() =>
        {
            connection.SendSoon("one,"u8);
            connection.Send("two"u8);
            return connection.QueuedBytes;
        });

        Assert.Equal(0, heldBytes);
        Assert.Equal("one,two"u8.ToArray(), peer.ReadExactly(7));
        await TcpSendReceiveTests.Finish(test, connection, owner);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task MoreThanABlock_IsNotHeld(bool isEpoll)
    {
        using var test = new LoopUnderTest(isEpoll: isEpoll);
        (TcpConnection connection, RecordingOwner owner, Socket peer) = await test.Connect();
        byte[] large = Peers.Pattern(BufferPools.LargeBlockBytes);

        await test.Run(() =>
        {
            connection.SendSoon("head"u8);
            connection.SendSoon(large);
            Assert.Equal(0, connection.QueuedBytes);
        });

        Assert.Equal("head"u8.ToArray().Concat(large), peer.ReadExactly(4 + large.Length));
        await TcpSendReceiveTests.Finish(test, connection, owner);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task CorkedBytes_GoBeforeFin(bool isEpoll)
    {
        using var test = new LoopUnderTest(isEpoll: isEpoll);
        (TcpConnection connection, RecordingOwner owner, Socket peer) = await test.Connect();

        await test.Run(() =>
        {
            connection.SendSoon("last"u8);
            connection.Close();
        });

        Assert.Equal("last"u8.ToArray(), peer.ReadExactly(4));
        Assert.Equal(0, peer.Receive(new byte[1]));
        await owner.UntilClosed();
        await test.AssertEmpty();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task CorkedBytes_AreDroppedByAnAbort(bool isEpoll)
    {
        using var test = new LoopUnderTest(isEpoll: isEpoll);
        (TcpConnection connection, RecordingOwner owner, Socket peer) = await test.Connect();

        await test.Run(() =>
        {
            connection.SendSoon("lost"u8);
            connection.Abort();
        });

        await owner.UntilClosed();
        Assert.Equal(SocketError.ConnectionReset, peer.ReadToError());
        await test.AssertEmpty();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task CorkedBytesThatTheKernelDoesNotTake_AreQueuedAndTheOwnerHears(bool isEpoll)
    {
        using var test = new LoopUnderTest(isEpoll: isEpoll);
        (TcpConnection connection, RecordingOwner owner, Socket peer) = await test.Connect();
        byte[] piece = Peers.Pattern(BufferPools.LargeBlockBytes);
        int pieces = 0;

        // Held bytes are flushed by the next call, until the socket is full.
        await test.Run(() =>
        {
            while (!connection.HasQueuedBytes)
            {
                connection.SendSoon(piece);
                connection.Uncork();
                pieces++;
            }
        });
        await owner.Until(static seen => seen.Count("blocked") == 1);

        byte[] received = peer.ReadExactly(pieces * piece.Length);
        Assert.All(Enumerable.Range(0, pieces), i => Assert.Equal(piece, received[(i * piece.Length)..((i + 1) * piece.Length)]));
        await owner.Until(static seen => seen.Count("drained") == 1);
        await TcpSendReceiveTests.Finish(test, connection, owner);
        await test.AssertEmpty();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task DelayedConnection_IsReadAgainAfterAWhileAndWhenAsked(bool isEpoll)
    {
        using var test = new LoopUnderTest(isEpoll: isEpoll);
        (TcpConnection connection, RecordingOwner owner, Socket peer) = await test.Connect();

        await test.Run(connection.DelayReceive);
        peer.Send("later"u8);
        await owner.Until(static seen => seen.ReceivedBytes >= 5);

        await test.Run(connection.DelayReceive);
        peer.Send("now"u8);
        await test.Run(connection.EndReceiveDelay);
        await owner.Until(static seen => seen.ReceivedBytes >= 8);

        Assert.Equal("laternow"u8.ToArray(), owner.Received);
        await TcpSendReceiveTests.Finish(test, connection, owner);
    }
}
