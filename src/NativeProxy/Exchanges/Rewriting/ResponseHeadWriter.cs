using System;
using System.Buffers.Text;
using NativeProxy.Caching;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Http;

namespace NativeProxy.Exchanges.Rewriting;

/// <summary>What the client is told about its connection and the body.</summary>
internal readonly struct OutgoingResponse
{
    /// <summary>The body goes out in chunks.</summary>
    public required bool EmitsChunks { get; init; }

    /// <summary>The received Content-Length is passed on.</summary>
    public required bool KeepsLength { get; init; }

    /// <summary>None when the connection is kept.</summary>
    public required CloseReason CloseReason { get; init; }

    public required int ClientMinorVersion { get; init; }

    /// <summary>Requests that this connection may still carry, for <c>Keep-Alive: max</c>; negative = no limit.</summary>
    public required int RequestsLeft { get; init; }

    /// <summary>Pseudonym for Via, or null for none.</summary>
    public byte[]? Via { get; init; }

    /// <summary>What becomes of the stickiness cookie.</summary>
    public StickyResponse Sticky { get; init; }

    /// <summary>What Date says where the server gave none. A response of the cache says when it came instead.</summary>
    public byte[]? Date { get; init; }

    /// <summary>For a response of the cache: its times; null for one that comes from a server now.</summary>
    public CachedTimes? Cached { get; init; }
}

/// <summary>
/// Rebuilds a response head for the client: HTTP/1.1, without hop-by-hop and nominated fields, with the framing and the Connection
/// field of this side (RFC 9110 7.6.1; RFC 9112 9.3, 9.6), and with a Date in any case (RFC 9110 6.6.1; an interim response needs none).
/// Pure: spans in, bytes out.
/// </summary>
internal static class ResponseHeadWriter
{
    /// <summary>A final response.</summary>
    public static void Write(
        ref HeadWriter writer, ReadOnlySpan<byte> bytes, ResponseHead head, int headEnd, in ListenerKeepaliveSettings settings,
        in OutgoingResponse response)
    {
        WriteStatusLine(ref writer, bytes, head);
        CopyFields(ref writer, bytes, head, headEnd, response.KeepsLength, response.Sticky, dropsAge: response.Cached is not null);
        writer.Append(response.Sticky.InsertedLines);
        bool hasDate = PassesDate(head.Fields);
        if (response.Cached is { } cached)
            WriteTimes(ref writer, cached, hasDate);
        else if (!hasDate && response.Date is { } date)
            writer.AppendField("Date"u8, date);
        if (response.EmitsChunks)
            writer.AppendField("Transfer-Encoding"u8, "chunked"u8);
        if (response.Via is not null)
        {
            writer.Append(head.MinorVersion == 0 ? "Via: 1.0 "u8 : "Via: 1.1 "u8);
            writer.Append(response.Via);
            writer.EndLine();
        }
        WriteConnection(ref writer, settings, response);
        writer.EndHead();
    }

    /// <summary>An interim response (1xx but 101).</summary>
    public static void WriteInterim(ref HeadWriter writer, ReadOnlySpan<byte> bytes, ResponseHead head, int headEnd, in StickyResponse sticky)
    {
        WriteStatusLine(ref writer, bytes, head);
        CopyFields(ref writer, bytes, head, headEnd, keepsLength: false, sticky);
        writer.EndHead();
    }

    /// <summary>101: the connection now speaks the protocol that the server names.</summary>
    public static void WriteSwitch(ref HeadWriter writer, ReadOnlySpan<byte> bytes, ResponseHead head, int headEnd, in StickyResponse sticky)
    {
        WriteStatusLine(ref writer, bytes, head);
        CopyFields(ref writer, bytes, head, headEnd, keepsLength: false, sticky);
        writer.Append(sticky.InsertedLines);
        writer.AppendField("Connection"u8, "Upgrade"u8);
        int upgrade = head.Fields.FirstIndexOf(KnownHeader.Upgrade);
        if (upgrade >= 0)
            writer.AppendField("Upgrade"u8, head.Fields[upgrade].Value.Of(bytes));
        writer.EndHead();
    }

    /// <summary>The Connection and Keep-Alive fields of a response of this side.</summary>
    public static void WriteConnection(ref HeadWriter writer, in ListenerKeepaliveSettings settings, in OutgoingResponse response)
    {
        if (response.CloseReason != CloseReason.None)
        {
            writer.AppendField("Connection"u8, "close"u8);
            return;
        }
        if (response.ClientMinorVersion == 0 || settings.ConnectionHeader == ConnectionHeaderPolicy.Always)
            writer.AppendField("Connection"u8, "keep-alive"u8);
        if (settings.Advertise)
            WriteKeepAlive(ref writer, settings.TimeoutMs / 1000, response.RequestsLeft);
    }

    /// <summary>True when a Date of the server's is passed on; one that Connection names is not.</summary>
    private static bool PassesDate(HeaderTable fields)
    {
        int index = fields.FirstIndexOf(KnownHeader.Date);
        return index >= 0 && !fields[index].IsHopByHop;
    }

    /// <summary>Age (RFC 9111 5.1), and Date where the server gave none (RFC 9110 6.6.1).</summary>
    private static void WriteTimes(ref HeadWriter writer, in CachedTimes cached, bool hasDate)
    {
        writer.Append("Age: "u8);
        writer.AppendDecimal(cached.AgeSeconds);
        writer.EndLine();
        Span<byte> date = stackalloc byte[32];
        if (!hasDate && Utf8Formatter.TryFormat(DateTimeOffset.FromUnixTimeMilliseconds(cached.ReceivedWallMs), date, out int dateBytes, 'R'))
            writer.AppendField("Date"u8, date[..dateBytes]);
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

    private static void WriteStatusLine(ref HeadWriter writer, ReadOnlySpan<byte> bytes, ResponseHead head)
    {
        writer.Append("HTTP/1.1 "u8);
        writer.AppendDecimal(head.StatusCode);
        writer.AppendByte((byte)' ');
        writer.Append(head.Reason.Of(bytes));
        writer.EndLine();
    }

    private static void CopyFields(ref HeadWriter writer, ReadOnlySpan<byte> bytes, ResponseHead head, int headEnd, bool keepsLength,
        in StickyResponse sticky, bool dropsAge = false)
    {
        var copy = new FieldCopy(bytes, head.Fields, headEnd);
        for (int i = 0; i < head.Fields.Count; i++)
        {
            ref HeaderField field = ref head.Fields[i];
            if (field.IsHopByHop || (field.Known == KnownHeader.ContentLength && !keepsLength) || (field.Known == KnownHeader.Age && dropsAge))
            {
                copy.CopyUpTo(i, ref writer);
            }
            else if (sticky.Changes(bytes, field))
            {
                copy.CopyUpTo(i, ref writer);
                sticky.WriteField(ref writer, bytes, field);
            }
        }
        copy.CopyRest(ref writer);
    }
}
