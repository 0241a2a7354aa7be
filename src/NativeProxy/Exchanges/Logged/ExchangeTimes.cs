
namespace NativeProxy.Exchanges.Logged;

/// <summary>
/// When an exchange reached its stations, in loop milliseconds; -1 = not reached. The differences are HAProxy's TR, Tw, Tc, Tr, Ta.
/// </summary>
internal struct ExchangeTimes
{
    private const long NotReached = -1;

    private long _startedMs;
    private long _headReadMs;
    private long _serverChosenMs;
    private long _connectedMs;
    private long _responseHeadMs;

    /// <summary>TR: from the first byte of the request to its complete head.</summary>
    public readonly int RequestMs => (int)(_headReadMs - _startedMs);

    /// <summary>Tw: from the complete head until a server was chosen for the last time.</summary>
    public readonly int QueueMs => Between(_headReadMs, _serverChosenMs);

    /// <summary>Tc: from the choice of the server to the established connection.</summary>
    public readonly int ConnectMs => Between(_serverChosenMs, _connectedMs);

    /// <summary>Tr: from the established connection to the response head.</summary>
    public readonly int ResponseMs => Between(_connectedMs, _responseHeadMs);

    public readonly long StartedMs => _startedMs;

    public void Begin(long startedMs, long headReadMs)
    {
        _startedMs = startedMs;
        _headReadMs = headReadMs;
        _serverChosenMs = _connectedMs = _responseHeadMs = NotReached;
    }

    public void ServerChosen(long nowMs)
    {
        _serverChosenMs = nowMs;
        _connectedMs = NotReached;
    }

    public void Connected(long nowMs) => _connectedMs = nowMs;

    public void ResponseHead(long nowMs) => _responseHeadMs = nowMs;

    private static int Between(long fromMs, long toMs) => fromMs == NotReached || toMs == NotReached ? -1 : (int)(toMs - fromMs);
}
