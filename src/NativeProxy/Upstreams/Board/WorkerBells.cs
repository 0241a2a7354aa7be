using NativeProxy.Metrics;

namespace NativeProxy.Upstreams.Board;

/// <summary>
/// One bell per worker on the <see cref="ServerBoard"/>: it says "look at the board, something on it is for you". Rung by any thread; answered by
/// the listener of its worker (a thread beside the loop). Owns no memory.
/// </summary>
/// <param name="bells">The bell of worker 0; those of the others follow, each on a line of its own.</param>
/// <param name="workerCount">How many there are.</param>
internal sealed unsafe class WorkerBells(byte* bells, int workerCount)
{
    public void Ring(int worker) => SharedBell.Ring(BellOf(worker));

    public void RingAll()
    {
        for (int worker = 0; worker < workerCount; worker++)
            Ring(worker);
    }

    /// <summary>Blocks until somebody has rung this worker's bell; see <see cref="SharedBell.Answer"/>.</summary>
    public void Answer(int worker) => SharedBell.Answer(BellOf(worker));

    private int* BellOf(int worker) => (int*)(bells + ((long)worker * SharedMemory.LineBytes));
}
