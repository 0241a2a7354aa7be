namespace NativeProxy.Transport;

/// <summary>
/// Something to be done on the loop thread, posted from any thread. An instance is in one mailbox at most and may be posted again
/// once it has run. Linked through itself, so that posting allocates nothing.
/// </summary>
internal abstract class LoopWork
{
    /// <summary>Next item in the mailbox; written by the mailbox only.</summary>
    internal LoopWork? NextWork { get; set; }

    /// <summary>Runs on the loop thread.</summary>
    public abstract void Run();
}
