using System;
using NativeProxy.Http;
using NativeProxy.Http1;

namespace NativeProxy.Clients;

/// <summary>
/// The answer to a TRACE or OPTIONS request that may not be forwarded any more (Max-Forwards: 0, RFC 9110 7.6.2): TRACE gets its head back
/// (9.3.8), as Squid and Apache do it, OPTIONS what this proxy serves (9.3.7). Pure.
/// </summary>
internal static class FinalRecipientReply
{
    private const int VersionBytes = 8;

    public const int StatusCode = 200;

    /// <summary>Writes the fields of the answer.</summary>
    /// <param name="sink">Where to.</param>
    /// <param name="method">That of the request.</param>
    /// <param name="date">The time, as Date says it.</param>
    /// <param name="allowedMethods">For Allow.</param>
    public static void WriteFields<TSink>(ref TSink sink, HttpMethod method, byte[] date, ReadOnlySpan<byte> allowedMethods)
        where TSink : struct, IFieldSink, allows ref struct
    {
        sink.AppendField("Date"u8, date);
        if (method == HttpMethod.Trace)
            sink.AppendField("Content-Type"u8, "message/http"u8);
        else
            sink.AppendField("Allow"u8, allowedMethods);
    }

    /// <summary>Length of the body.</summary>
    public static int BodyBytes(RequestHead head) => head.MethodKind == HttpMethod.Trace ? ReflectedBytes(head) : 0;

    /// <summary>Writes the body: whatever the client speaks, message/http is HTTP/1 (RFC 9112 10.1).</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="bytes">The span that the head's ranges count from.</param>
    /// <param name="head">The request.</param>
    public static void WriteBody(ref HeadWriter writer, ReadOnlySpan<byte> bytes, RequestHead head)
    {
        if (head.MethodKind == HttpMethod.Trace)
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
        writer.Append(head.Version == HttpVersion.Http10 ? " HTTP/1.0\r\n"u8 : " HTTP/1.1\r\n"u8);
        for (int i = 0; i < head.Fields.Count; i++)
        {
            ref HeaderField field = ref head.Fields[i];
            if (!IsSensitive(field.Known))
                writer.AppendField(field.Name.Of(bytes), field.Value.Of(bytes));
        }
        writer.EndHead();
    }
}
