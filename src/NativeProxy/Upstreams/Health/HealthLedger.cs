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
/// successes. Before its first success one failure is enough (HAProxy's initial state). Pure; knows no time.
/// </summary>
internal sealed class HealthLedger
{
    /// <summary>True once a check has passed: from then on single failures are forgiven.</summary>
    private bool _isProven;

    /// <param name="isUp">How the server stands before the first result.</param>
    public HealthLedger(bool isUp) => IsUp = isUp;

    public bool IsUp { get; private set; }

    /// <summary>Results in a row that speak against the present state.</summary>
    public int AgainstCount { get; private set; }

    /// <summary>Takes one result.</summary>
    public HealthChange Record(bool passed, int rise, int fall)
    {
        if (passed == IsUp)
        {
            AgainstCount = 0;
            _isProven |= passed;
            return HealthChange.None;
        }
        AgainstCount++;
        int needed = passed ? rise : _isProven ? fall : 1;
        if (AgainstCount < needed)
            return HealthChange.None;
        IsUp = passed;
        _isProven = true;
        AgainstCount = 0;
        return passed ? HealthChange.WentUp : HealthChange.WentDown;
    }
}
