namespace NativeProxy.Logging;

/// <summary>
/// Tells people once that something is lost, and once that it is over, with how much it was; at most once in ten seconds, since a disk that is almost
/// full takes one line and refuses the next. Owner: whoever loses; its thread.
/// </summary>
internal sealed class LossReport(ErrorLog errors)
{
    /// <summary>Between two reports.</summary>
    public const int PauseMs = 10_000;

    /// <summary>Somebody was told that it begins, and not yet that it is over.</summary>
    private bool _hasReported;
    private bool _isFailing;
    private long _reportedAtMs = -PauseMs;
    private long _lostAtReport;

    /// <summary>Something went wrong.</summary>
    /// <param name="message">What.</param>
    /// <param name="lostBefore">How many were lost before.</param>
    /// <param name="nowMs">The system's clock since its start.</param>
    public void Begin(string message, long lostBefore, long nowMs)
    {
        if (!_isFailing && nowMs - _reportedAtMs >= PauseMs)
        {
            _hasReported = true;
            _reportedAtMs = nowMs;
            _lostAtReport = lostBefore;
            errors.Error(message);
        }
        _isFailing = true;
    }

    /// <summary>All is well.</summary>
    /// <param name="message">What is said, if somebody was told of the trouble.</param>
    /// <param name="lost">How many are lost by now.</param>
    public void End(string message, long lost)
    {
        _isFailing = false;
        if (!_hasReported)
            return;
        _hasReported = false;
        errors.Info($"{message}; {lost - _lostAtReport} were lost meanwhile");
    }

    /// <summary>What comes now is another matter: the next trouble is told at once.</summary>
    public void Forget() => (_isFailing, _reportedAtMs) = (false, -PauseMs);
}
