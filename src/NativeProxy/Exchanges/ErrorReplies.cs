using System;
using System.Text;
using NativeProxy.Config;
using NativeProxy.Exchanges.Rewriting;
using NativeProxy.Foundation;
using NativeProxy.Http;

namespace NativeProxy.Exchanges;

/// <summary>
/// The proxy's own answers: plain text that says what is wrong and, for a refused request, which rule it broke. The texts are built
/// once; writing one copies bytes. Immutable; any thread.
/// </summary>
internal static class ErrorReplies
{
    private static readonly byte[][] Texts = BuildTexts();
    private static readonly byte[][] Details = BuildDetails();

    /// <summary>Writes the whole answer.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="error">What went wrong; its status must not be 0.</param>
    /// <param name="detail">The rule that a refused request broke, or None.</param>
    /// <param name="hasBody">False when the request was a HEAD.</param>
    /// <param name="allowedMethods">What the listener serves, which a 405 says (RFC 9110 15.5.6).</param>
    /// <param name="settings">Keep-alive settings of the listener.</param>
    /// <param name="response">What the client is told about the connection.</param>
    public static void Write(
        ref HeadWriter writer, ProxyError error, RejectReason detail, bool hasBody, ReadOnlySpan<byte> allowedMethods,
        in ListenerKeepaliveSettings settings,
        in OutgoingResponse response)
    {
        int status = StatusOf(error, detail);
        ReadOnlySpan<byte> text = Texts[(int)error];
        ReadOnlySpan<byte> why = detail == RejectReason.None ? default : Details[(int)detail];
        writer.Append("HTTP/1.1 "u8);
        writer.AppendDecimal(status);
        writer.AppendByte((byte)' ');
        writer.Append(ReasonOf(status));
        writer.Append("\r\nContent-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\nContent-Length: "u8);
        writer.AppendDecimal(text.Length + why.Length + 2);
        writer.EndLine();
        if (response.Date is { } date)
            writer.AppendField("Date"u8, date);
        if (status == 405)
            writer.AppendField("Allow"u8, allowedMethods);
        ResponseHeadWriter.WriteConnection(ref writer, settings, response);
        writer.EndHead();
        if (!hasBody)
            return;
        writer.Append(text);
        writer.Append(why);
        writer.Append(".\n"u8);
    }

    /// <summary>The status of an answer: that of the broken rule when there is one, else that of the error.</summary>
    public static int StatusOf(ProxyError error, RejectReason detail) =>
        error == ProxyError.BadRequest && detail != RejectReason.None ? RejectReasons.StatusOf(detail) : ProxyErrors.Of(error).Status;

    private static byte[][] BuildTexts()
    {
        var texts = new byte[ProxyErrors.Count][];
        for (int i = 0; i < texts.Length; i++)
            texts[i] = Encoding.ASCII.GetBytes(ProxyErrors.Of((ProxyError)i).Text);
        return texts;
    }

    private static byte[][] BuildDetails()
    {
        var details = new byte[RejectReasons.Count][];
        for (int i = 0; i < details.Length; i++)
            details[i] = Encoding.ASCII.GetBytes(" (" + RejectReasons.CodeOf((RejectReason)i).Replace('_', ' ') + ")");
        return details;
    }

    private static ReadOnlySpan<byte> ReasonOf(int status) => status switch
    {
        400 => "Bad Request"u8,
        403 => "Forbidden"u8,
        405 => "Method Not Allowed"u8,
        408 => "Request Timeout"u8,
        413 => "Content Too Large"u8,
        414 => "URI Too Long"u8,
        431 => "Request Header Fields Too Large"u8,
        501 => "Not Implemented"u8,
        502 => "Bad Gateway"u8,
        503 => "Service Unavailable"u8,
        504 => "Gateway Timeout"u8,
        505 => "HTTP Version Not Supported"u8,
        _ => "Error"u8,
    };
}
