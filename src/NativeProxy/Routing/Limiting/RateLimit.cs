using NativeProxy.Config;
using NativeProxy.Quotas;

namespace NativeProxy.Routing.Limiting;

/// <summary>One `[[rate_limit]]`, ready to be asked. Immutable but for what its table counts; thread: the loop.</summary>
internal sealed class RateLimit
{
    private readonly RateLimitSettings _settings;
    private readonly StatusSet? _countedStatuses;

    /// <param name="settings">Checked ones.</param>
    /// <param name="board">On which they are published.</param>
    /// <param name="workerIndex">Which worker asks.</param>
    /// <param name="logId">Under which the log names it.</param>
    public RateLimit(in RateLimitSettings settings, LimitBoard board, int workerIndex, int logId)
    {
        _settings = settings;
        LogId = logId;
        Key = new RateKey(settings, board.Hash, workerIndex);
        Table = board.TableOf(RateDefinition.Of(settings));
        if (!settings.CountStatus.IsDefaultOrEmpty)
            _countedStatuses = StatusSet.Of(settings.CountStatus);
    }

    /// <summary>Under which the log names it; 0 = there is no log.</summary>
    public int LogId { get; }

    public RateKey Key { get; }

    public RateTable Table { get; }

    /// <summary>What becomes of a request that is too many.</summary>
    public RateAction Action => _settings.Action;

    /// <summary>Of the answer to it.</summary>
    public int StatusCode => _settings.Status;

    /// <summary>Whether that answer has Retry-After.</summary>
    public bool TellsRetryAfter => _settings.RetryAfter;

    /// <summary>Whether answers say how much is left.</summary>
    public bool TellsRest => _settings.Headers;

    /// <summary>Whether the answer decides if a request counts.</summary>
    public bool CountsByStatus => _countedStatuses is not null;

    /// <summary>Whether a request with this answer counts.</summary>
    public bool Counts(int statusCode) => _countedStatuses!.Contains(statusCode);
}
