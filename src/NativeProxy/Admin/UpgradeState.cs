namespace NativeProxy.Admin;

/// <summary>What came of the last upgrade, for who asked. Written by who decides about it, read by the admin server; any thread.</summary>
internal sealed class UpgradeState
{
    private readonly object _gate = new();
    private int _number;
    private string? _problem;

    /// <summary>The number of the last one, 0 = none yet, and why it was refused; null while it is under way.</summary>
    public (int Number, string? Problem) Last
    {
        get
        {
            lock (_gate)
                return (_number, _problem);
        }
    }

    /// <summary>One begins.</summary>
    public void Begin()
    {
        lock (_gate)
            (_number, _problem) = (_number + 1, null);
    }

    /// <summary>It came to nothing.</summary>
    public void Refuse(string problem)
    {
        lock (_gate)
            _problem = problem;
    }
}
