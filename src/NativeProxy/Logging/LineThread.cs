using System;
using System.Collections.Generic;
using System.Threading;
using NativeProxy.Foundation;

namespace NativeProxy.Logging;

/// <summary>
/// Writes lines on a thread of its own, which may block for as long as it likes: a full pipe behind stderr stops the log and nothing else.
/// Lines that find the queue full are dropped and counted, and the count is written as soon as there is room. The thread begins with the first
/// line and ends with the process. Any thread may put lines in.
/// </summary>
/// <param name="write">Writes one line and may block; called on that thread only.</param>
/// <param name="droppedLine">The line that tells how many were dropped.</param>
/// <param name="nextMs">In how many milliseconds to write nothing, so that what was put off goes on; -1 or null = nothing was.</param>
internal sealed class LineThread(Action<byte[]> write, Func<long, byte[]> droppedLine, Func<int>? nextMs = null)
{
    /// <summary>A minute of a noisy incident; some hundred kilobytes.</summary>
    private const int LinesMax = 1000;

    private const int StackBytes = 256 * 1024;

    private readonly object _gate = new();
    private readonly Queue<byte[]> _lines = new();
    private long _droppedCount;
    private bool _isStarted;
    private bool _isWriting;

    /// <summary>Lines that nobody writes yet.</summary>
    public int LinesWaiting
    {
        get
        {
            lock (_gate)
                return _lines.Count;
        }
    }

    /// <summary>Never waits.</summary>
    public void Put(byte[] line)
    {
        lock (_gate)
        {
            if (_lines.Count >= LinesMax)
            {
                _droppedCount++;
                return;
            }
            _lines.Enqueue(line);

            // Without a thread the lines wait; the next one tries again.
            _isStarted = _isStarted || SystemThreads.TryStart(new Thread(Run, StackBytes) { IsBackground = true, Name = "error log" });
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Waits until everything is written; false when that took too long.</summary>
    public bool Finish(TimeSpan limit)
    {
        long untilMs = Environment.TickCount64 + (long)limit.TotalMilliseconds;
        lock (_gate)
        {
            while (_isWriting || _lines.Count > 0)
            {
                long leftMs = untilMs - Environment.TickCount64;
                if (leftMs <= 0 || !Monitor.Wait(_gate, (int)leftMs))
                    return false;
            }
            return true;
        }
    }

    private void Run()
    {
        while (true)
            write(TakeNext(nextMs is null ? Timeout.Infinite : nextMs()));
    }

    /// <summary>The next line; an empty one when none has come in that time.</summary>
    private byte[] TakeNext(int limitMs)
    {
        lock (_gate)
        {
            _isWriting = limitMs >= 0;
            Monitor.PulseAll(_gate);
            while (_lines.Count == 0 && _droppedCount == 0)
            {
                if (!Monitor.Wait(_gate, limitMs))
                    return [];
            }
            _isWriting = true;
            if (_lines.TryDequeue(out byte[]? line))
                return line;
            long dropped = _droppedCount;
            _droppedCount = 0;
            return droppedLine(dropped);
        }
    }
}
