using System.Runtime.CompilerServices;
using System;
using NativeProxy.Config;
using NativeProxy.Foundation;

namespace NativeProxy.Http1;

/// <summary>What the client is told about its connection.</summary>
internal readonly struct ConnectionTerms
{
    /// <summary>None when the connection is kept.</summary>
    public required CloseReason CloseReason { get; init; }

    public required int ClientMinorVersion { get; init; }

    /// <summary>Requests that this connection may still carry, for <c>Keep-Alive: max</c>; negative = no limit.</summary>
    public required int RequestsLeft { get; init; }
}

/// <summary>
/// What HTTP/1.1 itself says in a response head, around the fields: status line in front of them, framing and Connection of this side behind
/// them (RFC 9112 4, 6, 9.3, 9.6). Pure.
/// </summary>
internal static class ResponseHeadEncoder
{
    /// <param name="writer">Where to.</param>
    /// <param name="statusCode">Three digits.</param>
    /// <param name="reason">The server's, or <see cref="ReasonPhrases.Of"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WriteStatusLine(ref HeadWriter writer, int statusCode, ReadOnlySpan<byte> reason)
    {
        writer.Append("HTTP/1.1 "u8);
        writer.AppendStatusCode(statusCode);
        writer.Append(reason);
        writer.EndLine();
    }

    /// <summary>Writes what stands behind the fields of a final response, up to the blank line.</summary>
    /// <param name="writer">Stands behind the fields.</param>
    /// <param name="framing">How the body is delimited, where the fields do not say it already.</param>
    /// <param name="settings">Keep-alive settings of the listener.</param>
    /// <param name="terms">What the client is told about its connection.</param>
    public static void WriteEnd(ref HeadWriter writer, BodyFraming framing, in ListenerKeepaliveSettings settings, in ConnectionTerms terms)
    {
        FramingFields.Write(ref writer, framing);
        WriteConnection(ref writer, settings, terms);
        writer.EndHead();
    }

    /// <summary>Writes what stands behind the fields of a 101, up to the blank line.</summary>
    /// <param name="writer">Stands behind the fields.</param>
    /// <param name="upgrade">The protocol that the server names; empty when it names none.</param>
    public static void WriteSwitchEnd(ref HeadWriter writer, ReadOnlySpan<byte> upgrade)
    {
        writer.AppendField("Connection"u8, "Upgrade"u8);
        if (!upgrade.IsEmpty)
            writer.AppendField("Upgrade"u8, upgrade);
        writer.EndHead();
    }

    private static void WriteConnection(ref HeadWriter writer, in ListenerKeepaliveSettings settings, in ConnectionTerms terms)
    {
        if (terms.CloseReason != CloseReason.None)
        {
            writer.AppendField("Connection"u8, "close"u8);
            return;
        }
        if (terms.ClientMinorVersion == 0 || settings.ConnectionHeader == ConnectionHeaderPolicy.Always)
            writer.AppendField("Connection"u8, "keep-alive"u8);
        if (settings.Advertise)
            WriteKeepAlive(ref writer, settings.TimeoutMs / 1000, terms.RequestsLeft);
    }

    private static void WriteKeepAlive(ref HeadWriter writer, long timeoutSeconds, int requestsLeft)
    {
        writer.Append("Keep-Alive: timeout="u8);
        writer.AppendDecimal(timeoutSeconds);
        if (requestsLeft >= 0)
        {
            writer.Append(", max="u8);
            writer.AppendDecimal(requestsLeft);
        }
        writer.EndLine();
    }
}
