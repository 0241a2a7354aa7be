using System;

namespace NativeProxy.Transport;

/// <summary>
/// How many sockets of either side one loop has, and their numbers. Owner: the <see cref="EventLoop"/>; thread: loop only. Never touches a socket.
/// </summary>
/// <param name="firstId">Number of the first connection.</param>
/// <param name="idStep">From one number to the next, so that those of different workers never coincide.</param>
internal sealed class LoopSockets(long firstId, int idStep)
{
    private long _nextId = firstId;

    /// <summary>Sockets that are open or opening.</summary>
    public int Count { get; private set; }

    /// <summary>Those of them that are going away.</summary>
    public int ClosingCount { get; private set; }

    /// <summary>
    /// Called before a connection to a server is opened, so that who counts descriptors can make room for it. Set it before the loop connects.
    /// </summary>
    public Action? BeforeConnect { get; set; }

    /// <summary>
    /// Whether a connection to a server may be opened that nobody has asked for yet: nothing is short. Set it before the loop connects.
    /// </summary>
    public Func<bool> MayConnectAhead { get; set; } = static () => true;

    /// <summary>Called when a socket of either side has been closed. Set it before the loop connects.</summary>
    public Action? AfterClose { get; set; }

    /// <summary>A socket opens, or begins to. Returns its number.</summary>
    internal long Opened()
    {
        Count++;
        long id = _nextId;
        _nextId += idStep;
        return id;
    }

    /// <summary>A connection of another process goes on here under its number: none that opens from now on gets the same.</summary>
    internal void KeepClearOf(long id)
    {
        if (id >= _nextId)
            _nextId += (((id - _nextId) / idStep) + 1) * idStep;
    }

    /// <summary>One of them is going away.</summary>
    internal void Closing() => ClosingCount++;

    /// <summary>It is gone.</summary>
    internal void Closed()
    {
        Count--;
        ClosingCount--;
        AfterClose?.Invoke();
    }
}
