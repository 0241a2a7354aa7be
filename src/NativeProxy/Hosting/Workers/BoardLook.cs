using System.Threading.Tasks;
using NativeProxy.Transport;

namespace NativeProxy.Hosting.Workers;

/// <summary>
/// A look at what operators have set of servers, so that whoever changed something can wait until this worker goes by it. Posted once; thread: the
/// loop.
/// </summary>
internal sealed class BoardLook(TrafficPlan traffic) : LoopWork
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Done when what comes next goes by it.</summary>
    public Task Done => _done.Task;

    public override void Run()
    {
        traffic.FollowHealth();
        _done.SetResult();
    }
}
