using System;
using NativeProxy.Config;
using NativeProxy.Exchanges.Rewriting;
using NativeProxy.Http;

namespace NativeProxy.Exchanges;

/// <summary>
/// The answer to a TRACE or OPTIONS request that may not be forwarded any more (Max-Forwards: 0, RFC 9110 7.6.2): TRACE gets its head back
/// (9.3.8), as Squid and Apache do it, OPTIONS what this proxy serves (9.3.7). Pure: spans in, bytes out.
/// </summary>
internal static class FinalRecipientReply
{
    private const int VersionBytes = 8;

    /// <summary>Writes the whole answer.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="bytes">The span that the head's ranges count from.</param>
    /// <param name="head">The request.</param>
    /// <param name="allowedMethods">For Allow.</param>
    /// <param name="settings">Keep-alive settings of the listener.</param>
    /// <param name="response">What the client is told about the connection.</param>
    public static void Write(
        ref HeadWriter writer, ReadOnlySpan<byte> bytes, RequestHead head, ReadOnlySpan<byte> allowedMethods, in ListenerKeepaliveSettings settings,
        in OutgoingResponse response)
    {
        bool isTrace = head.MethodKind == HttpMethod.Trace;
        writer.Append("HTTP/1.1 200 OK\r\n"u8);
        if (response.Date is { } date)
            writer.AppendField("Date"u8, date);
        if (isTrace)
            writer.AppendField("Content-Type"u8, "message/http"u8);
        else
            writer.AppendField("Allow"u8, allowedMethods);
        writer.Append("Content-Length: "u8);
        writer.AppendDecimal(isTrace ? ReflectedBytes(head) : 0);
        writer.EndLine();
        ResponseHeadWriter.WriteConnection(ref writer, settings, response);
        writer.EndHead();
        if (isTrace)
            WriteReflected(ref writer, bytes, head);
    }

    /// <summary>RFC 9110 9.3.8: what a script in a browser must not get to see that way.</summary>
    private static bool IsSensitive(KnownHeader known) => known is KnownHeader.Cookie or KnownHeader.Authorization or KnownHeader.ProxyAuthorization;

    /// <summary>Length of what <see cref="WriteReflected"/> writes.</summary>
    private static int ReflectedBytes(RequestHead head)
    {
        int count = head.Method.Length + head.Target.Length + VersionBytes + 4 + 2;
        for (int i = 0; i < head.Fields.Count; i++)
        {
            ref HeaderField field = ref head.Fields[i];
            if (!IsSensitive(field.Known))
                count += field.Name.Length + field.Value.Length + 4;
        }
        return count;
    }

    private static void WriteReflected(ref HeadWriter writer, ReadOnlySpan<byte> bytes, RequestHead head)
    {
        writer.Append(head.Method.Of(bytes));
        writer.AppendByte((byte)' ');
        writer.Append(head.Target.Of(bytes));
        writer.Append(head.MinorVersion == 0 ? " HTTP/1.0\r\n"u8 : " HTTP/1.1\r\n"u8);
        for (int i = 0; i < head.Fields.Count; i++)
        {
            ref HeaderField field = ref head.Fields[i];
            if (!IsSensitive(field.Known))
                writer.AppendField(field.Name.Of(bytes), field.Value.Of(bytes));
        }
        writer.EndHead();
    }
}
