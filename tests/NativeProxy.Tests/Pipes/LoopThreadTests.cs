using System;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.Pipes;
using NativeProxy.Tests.Hosting;
using NativeProxy.Tests.Transport;
using Xunit;

namespace NativeProxy.Tests.Pipes;

/// <summary>
/// The runtime's one socket thread is the loop of the portable engine, and completions run inline on it. What awaits a socket of the control
/// plane must not go on there.
/// </summary>
public sealed class LoopThreadTests : IDisposable
{
    private readonly LoopUnderTest _test = new();

    public void Dispose() => _test.Dispose();

    /// <summary>The counter-proof: a socket's own await does go on on the loop thread here, so the tests below can fail.</summary>
    [Fact]
    public async Task AwaitOfASocketItself_GoesOnOnTheLoopThread()
    {
        using Socket listener = Peers.Listen();
        int loopThread = await LoopThread();
        Task<int> awaited = ThreadAfterAccept(listener);
        Assert.False(awaited.IsCompleted);
        using Socket client = Peers.Connect(listener);

        Assert.Equal(loopThread, await awaited.WaitAsync(LoopUnderTest.Deadline));
    }

    [Fact]
    public async Task AcceptReadAndEnd_GoOnOnThePool()
    {
        using Socket listener = Peers.Listen();
        int loopThread = await LoopThread();
        Task<int[]> server = Task.Run(async () =>
        {
            int[] threads = new int[4];
            using var pipe = SocketPipe.Over(await ControlSockets.AcceptAsync(listener));
            threads[0] = Environment.CurrentManagedThreadId;
            ReadResult read = await pipe.Input.ReadAsync();
            threads[1] = Environment.CurrentManagedThreadId;
            pipe.Input.AdvanceTo(read.Buffer.End);
            await pipe.Output.WriteAsync(new byte[1_000_000]);
            threads[2] = Environment.CurrentManagedThreadId;
            await pipe.FinishAsync(1000, CancellationToken.None);
            threads[3] = Environment.CurrentManagedThreadId;
            return threads;
        });
        await _test.Settle();
        using Socket client = Peers.Connect(listener);
        await _test.Settle();
        client.SendText("hello");
        Assert.Equal(1_000_000, client.ReadToEnd().Length);
        client.Dispose();

        Assert.DoesNotContain(loopThread, await server.WaitAsync(LoopUnderTest.Deadline));
    }

    [Fact]
    public async Task Connect_GoesOnOnThePool()
    {
        using Socket listener = Peers.Listen();
        int loopThread = await LoopThread();
        Task<int> client = Task.Run(async () =>
        {
            using SocketPipe pipe = await SocketPipe.ConnectAsync(listener.LocalEndPoint!, CancellationToken.None);
            return Environment.CurrentManagedThreadId;
        });

        Assert.NotEqual(loopThread, await client.WaitAsync(LoopUnderTest.Deadline));
    }

    private static async Task<int> ThreadAfterAccept(Socket listener)
    {
        using Socket accepted = await listener.AcceptAsync().ConfigureAwait(false);
        return Environment.CurrentManagedThreadId;
    }

    private Task<int> LoopThread() => _test.Run(static () => Environment.CurrentManagedThreadId);
}
