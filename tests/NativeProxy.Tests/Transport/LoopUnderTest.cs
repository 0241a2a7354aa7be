using System;
using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.Buffers;
using NativeProxy.Transport;
using NativeProxy.Transport.Epoll;
using NativeProxy.Transport.Saea;

namespace NativeProxy.Tests.Transport;

/// <summary>
/// A running loop of one engine, the portable one unless said otherwise, for one test. Tests touch loop objects only inside <see cref="Run"/>, which
/// executes on the loop thread and hands exceptions back.
/// </summary>
internal sealed class LoopUnderTest : IDisposable
{
    /// <summary>How long a test waits for what must come. Never part of a verdict about speed.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private readonly List<Socket> _peers = [];

    public LoopUnderTest(long bufferBytes = 64 * 1024 * 1024, int workerIndex = 0, int workerCount = 1, bool isEpoll = false)
    {
        Pools = new BufferPools(bufferBytes);
        Loop = isEpoll ? new EpollEventLoop(workerIndex, workerCount, Pools) : new SaeaEventLoop(workerIndex, workerCount, Pools);
        Loop.Start(new ActionWork(static () => { }));
    }

    public EventLoop Loop { get; }

    public BufferPools Pools { get; }

    /// <summary>Runs on the loop thread and waits for the result; rethrows what it throws.</summary>
    public async Task<T> Run<T>(Func<T> function)
    {
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Loop.Post(new ActionWork(() =>
        {
            try
            {
                result.SetResult(function());
            }
            catch (Exception failure)
            {
                result.SetException(failure);
            }
        }));
        return await result.Task.WaitAsync(Deadline);
    }

    public Task Run(Action action) => Run(() =>
    {
        action();
        return true;
    });

    /// <summary>Lets the loop finish the turns that are due: completions that were posted before have run afterwards.</summary>
    public async Task Settle()
    {
        for (int turn = 0; turn < 3; turn++)
            await Run(static () => { });
    }

    /// <summary>Waits, turn by turn, until something on the loop holds.</summary>
    public async Task Until(Func<bool> condition, string what)
    {
        DateTime latest = DateTime.UtcNow + Deadline;
        while (!await Run(condition))
        {
            if (DateTime.UtcNow > latest)
                throw new TimeoutException("not reached: " + what);
            await Task.Yield();
        }
    }

    /// <summary>Every connection is gone and every buffer is back.</summary>
    public async Task AssertEmpty()
    {
        await Until(() => Loop.Sockets.Count == 0, "no connection is left");
        Xunit.Assert.Null(await Run(Pools.DescribeLeaks));
    }

    /// <summary>An outgoing connection to a listening peer, established, with both ends at hand.</summary>
    public async Task<(TcpConnection Connection, RecordingOwner Owner, Socket Peer)> Connect(bool startReceive = true)
    {
        using Socket listener = Peers.Listen();
        var owner = new RecordingOwner();
        TcpConnection connection = await Run(() => Loop.Connect((IPEndPoint)listener.LocalEndPoint!, owner, SocketTuning.Default));
        Socket peer = ClosedAtTheEnd(Peers.Accept(listener));
        await owner.Until(seen => seen.Count("connected") == 1);
        if (startReceive)
            await Run(connection.StartReceive);
        return (connection, owner, peer);
    }

    /// <summary>The other end of a connection; a test that does not close it itself need not.</summary>
    public Socket ClosedAtTheEnd(Socket peer)
    {
        _peers.Add(peer);
        return peer;
    }

    public void Dispose()
    {
        _peers.ForEach(static peer => peer.Dispose());
        Loop.Post(new ActionWork(Loop.Stop));
    }

    private sealed class ActionWork(Action action) : LoopWork
    {
        public override void Run() => action();
    }
}
