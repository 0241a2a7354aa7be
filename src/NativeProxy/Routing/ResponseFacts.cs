using NativeProxy.Foundation;
using NativeProxy.Http;

namespace NativeProxy.Routing;

/// <summary>What rules may name in a response: what is still known of its request, and by whom it was answered. A value; thread: the loop.</summary>
internal readonly struct ResponseFacts
{
    /// <summary>The status that the client gets.</summary>
    public required int StatusCode { get; init; }

    /// <summary>Who has answered; empty for the cache and the proxy itself.</summary>
    public required string Server { get; init; }

    /// <summary>Under which names the request is known; null when it has none.</summary>
    public required RequestTrace? Trace { get; init; }

    /// <summary>Who has asked.</summary>
    public required PeerAddress Client { get; init; }

    /// <summary>The ends of its connection.</summary>
    public required IRequestEnds Ends { get; init; }
}
