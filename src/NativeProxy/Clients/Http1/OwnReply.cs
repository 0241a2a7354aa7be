using System;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Metrics;
using NativeProxy.Rewriting;

namespace NativeProxy.Clients.Http1;

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

    /// <summary>What the file says of such answers; null when it says nothing.</summary>
    public ErrorPages? Pages { get; init; }

    /// <summary>That of the error, or of the rule that it broke, or another one.</summary>
    public required int StatusCode { get; init; }

    /// <summary>Writes the whole answer into the scratch, where it stays until the scratch is used again, and counts it.</summary>
    /// <param name="frontend">Whose client gets it.</param>
    /// <param name="own">What the client is told of its request.</param>
    public ReadOnlySpan<byte> Write(Frontend frontend, OwnFields? own = null)
    {
        Span<byte> output = frontend.Scratch.Output;
        ErrorPage? page = Pages?.Of(StatusCode);
        int textBytes = page?.Content.Length ?? ErrorReplies.TextBytes(Error, Detail);
        var writer = new HeadWriter(output);
        ResponseHeadEncoder.WriteStatusLine(ref writer, StatusCode, ReasonPhrases.Of(StatusCode));
        ErrorReplies.WriteFields(ref writer, Error, StatusCode, frontend.Loop.Date.Now, frontend.Service.AllowedMethods, Pages);
        own?.Write(ref writer);
        ResponseHeadEncoder.WriteEnd(ref writer, BodyFraming.Length(textBytes), frontend.Keepalive, new ConnectionTerms
        {
            CloseReason = CloseReason,
            ClientMinorVersion = ClientMinorVersion,
            RequestsLeft = RequestsLeft,
        });
        frontend.Counters.Add(CounterId.ResponsesByProxy);
        if (IsToHead)
            return writer.Written;
        if (page is null)
            ErrorReplies.WriteText(output[writer.WrittenBytes..], Error, Detail);
        else
            page.Content.CopyTo(output[writer.WrittenBytes..]);
        return output[..(writer.WrittenBytes + textBytes)];
    }
}
