using System;

namespace NativeProxy.Sessions;

/// <summary>How many client connections one loop may hold over all its listeners (<c>runtime.max_connections</c>). Thread: the loop.</summary>
internal sealed class ConnectionBudget
{
    private int _taken;

    public int ConnectionsMax { get; set; }

    /// <summary>Called when there is room after there was none, so that listeners accept again.</summary>
    public Action? RoomAgain { get; set; }

    public bool HasRoom => _taken < ConnectionsMax;

    public void Take() => _taken++;

    public void GiveBack()
    {
        bool wasFull = !HasRoom;
        _taken--;
        if (wasFull)
            RoomAgain?.Invoke();
    }
}
