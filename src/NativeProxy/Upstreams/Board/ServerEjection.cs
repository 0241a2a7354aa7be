using System;
using System.Runtime.InteropServices;
using System.Threading;

namespace NativeProxy.Upstreams.Board;

/// <summary>
/// What the workers have seen of one server's failures, and until when it gets no requests for them. A view into the <see cref="ServerBoard"/>: all
/// workers write, each step by one interlocked operation. Times are those of the loops, which is one clock for all processes of a machine. Never
/// decides whether a server is left out. Any thread.
/// </summary>
/// <param name="untilMs">Until when it is left out; 0 = it is not.</param>
/// <param name="memory">The rest.</param>
internal sealed unsafe class ServerEjection(long* untilMs, ServerEjectionMemory* memory)
{
    /// <summary>How often the server was left out.</summary>
    public long Count => Volatile.Read(ref memory->Count);

    /// <summary>False when the server is not left out, whatever the time is. Cheap enough to be read at each choice.</summary>
    public bool MayBeOn => Volatile.Read(ref *untilMs) != 0;

    /// <summary>The server is left out at this time; the first look after its end ends it for all.</summary>
    public bool IsOn(long nowMs)
    {
        long until = Volatile.Read(ref *untilMs);
        if (nowMs >= until && until != 0)
            Interlocked.CompareExchange(ref *untilMs, 0, until);
        return nowMs < until;
    }

    /// <summary>One more failure. Returns how many there are in a row.</summary>
    public int CountFailure() => Interlocked.Increment(ref memory->InRow);

    /// <summary>The server has served a request.</summary>
    public void CountSuccess()
    {
        // Written only where it changes something: the line is shared by all workers.
        if (Volatile.Read(ref memory->InRow) != 0)
            Volatile.Write(ref memory->InRow, 0);
    }

    /// <summary>One more request in the present window; a window that is over makes place for the next.</summary>
    /// <param name="hasFailed">It has failed.</param>
    /// <param name="nowMs">The time.</param>
    /// <param name="windowMs">Length of a window.</param>
    /// <param name="requests">How many there are in the window.</param>
    /// <param name="failures">How many of them have failed.</param>
    public void CountInWindow(bool hasFailed, long nowMs, long windowMs, out int requests, out int failures)
    {
        long endMs = Volatile.Read(ref memory->WindowEndMs);
        if (nowMs >= endMs && Interlocked.CompareExchange(ref memory->WindowEndMs, nowMs + windowMs, endMs) == endMs)
        {
            Volatile.Write(ref memory->WindowRequests, 0);
            Volatile.Write(ref memory->WindowFailures, 0);
        }
        requests = Interlocked.Increment(ref memory->WindowRequests);
        failures = hasFailed ? Interlocked.Increment(ref memory->WindowFailures) : Volatile.Read(ref memory->WindowFailures);
    }

    /// <summary>Leaves the server out. False when it is left out already, or another worker was faster.</summary>
    /// <param name="nowMs">The time.</param>
    /// <param name="baseMs">For how long, times how often it came to that.</param>
    /// <param name="maxMs">For how long at most; after as long without it is the first time again.</param>
    /// <param name="inRowAfter">Failures that count as seen already when it comes back.</param>
    /// <param name="forMs">How long it is.</param>
    public bool TryBegin(long nowMs, long baseMs, long maxMs, int inRowAfter, out long forMs)
    {
        forMs = 0;
        long before = Volatile.Read(ref *untilMs);
        if (before > nowMs)
            return false;
        long endedMs = Volatile.Read(ref memory->EndMs);
        int times = endedMs == 0 || nowMs - endedMs > maxMs ? 1 : Volatile.Read(ref memory->Times) + 1;
        forMs = Math.Min(maxMs, times > maxMs / baseMs ? maxMs : baseMs * times);
        if (Interlocked.CompareExchange(ref *untilMs, nowMs + forMs, before) != before)
            return false;
        Volatile.Write(ref memory->EndMs, nowMs + forMs);
        Volatile.Write(ref memory->Times, times);
        Volatile.Write(ref memory->InRow, inRowAfter);
        Interlocked.Increment(ref memory->Count);
        return true;
    }

    /// <summary>The server gets requests again, before its time. False when it was not left out.</summary>
    public bool Pardon() => MayBeOn && Interlocked.Exchange(ref *untilMs, 0) != 0;
}

/// <summary>Layout of what is written when requests fail; a line of its own.</summary>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
internal struct ServerEjectionMemory
{
    public const int SizeBytes = 64;

    /// <summary>Failures in a row.</summary>
    [FieldOffset(0)]
    public int InRow;

    /// <summary>How often it was left out, by which the time grows.</summary>
    [FieldOffset(4)]
    public int Times;

    [FieldOffset(8)]
    public long WindowEndMs;

    [FieldOffset(16)]
    public int WindowRequests;

    [FieldOffset(20)]
    public int WindowFailures;

    /// <summary>How often it was left out, for the metrics.</summary>
    [FieldOffset(24)]
    public long Count;

    /// <summary>When it was left out last, the end of that; 0 = never.</summary>
    [FieldOffset(32)]
    public long EndMs;
}
