using System;

namespace NativeProxy.Transport;

/// <summary>
/// Tells a peer that reads slowly from one that does not read at all, by what its machine has acknowledged. What our kernel takes for it says
/// too little: it takes the next byte only when a third of its buffer is free, which can be megabytes. The kernel is asked only when a deadline
/// passes, the first time soon after the wait began, to have a mark: sending costs nothing. A mutable struct; thread: the loop.
/// </summary>
internal struct SendWatch
{
    private const int FirstLookShare = 16;
    private const int FirstLookMsMax = 1000;
    private const long NotLooked = -1;

    private long _takenBytes;

    /// <summary>The peer must take something within the timeout from now on.</summary>
    /// <param name="timeoutMs">The timeout; 0 = none.</param>
    /// <returns>When to ask <see cref="HasMoved"/> for the first time, in ms from now; 0 = never. Afterwards it is asked once per timeout.</returns>
    public long Begin(long timeoutMs)
    {
        _takenBytes = NotLooked;
        return timeoutMs <= 0 ? 0 : Math.Clamp(timeoutMs / FirstLookShare, 1, FirstLookMsMax);
    }

    /// <summary>
    /// True when the peer has taken any byte since it was last asked, or nothing can be said since this is the first time. A system call.
    /// </summary>
    public bool HasMoved(TcpConnection peer)
    {
        long takenBytes = peer.TakenBytes;
        bool hasMoved = takenBytes != _takenBytes;
        _takenBytes = takenBytes;
        return hasMoved;
    }
}
