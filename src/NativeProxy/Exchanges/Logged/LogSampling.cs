using NativeProxy.Logging;

namespace NativeProxy.Exchanges.Logged;

/// <summary>
/// Which exchanges get a line: what went wrong, what was slow, and one in so many of the rest, counted and not drawn. One per worker; thread: the
/// loop.
/// </summary>
/// <param name="oneIn">Of the rest one in so many; 0 = none.</param>
/// <param name="slowMs">From so long on an exchange is slow; 0 = none is.</param>
/// <param name="errorStatus">From that status on it went wrong.</param>
/// <param name="samplesErrors">What went wrong belongs to the rest.</param>
internal sealed class LogSampling(int oneIn, long slowMs, int errorStatus, bool samplesErrors)
{
    private int _restCount;

    /// <summary>True when it gets a line. Of the rest it is the first one, and then each so manieth.</summary>
    public bool Takes(in AccessNumbers numbers)
    {
        if (slowMs > 0 && numbers.TotalMs >= slowMs)
            return true;
        if (!samplesErrors && IsError(numbers))
            return true;
        if (oneIn == 0)
            return false;
        bool takes = _restCount == 0;
        _restCount = _restCount + 1 == oneIn ? 0 : _restCount + 1;
        return takes;
    }

    /// <summary>
    /// By its status, if it came to one; and where a good one had been sent already, by what cut the exchange. A status below the bound that says
    /// what went wrong (a 404, a 429) is what it is.
    /// </summary>
    private bool IsError(in AccessNumbers numbers) =>
        numbers.Status == AccessNumbers.Unknown || numbers.Status >= errorStatus
        || (numbers.Status < 400 && numbers.EndedBy is not (0 or (byte)'-'));
}
