using System;
using System.Threading;

namespace NativeProxy.Upstreams.Board;

/// <summary>
/// How many of something there are over all workers, never more than a limit, since each is taken by compare-and-exchange. A view into the
/// <see cref="ServerBoard"/> for one worker. Thread: the loop.
/// </summary>
/// <remarks>
/// Each worker also records how many of them are its own, so that they are given back when it dies. A worker that dies between the two writes
/// leaves the sum one too high, never too low; <see cref="Mend"/> finds that, and there is one less for a second.
/// </remarks>
/// <param name="count">Number of changes, and in the low half the count.</param>
/// <param name="held">What each worker has of it.</param>
internal sealed unsafe class SharedCount(ulong* count, WorkerNumbers held)
{
    /// <summary>The sum and the records differ for a moment at each change; what differs this long without a change is wrong.</summary>
    public const int MendAfterMs = 1000;

    private const int CountBits = 32;

    private ulong _suspect;
    private long _suspectSinceMs;

    /// <summary>Those of all workers; a moment's view.</summary>
    public int Count => CountOf(Volatile.Read(ref *count));

    /// <summary>Takes one if there are fewer than <paramref name="countMax"/>.</summary>
    public bool TryTake(int countMax)
    {
        ulong seen = Volatile.Read(ref *count);
        while (true)
        {
            if (CountOf(seen) >= countMax)
                return false;
            ulong found = Interlocked.CompareExchange(ref *count, Changed(seen, CountOf(seen) + 1), seen);
            if (found == seen)
                break;
            seen = found;
        }
        held.SetOwn(held.Own + 1);
        return true;
    }

    /// <summary>Takes some that are there already, whatever the limit.</summary>
    public void TakeAnyway(int some)
    {
        Add(some);
        held.SetOwn(held.Own + some);
    }

    /// <summary>Gives some back, after they have ended.</summary>
    public void GiveBack(int some)
    {
        held.SetOwn(held.Own - some);
        Add(-some);
    }

    /// <summary>This view's worker is gone: so is what it had.</summary>
    public void Forget()
    {
        int own = held.Own;
        held.SetOwn(0);
        Add(-own);
    }

    /// <summary>
    /// Corrects the sum when it is higher than the records for a second, during which it has not changed: somebody died in between.
    /// </summary>
    public void Mend(long nowMs)
    {
        ulong seen = Volatile.Read(ref *count);
        int own = held.Sum();
        if (CountOf(seen) <= own || seen != _suspect)
            (_suspect, _suspectSinceMs) = (seen, nowMs);
        else if (nowMs - _suspectSinceMs >= MendAfterMs)
            Interlocked.CompareExchange(ref *count, Changed(seen, own), seen);
    }

    private static int CountOf(ulong packed) => (int)(uint)packed;

    /// <summary>Another count, with the next number of changes above it, by which <see cref="Mend"/> sees that nothing has happened.</summary>
    private static ulong Changed(ulong packed, int newCount) => (((packed >> CountBits) + 1) << CountBits) | (uint)newCount;

    private void Add(int some)
    {
        ulong seen = Volatile.Read(ref *count);
        while (true)
        {
            ulong found = Interlocked.CompareExchange(ref *count, Changed(seen, Math.Max(0, CountOf(seen) + some)), seen);
            if (found == seen)
                return;
            seen = found;
        }
    }
}
