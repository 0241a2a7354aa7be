using System.Threading;

namespace NativeProxy.Upstreams.Board;

/// <summary>
/// What the workers tell each other about one queue: tickets are numbered over all of them, in order of arrival, and each worker shows the
/// lowest one that waits with it. A view into the <see cref="ServerBoard"/>; the numbers are one worker's, all read. Never serves anybody: each
/// queue serves its own. Thread: the loop.
/// </summary>
/// <param name="nextTicket">Counter of the upstream's tickets.</param>
/// <param name="lowest">Lowest waiting ticket of worker 0, 0 = none; those of the others follow.</param>
/// <param name="workerCount">How many workers there are.</param>
/// <param name="workerIndex">The worker that uses this view.</param>
/// <param name="bells">How to call another worker.</param>
/// <param name="waiting">How many wait, where that is limited.</param>
internal sealed unsafe class BoardQueue(
    long* nextTicket, long* lowest, int workerCount, int workerIndex, WorkerBells bells, SharedCount waiting)
{
    private readonly long[] _passedOver = new long[workerCount];
    private long _shown;
    private int _suspectWorker;
    private long _suspectTicket;

    /// <summary>True when there are other workers to agree with.</summary>
    public bool IsShared => workerCount > 1;

    /// <summary>How many wait, over all workers, where that is limited.</summary>
    public SharedCount Waiting => waiting;

    /// <summary>The next ticket, from 1.</summary>
    public long Draw() => Interlocked.Increment(ref *nextTicket);

    /// <summary>
    /// Shows the lowest ticket that waits here; 0 = none. What is read of the board afterwards is newer than what the others then read of it.
    /// </summary>
    public void Show(long ticket)
    {
        if (ticket == _shown)
            return;
        _shown = ticket;
        Interlocked.Exchange(ref lowest[workerIndex], ticket);
    }

    /// <summary>The lowest ticket that waits in another worker, without one that is passed over; 0 = none.</summary>
    /// <param name="worker">Which worker.</param>
    public long LowestElsewhere(out int worker)
    {
        long found = 0;
        worker = -1;
        for (int i = 0; i < workerCount; i++)
        {
            long ticket = i == workerIndex ? 0 : Volatile.Read(ref lowest[i]);
            if (ticket != 0 && (found == 0 || ticket < found) && ticket != _passedOver[i])
                (found, worker) = (ticket, i);
        }
        return found;
    }

    /// <summary>Calls the worker whose turn it is, when it is not this one's.</summary>
    public void CallNext()
    {
        long ticket = LowestElsewhere(out int worker);
        if (ticket != 0 && (_shown == 0 || ticket < _shown))
            bells.Ring(worker);
    }

    /// <summary>
    /// There is room, and the worker whose turn it is does not take it. Seen twice with the same ticket, that one is passed over until it moves: a
    /// worker that hangs must not hold up the others.
    /// </summary>
    public void SuspectNext()
    {
        long ticket = LowestElsewhere(out int worker);
        if (ticket == _suspectTicket && worker == _suspectWorker && ticket != 0)
            _passedOver[worker] = ticket;
        (_suspectTicket, _suspectWorker) = (ticket, worker);
    }

    /// <summary>All is well.</summary>
    public void SuspectNobody() => _suspectTicket = 0;
}
