using NativeProxy.Foundation;

namespace NativeProxy.Exchanges.Sending;

/// <summary>What an end of an exchange means for the server connection that it used. Tables only.</summary>
internal static class ServerFailures
{
    /// <summary>Why the server connection is closed after this error.</summary>
    public static ServerCloseReason ReasonOf(ProxyError error) => error switch
    {
        ProxyError.ServerResponseTimeout => ServerCloseReason.Timeout,
        ProxyError.ServerBadResponse or ProxyError.ServerBadBody or ProxyError.ResponseBodyTooLarge => ServerCloseReason.BadResponse,
        ProxyError.ServerTruncatedResponse or ProxyError.ServerClosedBeforeResponse => ServerCloseReason.ServerFin,
        _ => ServerCloseReason.RequestUnsent,
    };

    /// <summary>Why the server connection is closed when the exchange is given up for what happened to the client's connection.</summary>
    public static ServerCloseReason AbandonedReasonOf(CloseReason reason) => reason switch
    {
        CloseReason.TunnelTimeout => ServerCloseReason.UpgradeEnded,
        CloseReason.Stopped => ServerCloseReason.Stopped,
        _ => ServerCloseReason.ClientAborted,
    };
}
