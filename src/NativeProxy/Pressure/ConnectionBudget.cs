using System;
using NativeProxy.Transport;

namespace NativeProxy.Pressure;

/// <summary>
/// How many client connections one loop may hold over all its listeners: <c>runtime.max_connections</c>, and never more than there are pairs of
/// descriptors, since each of them may need a connection to a server. So a request never fails for want of a descriptor of our own: who finds
/// no pair waits to be accepted. Thread: the loop.
/// </summary>
/// <param name="loop">The loop, which counts the sockets of both sides; null = nobody counts them.</param>
internal sealed class ConnectionBudget(EventLoop? loop = null)
{
    private const int PerClient = 2;

    private int _leaving;

    /// <summary>Client connections at most.</summary>
    public int ConnectionsMax { get; private set; } = int.MaxValue;

    /// <summary>Sockets of both sides at most; 0 = unknown.</summary>
    public int SocketsMax { get; private set; }

    /// <summary>Called when there is room after there was none, so that listeners accept again.</summary>
    public Action? RoomAgain { get; set; }

    public bool HasRoom => Taken < ConnectionsMax && !AwaitsClosing(closedSince: 0);

    /// <summary>
    /// True when the sockets that are open leave none for another one, those that are going away not counted: they make room soon, and to close more
    /// of the others instead would lead to connections that are opened anew.
    /// </summary>
    public bool IsOutOfSockets => SocketsMax > 0 && loop is not null && loop.Sockets.Count - loop.Sockets.ClosingCount >= SocketsMax;

    /// <summary>
    /// True when a client may have another server connection beside the one that is reserved for it: what is open leaves one for each client that has
    /// none yet.
    /// </summary>
    public bool HasSocketToSpare => SocketsMax == 0 || loop is null || loop.Sockets.Count + Taken < SocketsMax;

    /// <summary>Connections that are there.</summary>
    public int Taken { get; private set; }

    /// <summary>Those that will stay unless something happens: without the ones that are being closed because of pressure.</summary>
    public int Staying => Taken - _leaving;

    /// <summary>Takes limits over, at start and at reload.</summary>
    /// <param name="connectionsMax">Client connections at most, as configured.</param>
    /// <param name="socketsMax">Descriptors for connections of both sides; 0 = unknown.</param>
    public void SetLimits(int connectionsMax, int socketsMax)
    {
        SocketsMax = socketsMax;
        ConnectionsMax = socketsMax == 0 ? connectionsMax : Math.Max(1, Math.Min(connectionsMax, socketsMax / PerClient));
    }

    public void Take() => Taken++;

    /// <summary>A socket of either side has been closed.</summary>
    public void SocketClosed()
    {
        if (AwaitsClosing(closedSince: 1) && HasRoom)
            RoomAgain?.Invoke();
    }

    /// <summary>A connection is being closed because of pressure.</summary>
    public void Leave() => _leaving++;

    /// <param name="wasLeaving">Whether <see cref="Leave"/> was called for it.</param>
    public void GiveBack(bool wasLeaving = false)
    {
        bool wasFull = !HasRoom;
        Taken--;
        if (wasLeaving)
            _leaving--;
        if (wasFull)
            RoomAgain?.Invoke();
    }

    /// <summary>
    /// True while sockets that are going away hold the last descriptors: what is accepted now would find none. When they are gone, or none goes away,
    /// it does not hold anybody up.
    /// </summary>
    /// <param name="closedSince">To ask about the time before so many were closed.</param>
    private bool AwaitsClosing(int closedSince) => SocketsMax > 0 && loop is not null
        && loop.Sockets.Count + closedSince >= SocketsMax && loop.Sockets.ClosingCount + closedSince > 0;
}
