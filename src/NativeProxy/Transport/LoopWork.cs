namespace NativeProxy.Transport;

/// <summary>
/// Something to be done on the loop thread: posted from any thread (<see cref="EventLoop.Post"/>), or put off by the loop itself
/// (<see cref="EventLoop.Soon"/>). An instance is in one of the two at most and may be used again once it has run. Linked through itself, so that
/// neither allocates.
/// </summary>
internal abstract class LoopWork
{
    /// <summary>Next item in the mailbox or the list; written by these only.</summary>
    internal LoopWork? NextWork { get; set; }

    /// <summary>True exactly while the item is in the loop's own list.</summary>
    internal bool IsSoon { get; set; }

    /// <summary>Runs on the loop thread.</summary>
    public abstract void Run();
}
