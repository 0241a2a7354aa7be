using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Tasks;
using NativeProxy.Transport;
using Xunit;

namespace NativeProxy.Tests.Transport;

/// <summary>One object serves one connection after another, and nothing of a life reaches the next.</summary>
public sealed class TcpReuseTests
{
    [Fact]
    public async Task ClosedObject_IsUsedAgainWithACleanState()
    {
        using var test = new LoopUnderTest();
        (TcpConnection first, RecordingOwner firstOwner, Socket firstPeer) = await test.Connect();
        long firstId = first.Id;
        await TcpSendReceiveTests.FillUntilQueued(test, first);
        firstPeer.Reset();
        await firstOwner.Until(static seen => seen.Events.Any(static text => text.StartsWith("failed", StringComparison.Ordinal)));
        await TcpSendReceiveTests.Finish(test, first, firstOwner);

        (TcpConnection second, RecordingOwner secondOwner, Socket secondPeer) = await test.Connect();

        Assert.Same(first, second);
        Assert.True(second.Id > firstId);
        Assert.Equal((false, false, false, 0L), (second.EndOfStreamSeen, second.IsSendBroken, second.HasQueuedBytes, second.SentBytes));
        await test.Run(() => second.Send("works"u8));
        Assert.Equal("works", Encoding.ASCII.GetString(secondPeer.ReadExactly(5)));
        secondPeer.Send("too"u8);
        await secondOwner.Until(static seen => seen.ReceivedBytes == 3);
        secondPeer.Dispose();
        await TcpSendReceiveTests.Finish(test, second, secondOwner);
        Assert.Equal(1, firstOwner.Count("closed"));
    }

    [Fact]
    public async Task ConnectionOpenedWhileOneIsClosed_IsAnotherObject()
    {
        using var test = new LoopUnderTest();
        using Socket listener = Peers.Listen();
        var endPoint = (IPEndPoint)listener.LocalEndPoint!;
        TcpConnection? next = null;
        var nextOwner = new RecordingOwner();
        var owner = new RecordingOwner { WhenClosed = _ => next = test.Loop.Connect(endPoint, nextOwner, SocketTuning.Default) };
        TcpConnection connection = await test.Run(() => test.Loop.Connect(endPoint, owner, SocketTuning.Default));
        using Socket peer = Peers.Accept(listener);
        await owner.Until(static seen => seen.Count("connected") == 1);

        await test.Run(connection.Close);
        await nextOwner.Until(static seen => seen.Count("connected") == 1);

        Assert.NotSame(connection, next);
        await TcpSendReceiveTests.Finish(test, next!, nextOwner);
    }

    /// <summary>
    /// Within the turn in which a connection ends, its object is lent again: what its last life left in flight must not be heard by the next.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task LastLifesCompletions_NeverReachTheNextLife(bool abort)
    {
        using var test = new LoopUnderTest();
        using Socket listener = Peers.Listen();
        var endPoint = (IPEndPoint)listener.LocalEndPoint!;
        for (int round = 0; round < 40; round++)
        {
            (TcpConnection first, RecordingOwner firstOwner, Socket firstPeer) = await test.Connect();
            var next = new RecordingOwner
            {
                WhenConnected = static connection => connection.StartReceive(),
                WhenEnded = static connection => connection.Close(),
            };
            var watcher = new RecordingOwner { WhenClosed = _ => test.Loop.Post(new Connecting(test, endPoint, next)) };
            await test.Run(() =>
            {
                first.SetOwner(watcher);
                if (abort)
                    first.Abort();
                else
                    first.Close();
            });
            using Socket nextPeer = Peers.Accept(listener);
            nextPeer.Send("next"u8);
            await next.Until(static seen => seen.ReceivedBytes == 4);
            nextPeer.Dispose();
            await next.UntilClosed();

            Assert.Equal(["connected", "end", "closed"], next.Signals);
            Assert.Equal(["connected"], firstOwner.Events);
            Assert.Equal(["closed"], watcher.Events);
            firstPeer.Dispose();
        }
        await test.AssertEmpty();
    }

    /// <summary>Many connections, random verbs on both sides, then everything is closed: each one ends once, last, and gives all back.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task RandomLives_AllEndOnceAndLeaveNothing(int seed)
    {
        using var test = new LoopUnderTest();
        var dice = new Random(seed);
        var owners = new List<RecordingOwner>();
        for (int life = 0; life < 60; life++)
        {
            (TcpConnection connection, RecordingOwner owner, Socket peer) = await test.Connect(startReceive: dice.Next(4) > 0);
            owners.Add(owner);
            await RandomLife(test, connection, peer, dice);
        }

        foreach (RecordingOwner owner in owners)
            await owner.UntilClosed();
        await test.AssertEmpty();
        Assert.All(owners, static owner => Assert.Equal((1, "closed"), (owner.Count("closed"), owner.Events[^1])));
    }

    /// <summary>Opens a connection as soon as it is posted.</summary>
    private sealed class Connecting(LoopUnderTest test, IPEndPoint endPoint, RecordingOwner owner) : LoopWork
    {
        public override void Run() => test.Loop.Connect(endPoint, owner, SocketTuning.Default);
    }

    private static async Task RandomLife(LoopUnderTest test, TcpConnection connection, Socket peer, Random dice)
    {
        for (int step = dice.Next(1, 6); step > 0; step--)
        {
            int verb = dice.Next(7);
            int bytes = dice.Next(1, 300_000);
            await test.Run(() => Do(verb, connection, bytes));
            if (dice.Next(3) == 0)
                peer.Send(new byte[dice.Next(1, 5000)]);
        }
        bool abort = dice.Next(3) == 0;
        if (dice.Next(2) == 0)
            await test.Run(abort ? connection.Abort : connection.Close);
        if (dice.Next(2) == 0)
            peer.Reset();
        else
            peer.Dispose();
        await test.Run(connection.State == TcpConnectionState.Open && abort ? connection.Abort : connection.Close);
    }

    private static void Do(int verb, TcpConnection connection, int bytes)
    {
        switch (verb)
        {
            case 0 or 1 or 2 when connection.State == TcpConnectionState.Open:
                connection.Send(new byte[bytes]);
                break;
            case 3:
                connection.PauseReceive();
                break;
            case 4:
                connection.StartReceive();
                break;
            case 5:
                connection.ShutdownSend();
                break;
        }
    }
}
