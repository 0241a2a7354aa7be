using System.Threading.Tasks;
using NativeProxy.Foundation;
using NativeProxy.Listeners;
using NativeProxy.Transport;

namespace NativeProxy.Hosting.Workers;

/// <summary>
/// Ends one client connection for an operator: looks for it, a slice of the connections per turn of the loop. Posted once; thread: the loop.
/// </summary>
/// <param name="loop">The loop.</param>
/// <param name="traffic">Has the connections.</param>
/// <param name="id">Number of the connection.</param>
internal sealed class SessionEnd(EventLoop loop, TrafficPlan traffic, long id) : LoopWork
{
    private const int SliceCount = 1024;

    private readonly TaskCompletionSource<bool> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Listener[]? _listeners;
    private LiveWalk? _walk;
    private int _begun;

    /// <summary>Whether it was there and its end has begun.</summary>
    public Task<bool> Done => _done.Task;

    public override void Run()
    {
        _listeners ??= traffic.AllListeners;
        for (int i = 0; i < SliceCount; i++)
        {
            if (_walk?.Next() is not { } connection)
            {
                _walk?.End();
                if (_begun == _listeners.Length)
                {
                    _done.SetResult(false);
                    return;
                }
                _walk = new LiveWalk(_listeners[_begun++]);
                _walk.Begin();
            }
            else if (connection.Id == id)
            {
                _walk.End();
                _done.SetResult(connection.Cut(CloseReason.EndedByOperator));
                return;
            }
        }
        loop.Soon(this);
    }
}
