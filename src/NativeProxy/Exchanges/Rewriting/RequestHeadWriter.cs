using System;
using NativeProxy.Config;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Upstreams.Groups;

namespace NativeProxy.Exchanges.Rewriting;

/// <summary>What is to be written into an outgoing request head besides the client's own fields.</summary>
internal readonly ref struct OutgoingRequest
{
    public required BodyFraming Framing { get; init; }

    /// <summary>Pseudonym for Via, or empty for none.</summary>
    public required ReadOnlySpan<byte> Via { get; init; }

    /// <summary>The stickiness cookie of the upstream, or null.</summary>
    public required StickyCookie? Cookie { get; init; }

    /// <summary>Host for a request that came without one (HTTP/1.0): the name of the upstream, as nginx does.</summary>
    public required ReadOnlySpan<byte> FallbackHost { get; init; }

    /// <summary>Text of the client's address.</summary>
    public required ReadOnlySpan<byte> ClientAddress { get; init; }

    /// <summary>The protocol to switch to, or empty.</summary>
    public required ReadOnlySpan<byte> Upgrade { get; init; }

    /// <summary>The client speaks to a forward proxy: its credentials for the proxy are not for the server (RFC 9110 11.7.2).</summary>
    public bool IsProxyRequest { get; init; }

    /// <summary>How many times the request may be forwarded behind this proxy, or null when it does not say (RFC 9110 7.6.2).</summary>
    public long? MaxForwards { get; init; }

    /// <summary>Tell the server that its connection is used once only.</summary>
    public required bool ClosesServerConnection { get; init; }
}

/// <summary>
/// Rebuilds a request head for the server: HTTP/1.1, origin-form, without hop-by-hop and nominated fields, framing written anew, and
/// with Via and X-Forwarded-* as configured (RFC 9110 7.6.1, 7.6.3; RFC 9112 3.2). Pure: spans in, bytes out.
/// </summary>
internal static class RequestHeadWriter
{
    public static void Write(
        ref HeadWriter writer, ReadOnlySpan<byte> bytes, RequestHead head, int headEnd, in ListenerForwardedSettings settings,
        in OutgoingRequest request)
    {
        WriteRequestLine(ref writer, bytes, head);
        if (head.Form == TargetForm.Absolute)
            writer.AppendField("Host"u8, head.Authority.Of(bytes));
        else if (head.Host.IsEmpty && !head.Fields.Contains(KnownHeader.Host))
            writer.AppendField("Host"u8, request.FallbackHost);
        CopyFields(ref writer, bytes, head, headEnd, settings, request);
        if (request.MaxForwards is { } left)
        {
            writer.Append("Max-Forwards: "u8);
            writer.AppendDecimal(left);
            writer.EndLine();
        }
        WriteFraming(ref writer, request.Framing);
        WriteForwarded(ref writer, bytes, head, settings, request);
        if (!request.Upgrade.IsEmpty)
        {
            writer.AppendField("Connection"u8, "Upgrade"u8);
            writer.AppendField("Upgrade"u8, request.Upgrade);
        }
        else if (request.ClosesServerConnection)
        {
            writer.AppendField("Connection"u8, "close"u8);
        }
        writer.EndHead();
    }

    private static void WriteRequestLine(ref HeadWriter writer, ReadOnlySpan<byte> bytes, RequestHead head)
    {
        writer.Append(head.Method.Of(bytes));
        writer.AppendByte((byte)' ');
        if (head.Form == TargetForm.Absolute)
            WriteOriginForm(ref writer, head.PathAndQuery.Of(bytes), head.MethodKind);
        else
            writer.Append(head.Target.Of(bytes));
        writer.Append(" HTTP/1.1\r\n"u8);
    }

    /// <summary>RFC 9112 3.2.1 and 3.2.4: an empty path becomes "/", or "*" for OPTIONS without a query.</summary>
    private static void WriteOriginForm(ref HeadWriter writer, ReadOnlySpan<byte> pathAndQuery, HttpMethod method)
    {
        if (pathAndQuery.IsEmpty && method == HttpMethod.Options)
        {
            writer.AppendByte((byte)'*');
            return;
        }
        if (pathAndQuery.IsEmpty || pathAndQuery[0] != (byte)'/')
            writer.AppendByte((byte)'/');
        writer.Append(pathAndQuery);
    }

    private static void CopyFields(
        ref HeadWriter writer, ReadOnlySpan<byte> bytes, RequestHead head, int headEnd, in ListenerForwardedSettings settings,
        in OutgoingRequest request)
    {
        var copy = new FieldCopy(bytes, head.Fields, headEnd);
        for (int i = 0; i < head.Fields.Count; i++)
        {
            ref HeaderField field = ref head.Fields[i];
            if (field.IsHopByHop || IsReplaced(field.Known, head, settings)
                || (request.IsProxyRequest && field.Known == KnownHeader.ProxyAuthorization))
            {
                copy.CopyUpTo(i, ref writer);
            }
            else if (StickyRequest.Changes(bytes, field, request.Cookie))
            {
                copy.CopyUpTo(i, ref writer);
                StickyRequest.WriteField(ref writer, bytes, field, request.Cookie!);
            }
        }
        copy.CopyRest(ref writer);
    }

    private static bool IsReplaced(KnownHeader known, RequestHead head, in ListenerForwardedSettings settings) => known switch
    {
        KnownHeader.None => false,
        KnownHeader.ContentLength or KnownHeader.TransferEncoding => true,
        KnownHeader.Host => head.Form == TargetForm.Absolute,
        KnownHeader.Expect => head.MinorVersion == 0,
        KnownHeader.MaxForwards => head.MethodKind is HttpMethod.Options or HttpMethod.Trace,
        KnownHeader.XForwardedFor => settings.XForwardedFor == true,
        KnownHeader.XForwardedProto => settings.XForwardedProto == true,
        KnownHeader.XForwardedHost => settings.XForwardedHost == true,
        _ => false,
    };

    private static void WriteFraming(ref HeadWriter writer, BodyFraming framing)
    {
        if (framing.Kind == BodyKind.Chunked)
        {
            writer.AppendField("Transfer-Encoding"u8, "chunked"u8);
        }
        else if (framing.Kind == BodyKind.Length)
        {
            writer.Append("Content-Length: "u8);
            writer.AppendDecimal(framing.LengthBytes);
            writer.EndLine();
        }
    }

    private static void WriteForwarded(
        ref HeadWriter writer, ReadOnlySpan<byte> bytes, RequestHead head, in ListenerForwardedSettings settings, in OutgoingRequest request)
    {
        if (settings.XForwardedFor == true)
            WriteForwardedFor(ref writer, bytes, head.Fields, request.ClientAddress);
        if (settings.XForwardedProto == true)
            writer.AppendField("X-Forwarded-Proto"u8, "http"u8);
        ReadOnlySpan<byte> host = head.Form == TargetForm.Absolute ? head.Authority.Of(bytes) : head.Host.Of(bytes);
        if (settings.XForwardedHost == true && !host.IsEmpty)
            writer.AppendField("X-Forwarded-Host"u8, host);
        if (!request.Via.IsEmpty)
        {
            writer.Append(head.MinorVersion == 0 ? "Via: 1.0 "u8 : "Via: 1.1 "u8);
            writer.Append(request.Via);
            writer.EndLine();
        }
    }

    /// <summary>The received list, whichever lines it came in, with the client's address behind it.</summary>
    private static void WriteForwardedFor(ref HeadWriter writer, ReadOnlySpan<byte> bytes, HeaderTable fields, ReadOnlySpan<byte> clientAddress)
    {
        writer.Append("X-Forwarded-For: "u8);
        for (int i = fields.FirstIndexOf(KnownHeader.XForwardedFor); i >= 0; i = fields.NextIndexOf(KnownHeader.XForwardedFor, i))
        {
            if (fields[i].IsHopByHop || fields[i].Value.IsEmpty)
                continue;
            writer.Append(fields[i].Value.Of(bytes));
            writer.Append(", "u8);
        }
        writer.Append(clientAddress);
        writer.EndLine();
    }
}
