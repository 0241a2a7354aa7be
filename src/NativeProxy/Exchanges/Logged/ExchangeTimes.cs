using NativeProxy.Exchanges.Sending;

namespace NativeProxy.Exchanges.Logged;

/// <summary>
/// When an exchange reached its stations, in loop milliseconds. The differences are HAProxy's TR, Tw, Tc, Tr, Ta; -1 where a station was not
/// reached.
/// </summary>
/// <param name="startedMs">The first byte of the request.</param>
/// <param name="headReadMs">Its complete head.</param>
/// <param name="link">What happened on the way to a server.</param>
/// <param name="responseHeadMs">The head of the final response; <see cref="LinkTimes.NotReached"/> when none came.</param>
internal readonly struct ExchangeTimes(long startedMs, long headReadMs, LinkTimes link, long responseHeadMs)
{
    /// <summary>TR: from the first byte of the request to its complete head.</summary>
    public int RequestMs => (int)(headReadMs - startedMs);

    /// <summary>Tw: from the complete head until a server was chosen for the last time.</summary>
    public int QueueMs => Between(headReadMs, link.ChosenMs);

    /// <summary>Tc: from the choice of the server to the established connection.</summary>
    public int ConnectMs => Between(link.ChosenMs, link.ConnectedMs);

    /// <summary>Tr: from the established connection to the response head.</summary>
    public int ResponseMs => Between(link.ConnectedMs, responseHeadMs);

    /// <summary>From the complete head of the request to that of the response.</summary>
    public int ToResponseMs => Between(headReadMs, responseHeadMs);

    private static int Between(long fromMs, long toMs) =>
        fromMs == LinkTimes.NotReached || toMs == LinkTimes.NotReached ? -1 : (int)(toMs - fromMs);
}
