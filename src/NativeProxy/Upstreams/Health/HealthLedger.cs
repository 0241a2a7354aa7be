namespace NativeProxy.Upstreams.Health;

/// <summary>What a check's result means for the server.</summary>
internal enum HealthChange : byte
{
    None,
    WentUp,
    WentDown,
}

/// <summary>
/// Counts results of checks in a row and says when the server changes sides: down after <c>fall</c> failures, up after <c>rise</c>
/// successes. Before its first success one failure is enough (HAProxy's initial state), and for a new server that begins as down the first success.
/// Pure; knows no time.
/// </summary>
internal sealed class HealthLedger
{
    /// <summary>True once a check has passed: from then on single failures are forgiven.</summary>
    private bool _isProven;

    /// <summary>Nothing is known of the server yet: the first result decides.</summary>
    private bool _isNew;

    /// <param name="isUp">How the server stands before the first result.</param>
    /// <param name="isNew">It stands so without a reason.</param>
    public HealthLedger(bool isUp, bool isNew = false)
    {
        IsUp = isUp;
        _isNew = isNew;
    }

    public bool IsUp { get; private set; }

    /// <summary>Results in a row that speak against the present state.</summary>
    public int AgainstCount { get; private set; }

    /// <summary>Takes one result.</summary>
    /// <param name="passed">What it is.</param>
    /// <param name="rise">Passes in a row that bring the server back.</param>
    /// <param name="fall">Failures in a row that take it out.</param>
    /// <param name="isDecisive">It decides alone.</param>
    public HealthChange Record(bool passed, int rise, int fall, bool isDecisive = false)
    {
        bool decides = isDecisive || _isNew;
        _isNew = false;
        if (passed == IsUp)
        {
            AgainstCount = 0;
            _isProven |= passed;
            return HealthChange.None;
        }
        AgainstCount++;
        int needed = decides ? 1 : passed ? rise : _isProven ? fall : 1;
        if (AgainstCount < needed)
            return HealthChange.None;
        IsUp = passed;
        _isProven = true;
        AgainstCount = 0;
        return passed ? HealthChange.WentUp : HealthChange.WentDown;
    }
}
