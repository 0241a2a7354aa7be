using NativeProxy.Config;
using NativeProxy.Foundation;

namespace NativeProxy.Clients;

/// <summary>What decides whether a client connection lives on after a response. One field, one reason.</summary>
internal readonly struct KeepAliveFacts
{
    /// <summary>Minor HTTP version of the request.</summary>
    public required int ClientMinorVersion { get; init; }

    public required bool RequestSaysClose { get; init; }

    public required bool RequestSaysKeepAlive { get; init; }

    /// <summary>The server connection on which the client has authenticated does not live on.</summary>
    public required bool PinnedServerEnds { get; init; }

    /// <summary>The request body was read to its end.</summary>
    public required bool RequestIsComplete { get; init; }

    /// <summary>The client can see where the response body ends while the connection stays open.</summary>
    public required bool ResponseEndIsVisible { get; init; }

    public required int StatusCode { get; init; }

    /// <summary>Requests on this connection, this one included.</summary>
    public required int RequestCount { get; init; }

    public required long ConnectionAgeMs { get; init; }

    /// <summary>The client has sent FIN, and no request waits that came before it.</summary>
    public required bool ClientHasEnded { get; init; }

    /// <summary>Why the listener ends its connections, this one included, or None.</summary>
    public required CloseReason ListenerEnding { get; init; }

    /// <summary>Further requests of the connection have begun already: what is no fault of this response waits until they are answered.</summary>
    public required bool IsFollowed { get; init; }

    /// <summary>What runs short, as the reason to close that it gives; None when nothing does.</summary>
    public required CloseReason Pressure { get; init; }
}

/// <summary>
/// May this client connection live on? One pure function of the facts; every "no" has a reason (Squid's buildReplyHeader flow,
/// nginx's finalize order). The first reason that applies is reported.
/// </summary>
internal static class KeepAliveVerdict
{
    /// <summary>None to keep the connection, else why it closes.</summary>
    public static CloseReason Decide(in KeepAliveFacts facts, in ListenerKeepaliveSettings settings)
    {
        if (facts.ListenerEnding != CloseReason.None && !facts.IsFollowed)
            return facts.ListenerEnding;
        if (!settings.Enabled || settings.TimeoutMs == 0)
            return CloseReason.KeepaliveOff;
        if (facts.RequestSaysClose)
            return CloseReason.ClientAsked;
        if (facts.ClientMinorVersion == 0 && !facts.RequestSaysKeepAlive)
            return CloseReason.Http10;
        if (facts.PinnedServerEnds)
            return CloseReason.PinnedServerClosed;
        if (!facts.ResponseEndIsVisible)
            return CloseReason.CloseDelimited;
        if (facts.ClientHasEnded && !facts.IsFollowed)
            return CloseReason.ClientClosed;
        if (!facts.RequestIsComplete)
            return CloseReason.UnreadRequestBody;
        if (facts.StatusCode >= 400 && !settings.AfterError)
            return CloseReason.AfterError;
        if (settings.MaxRequests > 0 && facts.RequestCount >= settings.MaxRequests)
            return CloseReason.MaxRequests;
        if (facts.IsFollowed)
            return CloseReason.None;
        return settings.MaxAgeMs > 0 && facts.ConnectionAgeMs >= settings.MaxAgeMs ? CloseReason.MaxAge : facts.Pressure;
    }
}
