using System.Net.Sockets;

namespace NativeProxy.Transport.Saea;

/// <summary>
/// One reusable asynchronous socket operation of a loop. Its completion always runs on the loop thread: with inline completions it
/// arrives there, except that of an operation aborted by disposing its socket, which arrives on a pool thread and is posted over.
/// </summary>
internal abstract class SaeaOperation : SocketAsyncEventArgs
{
    private readonly SaeaEventLoop _loop;

    protected SaeaOperation(SaeaEventLoop loop)
        : base(true) => _loop = loop;

    /// <summary>True exactly while the operation was handed to the socket and its completion has not been handled.</summary>
    public bool InFlight { get; set; }

    /// <summary>The operation is over; runs on the loop thread inside a turn. <see cref="InFlight"/> is false already.</summary>
    protected abstract void OnLoopCompleted();

    protected sealed override void OnCompleted(SocketAsyncEventArgs e)
    {
        if (!_loop.IsLoopThread)
        {
            _loop.Post(new CompletionPost(this));
            return;
        }
        if (_loop.IsStopped)
            return;
        _loop.EnterTurn();
        Complete();
        _loop.LeaveTurn();
    }

    private void Complete()
    {
        InFlight = false;
        OnLoopCompleted();
    }

    /// <summary>Carries a completion from a pool thread to the loop. Rare (aborts only), so it may allocate.</summary>
    private sealed class CompletionPost(SaeaOperation operation) : LoopWork
    {
        public override void Run() => operation.Complete();
    }
}
