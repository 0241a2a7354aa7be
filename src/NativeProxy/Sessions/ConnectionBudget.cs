using System;

namespace NativeProxy.Sessions;

/// <summary>How many client connections one loop may hold over all its listeners (<c>runtime.max_connections</c>). Thread: the loop.</summary>
internal sealed class ConnectionBudget
{
    private int _leaving;

    public int ConnectionsMax { get; set; }

    /// <summary>Called when there is room after there was none, so that listeners accept again.</summary>
    public Action? RoomAgain { get; set; }

    public bool HasRoom => Taken < ConnectionsMax;

    /// <summary>Connections that are there.</summary>
    public int Taken { get; private set; }

    /// <summary>Those that will stay unless something happens: without the ones that are being closed because of pressure.</summary>
    public int Staying => Taken - _leaving;

    public void Take() => Taken++;

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
}
