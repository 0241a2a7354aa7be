using System;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.Pipes;
using NativeProxy.Tests.Hosting;
using NativeProxy.Tests.Transport;
using Xunit;

namespace NativeProxy.Tests.Pipes;

public sealed class SocketPipeTests
{
    [Fact]
    public async Task Finish_SendsAllThenFin_AndWaitsForThePeers()
    {
        (SocketPipe pipe, Socket peer) = await Pair();
        await pipe.Output.WriteAsync(new byte[50_000]);
        Task<bool> end = pipe.FinishAsync(100, CancellationToken.None);

        Assert.Equal(50_000, peer.ReadToEnd().Length);
        peer.SendText("late");
        Assert.False(end.IsCompleted);
        peer.Shutdown(SocketShutdown.Send);

        Assert.True(await end.WaitAsync(LoopUnderTest.Deadline));
        pipe.Dispose();
        Assert.Equal(SocketError.Success, peer.ReadToError());
        peer.Dispose();
    }

    /// <summary>What was flushed is with the kernel: also when nothing is waited for behind it, since the peer's FIN is there already.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task WhatWasWritten_ArrivesWhole_ThoughThePeersFinCameBefore(bool isInOrder)
    {
        for (int i = 0; i < 100; i++)
        {
            (SocketPipe pipe, Socket peer) = await Pair();
            peer.Shutdown(SocketShutdown.Send);
            System.IO.Pipelines.ReadResult read = await pipe.Input.ReadAsync();
            Assert.True(read.IsCompleted);
            pipe.Input.AdvanceTo(read.Buffer.End);
            await pipe.Output.WriteAsync(new byte[30_000]);
            if (isInOrder)
                Assert.True(await pipe.FinishAsync(100, CancellationToken.None).WaitAsync(LoopUnderTest.Deadline));
            pipe.Dispose();
            Assert.Equal(30_000, peer.ReadToEnd().Length);
            peer.Dispose();
        }
    }

    [Fact]
    public async Task Finish_GivesUpAPeerThatSendsTooMuch_OrThatIsWaitedForTooLong()
    {
        (SocketPipe pipe, Socket peer) = await Pair();
        peer.SendText(new string('x', 101));
        Assert.False(await pipe.FinishAsync(100, CancellationToken.None).WaitAsync(LoopUnderTest.Deadline));
        pipe.Dispose();
        peer.Dispose();

        (pipe, peer) = await Pair();
        using var over = new CancellationTokenSource();
        Task<bool> end = pipe.FinishAsync(100, over.Token);
        Assert.Empty(peer.ReadToEnd());
        await over.CancelAsync();
        Assert.False(await end.WaitAsync(LoopUnderTest.Deadline));
        pipe.Dispose();
        peer.Dispose();
    }

    [Fact]
    public async Task Reset_IsSeenAsOne()
    {
        (SocketPipe pipe, Socket peer) = await Pair();
        pipe.Reset();
        Assert.Equal(SocketError.ConnectionReset, peer.ReadToError());
        peer.Dispose();
    }

    [Fact]
    public async Task GivenUpConnect_EndsWithoutAConnection()
    {
        using Socket full = Peers.Listen(backlog: 0);
        using Socket filler = Peers.Connect(full);
        using var givenUp = new CancellationTokenSource();
        Task<SocketPipe> connect = SocketPipe.ConnectAsync(full.LocalEndPoint!, givenUp.Token);
        await givenUp.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connect.WaitAsync(LoopUnderTest.Deadline));
    }

    private static async Task<(SocketPipe Pipe, Socket Peer)> Pair()
    {
        using Socket listener = Peers.Listen();
        SocketPipe pipe = await SocketPipe.ConnectAsync((IPEndPoint)listener.LocalEndPoint!, CancellationToken.None);
        return (pipe, Peers.Accept(listener));
    }
}
