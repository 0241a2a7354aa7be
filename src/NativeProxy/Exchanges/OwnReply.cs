using System;
using NativeProxy.Config;
using NativeProxy.Exchanges.Rewriting;
using NativeProxy.Exchanges.Sending;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Metrics;

namespace NativeProxy.Exchanges;

/// <summary>
/// One answer of the proxy's own: what it says, and what of the request decides on its form. Immutable; thread: the loop. Never sends:
/// who answers knows whether it is the answer's turn.
/// </summary>
internal readonly struct OwnReply
{
    /// <summary>What went wrong; its status must not be 0.</summary>
    public required ProxyError Error { get; init; }

    /// <summary>The rule that a refused request broke, or None.</summary>
    public required RejectReason Detail { get; init; }

    /// <summary>Why the connection ends with this answer, or None.</summary>
    public required CloseReason CloseReason { get; init; }

    /// <summary>True when the request was a HEAD: the answer has no body (RFC 9110 9.3.2).</summary>
    public required bool IsToHead { get; init; }

    public required int ClientMinorVersion { get; init; }

    /// <summary>Requests that the connection may carry after this one; negative = no limit.</summary>
    public required int RequestsLeft { get; init; }

    public int StatusCode => ErrorReplies.StatusOf(Error, Detail);

    /// <summary>Writes the whole answer into the scratch, where it stays until the scratch is used again, and counts it.</summary>
    /// <param name="scratch">Where to.</param>
    /// <param name="date">The time, as Date says it.</param>
    /// <param name="allowedMethods">What the listener serves.</param>
    /// <param name="keepalive">Keep-alive settings of the listener.</param>
    /// <param name="counters">Where it is counted.</param>
    public ReadOnlySpan<byte> Write(
        SessionScratch scratch, byte[] date, ReadOnlySpan<byte> allowedMethods, in ListenerKeepaliveSettings keepalive, LoopCounters counters)
    {
        var writer = new HeadWriter(scratch.Output);
        ErrorReplies.Write(ref writer, Error, Detail, hasBody: !IsToHead, allowedMethods, keepalive, new OutgoingResponse
        {
            EmitsChunks = false,
            KeepsLength = false,
            CloseReason = CloseReason,
            ClientMinorVersion = ClientMinorVersion,
            RequestsLeft = RequestsLeft,
            Date = date,
        });
        counters.Add(CounterId.ResponsesByProxy);
        return writer.Written;
    }
}
