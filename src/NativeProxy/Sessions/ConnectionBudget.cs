namespace NativeProxy.Sessions;

/// <summary>How many client connections one loop may hold over all its listeners (<c>runtime.max_connections</c>). Thread: the loop.</summary>
internal sealed class ConnectionBudget(int connectionsMax)
{
    private int _taken;

    public bool HasRoom => _taken < connectionsMax;

    public void Take() => _taken++;

    public void GiveBack() => _taken--;
}
