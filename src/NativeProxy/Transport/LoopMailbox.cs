using System.Threading;

namespace NativeProxy.Transport;

/// <summary>
/// Work for the loop from other threads: many producers, one consumer, no locks. A producer learns whether it must wake the loop:
/// only the one that finds the mailbox empty does.
/// </summary>
internal sealed class LoopMailbox
{
    private LoopWork? _newest;

    /// <summary>Any thread. True when the mailbox was empty, so that the caller must wake the loop.</summary>
    public bool Put(LoopWork work)
    {
        LoopWork? seen = Volatile.Read(ref _newest);
        while (true)
        {
            work.NextWork = seen;
            LoopWork? found = Interlocked.CompareExchange(ref _newest, work, seen);
            if (found == seen)
                return seen is null;
            seen = found;
        }
    }

    /// <summary>Loop thread. Runs what has been put so far, oldest first.</summary>
    public void RunAll()
    {
        LoopWork? work = Reverse(Interlocked.Exchange(ref _newest, null));
        while (work is not null)
        {
            LoopWork? next = work.NextWork;
            work.NextWork = null;
            work.Run();
            work = next;
        }
    }

    private static LoopWork? Reverse(LoopWork? newest)
    {
        LoopWork? oldest = null;
        while (newest is not null)
        {
            LoopWork? next = newest.NextWork;
            newest.NextWork = oldest;
            oldest = newest;
            newest = next;
        }
        return oldest;
    }
}
