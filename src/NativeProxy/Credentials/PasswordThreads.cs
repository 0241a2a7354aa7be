using System.Collections.Generic;
using System.Threading;
using NativeProxy.Foundation;

namespace NativeProxy.Credentials;

/// <summary>
/// The threads on which passwords are computed, in the order in which they came: at most two of a worker, begun when the first comes. The queue is
/// bounded; what finds it full is not computed. Put in by the loop; the threads end with the process.
/// </summary>
internal sealed class PasswordThreads
{
    /// <summary>With bcrypt at cost 10 some five seconds for two threads.</summary>
    public const int QueueMax = 128;

    private const int ThreadsMax = 2;
    private const int StackBytes = 256 * 1024;

    private readonly object _gate = new();
    private readonly Queue<PasswordCheck> _queue = new();
    private int _threads;
    private int _idle;

    /// <summary>False when too many wait already, or there is no thread to be had. Never waits.</summary>
    public bool TryPut(PasswordCheck check)
    {
        lock (_gate)
        {
            if (_queue.Count >= QueueMax)
                return false;
            if (_idle <= _queue.Count && _threads < ThreadsMax
                && SystemThreads.TryStart(new Thread(Run, StackBytes) { IsBackground = true, Name = "passwords" }))
            {
                _threads++;
            }
            if (_threads == 0)
                return false;
            _queue.Enqueue(check);
            Monitor.Pulse(_gate);
            return true;
        }
    }

    private void Run()
    {
        while (true)
            TakeNext().Compute();
    }

    private PasswordCheck TakeNext()
    {
        lock (_gate)
        {
            _idle++;
            while (_queue.Count == 0)
                Monitor.Wait(_gate);
            _idle--;
            return _queue.Dequeue();
        }
    }
}
