namespace NativeProxy.Admin;

/// <summary>What came of the last upgrade, for who asked. Written by who decides about it, read by the admin server; any thread.</summary>
internal sealed class UpgradeState
{
    private readonly object _gate = new();
    private int _number;
    private string? _problem;
    private bool _isUnderWay;

    /// <summary>The number of the last one, 0 = none yet, and why it was refused; null while it is under way.</summary>
    public (int Number, string? Problem) Last
    {
        get
        {
            lock (_gate)
                return (_number, _problem);
        }
    }

    /// <summary>The number of the one that who asks now waits for: that which is under way, or the next one.</summary>
    public int NextNumber
    {
        get
        {
            lock (_gate)
                return _isUnderWay ? _number : _number + 1;
        }
    }

    /// <summary>One begins. False when one is under way, which goes on.</summary>
    public bool TryBegin()
    {
        lock (_gate)
        {
            if (_isUnderWay)
                return false;
            (_number, _problem, _isUnderWay) = (_number + 1, null, true);
            return true;
        }
    }

    /// <summary>It came to nothing.</summary>
    public void Refuse(string problem)
    {
        lock (_gate)
            (_problem, _isUnderWay) = (problem, false);
    }
}
