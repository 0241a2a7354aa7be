using System;
using System.Collections.Generic;
using System.Linq;
using System.Net.Sockets;
using System.Text;
using System.Threading.Tasks;
using NativeProxy.Transport;
using Xunit;

namespace NativeProxy.Tests.Transport;

public class TcpSendReceiveTests
{
    /// <summary>More than the kernel's socket buffers hold while the peer does not read, so that the rest must be queued.</summary>
    private const int FloodBytes = 256 * 1024;

    [Fact]
    public async Task ReceivedBytes_AreThePeersBytes()
    {
        using var test = new LoopUnderTest();
        (TcpConnection connection, RecordingOwner owner, Socket peer) = await test.Connect();
        byte[] sent = Peers.Pattern(1_500_000);

        await Task.Run(() => peer.Send(sent));
        await owner.Until(seen => seen.ReceivedBytes >= sent.Length);

        Assert.Equal(sent, owner.Received);
        Assert.InRange(owner.LargestDelivery, 1, EventLoop.ReceiveBytesMax);
        await Finish(test, connection, owner);
    }

    [Fact]
    public async Task WaitingForBytes_HoldsNoBuffer()
    {
        using var test = new LoopUnderTest();
        (TcpConnection connection, RecordingOwner owner, _) = await test.Connect();

        Assert.Equal(0, await test.Run(() => test.Pools.LentCount));
        await Finish(test, connection, owner);
    }

    [Fact]
    public async Task StreamsOfSeveralConnections_AreNotMixed()
    {
        using var test = new LoopUnderTest();
        var links = new List<(TcpConnection Connection, RecordingOwner Owner, Socket Peer)>();
        for (int i = 0; i < 6; i++)
            links.Add(await test.Connect());

        await Task.WhenAll(links.Select((link, i) => Task.Run(() =>
        {
            byte[] sent = Peers.Pattern(200_000, seed: i * 17);
            for (int at = 0; at < sent.Length; at += 1000)
                link.Peer.Send(sent.AsSpan(at, 1000));
        })));

        for (int i = 0; i < links.Count; i++)
        {
            await links[i].Owner.Until(static seen => seen.ReceivedBytes >= 200_000);
            Assert.Equal(Peers.Pattern(200_000, seed: i * 17), links[i].Owner.Received);
            await Finish(test, links[i].Connection, links[i].Owner);
            links[i].Peer.Dispose();
        }
        await test.AssertEmpty();
    }

    [Fact]
    public async Task SmallSend_GoesToTheKernelAtOnce()
    {
        using var test = new LoopUnderTest();
        (TcpConnection connection, RecordingOwner owner, Socket peer) = await test.Connect();

        SendResult result = await test.Run(() => connection.Send("hello"u8));

        Assert.Equal(SendResult.Sent, result);
        Assert.Equal("hello", Encoding.ASCII.GetString(peer.ReadExactly(5)));
        Assert.Equal(0, owner.Count("drained"));
        await Finish(test, connection, owner);
    }

    [Fact]
    public async Task EmptySend_IsSentAndNothingHappens()
    {
        using var test = new LoopUnderTest();
        (TcpConnection connection, RecordingOwner owner, _) = await test.Connect();

        Assert.Equal(SendResult.Sent, await test.Run(() => connection.Send(default)));
        await Finish(test, connection, owner);
    }

    [Fact]
    public async Task SendsToAPeerThatDoesNotRead_AreQueuedAndArriveWholeAndInOrder()
    {
        using var test = new LoopUnderTest();
        (TcpConnection connection, RecordingOwner owner, Socket peer) = await test.Connect();
        byte[] sent = await FillUntilQueued(test, connection);
        byte[] more = Peers.Pattern(10_000, seed: 99);

        SendResult result = await test.Run(() => connection.Send(more));

        Assert.Equal(SendResult.Queued, result);
        Assert.True(await test.Run(() => connection.HasQueuedBytes && test.Pools.LentCount > 0));
        byte[] expected = [.. sent, .. more];
        Assert.Equal(expected, await Task.Run(() => peer.ReadExactly(expected.Length)));
        await owner.Until(static seen => seen.Count("drained") > 0);
        Assert.False(await test.Run(() => connection.HasQueuedBytes));
        Assert.Equal(0, await test.Run(() => test.Pools.LentCount));
        await Finish(test, connection, owner);
    }

    [Fact]
    public async Task Drained_IsToldOncePerDrain()
    {
        using var test = new LoopUnderTest();
        (TcpConnection connection, RecordingOwner owner, Socket peer) = await test.Connect();

        for (int round = 1; round <= 3; round++)
        {
            byte[] sent = await FillUntilQueued(test, connection);
            await Task.Run(() => peer.ReadExactly(sent.Length));
            await owner.Until(seen => seen.Count("drained") == round);
        }

        await Finish(test, connection, owner);
        Assert.Equal(3, owner.Count("drained"));
    }

    [Fact]
    public async Task SendFromDrained_GoesOn()
    {
        using var test = new LoopUnderTest();
        byte[] last = Peers.Pattern(5000, seed: 3);
        using Socket listener = Peers.Listen();
        var owner = new RecordingOwner { WhenDrained = connection => connection.Send(last) };
        TcpConnection connection = await test.Run(() => test.Loop.Connect((System.Net.IPEndPoint)listener.LocalEndPoint!, owner,
            SocketTuning.Default));
        using Socket peer = Peers.Accept(listener);
        await owner.Until(static seen => seen.Count("connected") == 1);

        byte[] first = await FillUntilQueued(test, connection);

        byte[] expected = [.. first, .. last];
        Assert.Equal(expected, await Task.Run(() => peer.ReadExactly(expected.Length)));
        await Finish(test, connection, owner);
    }

    [Fact]
    public async Task ProgressOfTheQueue_IsCounted()
    {
        using var test = new LoopUnderTest();
        (TcpConnection connection, RecordingOwner owner, Socket peer) = await test.Connect();
        byte[] sent = await FillUntilQueued(test, connection);
        (long taken, int queued) = await test.Run(() => (connection.SentBytes, connection.QueuedBytes));

        await Task.Run(() => peer.ReadExactly(sent.Length));
        await owner.Until(static seen => seen.Count("drained") == 1);

        Assert.Equal(sent.Length, taken + queued);
        Assert.Equal(sent.Length, await test.Run(() => connection.SentBytes));
        await Finish(test, connection, owner);
    }

    [Fact]
    public async Task QueuePastItsBound_FailsTheSendButNotTheReceive()
    {
        using var test = new LoopUnderTest();
        (TcpConnection connection, RecordingOwner owner, Socket peer) = await test.Connect();
        await FillUntilQueued(test, connection);

        SendResult result = await test.Run(() => connection.Send(new byte[TcpConnection.SendQueueBytesMax]));

        Assert.Equal(SendResult.Failed, result);
        await owner.Until(static seen => seen.Count("send failed NoBufferSpaceAvailable") == 1);
        Assert.Equal(SendResult.Failed, await test.Run(() => connection.Send("more"u8)));
        peer.Send("still heard"u8);
        await owner.Until(static seen => seen.ReceivedBytes == 11);
        peer.Dispose();
        await Finish(test, connection, owner);
        Assert.Equal(1, owner.Events.Count(static text => text.StartsWith("send failed", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task PoolsWithoutABlock_FailTheSend()
    {
        using var test = new LoopUnderTest(bufferBytes: 0);
        (TcpConnection connection, RecordingOwner owner, _) = await test.Connect();

        SendResult result = await test.Run(() =>
        {
            while (true)
            {
                SendResult one = connection.Send(new byte[FloodBytes]);
                if (one != SendResult.Sent)
                    return one;
            }
        });

        Assert.Equal(SendResult.Failed, result);
        await owner.Until(static seen => seen.Count("send failed NoBufferSpaceAvailable") == 1);
        await Finish(test, connection, owner);
    }

    [Fact]
    public async Task PausedConnection_DeliversNothingUntilItStartsAgain()
    {
        using var test = new LoopUnderTest();
        (TcpConnection connection, RecordingOwner owner, Socket peer) = await test.Connect();
        (TcpConnection witness, RecordingOwner witnessOwner, Socket witnessPeer) = await test.Connect();
        await test.Run(connection.PauseReceive);

        // The delivery that the engine had begun may still come; what comes behind it may not. The witness shows that the engine has been there.
        peer.Send("one"u8);
        await owner.Until(static seen => seen.ReceivedBytes == 3);
        peer.Send("two"u8);
        witnessPeer.Send("!"u8);
        await witnessOwner.Until(static seen => seen.ReceivedBytes == 1);
        await test.Settle();
        Assert.Equal(3, owner.ReceivedBytes);

        await test.Run(connection.StartReceive);
        await owner.Until(static seen => seen.ReceivedBytes == 6);
        Assert.Equal("onetwo", Encoding.ASCII.GetString(owner.Received));
        await Finish(test, connection, owner);
        await Finish(test, witness, witnessOwner);
    }

    [Fact]
    public async Task PauseFromInsideADelivery_HoldsTheRestBack()
    {
        using var test = new LoopUnderTest();
        using Socket listener = Peers.Listen();
        var owner = new RecordingOwner { WhenReceived = static (connection, _) => connection.PauseReceive() };
        TcpConnection connection = await test.Run(() => test.Loop.Connect((System.Net.IPEndPoint)listener.LocalEndPoint!, owner,
            SocketTuning.Default));
        using Socket peer = Peers.Accept(listener);
        await owner.Until(static seen => seen.Count("connected") == 1);
        byte[] sent = Peers.Pattern(3 * EventLoop.ReceiveBytesMax);
        await Task.Run(() => peer.Send(sent));

        int deliveries = 0;
        while (owner.ReceivedBytes < sent.Length)
        {
            await test.Run(connection.StartReceive);
            deliveries++;
            await owner.Until(seen => seen.Count("received") == deliveries);
            await test.Settle();
            Assert.Equal(deliveries, owner.Count("received"));
        }

        Assert.Equal(sent, owner.Received);
        Assert.True(deliveries >= 3);
        await Finish(test, connection, owner);
    }

    [Fact]
    public async Task StartReceiveTwice_DeliversOnce()
    {
        using var test = new LoopUnderTest();
        (TcpConnection connection, RecordingOwner owner, Socket peer) = await test.Connect();

        await test.Run(() =>
        {
            connection.StartReceive();
            connection.PauseReceive();
            connection.StartReceive();
        });
        peer.Send("once"u8);
        await owner.Until(static seen => seen.ReceivedBytes >= 4);
        await test.Settle();

        Assert.Equal("once", Encoding.ASCII.GetString(owner.Received));
        await Finish(test, connection, owner);
    }

    [Fact]
    public async Task NewOwner_HearsWhatComesLater()
    {
        using var test = new LoopUnderTest();
        (TcpConnection connection, RecordingOwner first, Socket peer) = await test.Connect();
        var second = new RecordingOwner();
        await test.Run(() => connection.SetOwner(second));

        peer.Send("for the second"u8);
        await second.Until(static seen => seen.ReceivedBytes == 14);
        await Finish(test, connection, second);

        Assert.Equal(["connected"], first.Events);
    }

    /// <summary>Sends until the kernel takes no more; returns all that was given to the connection.</summary>
    internal static async Task<byte[]> FillUntilQueued(LoopUnderTest test, TcpConnection connection)
    {
        var sent = new List<byte>();
        await test.Run(() =>
        {
            SendResult result;
            do
            {
                byte[] piece = Peers.Pattern(FloodBytes, seed: sent.Count / FloodBytes);
                result = connection.Send(piece);
                sent.AddRange(piece);
                Assert.NotEqual(SendResult.Failed, result);
            }
            while (result == SendResult.Sent);
        });
        return [.. sent];
    }

    /// <summary>Closes and sees that the end comes once and last and that nothing is left.</summary>
    internal static async Task Finish(LoopUnderTest test, TcpConnection connection, RecordingOwner owner)
    {
        await test.Run(connection.Close);
        await owner.UntilClosed();
        await test.Settle();
        Assert.Equal("closed", owner.Events[^1]);
        Assert.Equal(1, owner.Count("closed"));
        if (await test.Run(() => test.Loop.Sockets.Count) == 0)
            await test.AssertEmpty();
    }
}
