using System;
using System.Buffers.Text;
using System.Runtime.CompilerServices;
using NativeProxy.Http;

namespace NativeProxy.Rewriting;

/// <summary>What becomes of the server's own fields in an outgoing response head, and what is written besides them.</summary>
internal ref struct ResponseChanges
{
    /// <summary>The received Content-Length is passed on, where it stands.</summary>
    public bool KeepsLength { get; set; }

    /// <summary>What Via says, or null for none.</summary>
    public ViaField? Via { get; set; }

    /// <summary>What becomes of the stickiness cookie.</summary>
    public StickyResponse Sticky { get; set; }

    /// <summary>Lines that rules add, behind the server's own fields.</summary>
    public ReadOnlySpan<byte> AddedLines { get; set; }

    /// <summary>What the proxy says of its own, behind those; null when it says nothing.</summary>
    public OwnFields? Own { get; set; }

    /// <summary>What Date says where the server gave none. A response of the cache says when it came instead.</summary>
    public byte[]? Date { get; set; }

    /// <summary>For a response of the cache: what Age says; null for one that comes from a server now.</summary>
    public long? AgeSeconds { get; set; }

    /// <summary>For a response of the cache: when it came, in milliseconds since 1970-01-01 UTC.</summary>
    public long ReceivedWallMs { get; set; }
}

/// <summary>
/// Writes the fields of a response head for the client: the server's own without those that are hop-by-hop or nominated (RFC 9110 7.6.1), the
/// cookies of stickiness, Age, and a Date in any case (RFC 9110 6.6.1; an interim response needs none). Status line, framing and Connection are
/// not among them: they are the wire's. Pure: spans in, fields out.
/// </summary>
internal static class ResponseFields
{
    /// <summary>Where none of these is there the lines pass as they are; but for a length that is not kept.</summary>
    private const ulong PerhapsChanged =
        KnownHeaders.HopByHopSet | (1UL << (int)KnownHeader.Age) | (1UL << (int)KnownHeader.SetCookie);

    /// <summary>Those of a final response.</summary>
    /// <param name="sink">Where to.</param>
    /// <param name="bytes">The span that the head's ranges count from.</param>
    /// <param name="head">The response.</param>
    /// <param name="headEnd">Index behind the blank line that ends the head.</param>
    /// <param name="changes">What else is written, and what is left out.</param>
    public static void Write<TSink>(ref TSink sink, ReadOnlySpan<byte> bytes, ResponseHead head, int headEnd, in ResponseChanges changes)
        where TSink : struct, IFieldSink, allows ref struct
    {
        CopyFields(ref sink, bytes, head, headEnd, changes.KeepsLength, changes.Sticky, dropsAge: changes.AgeSeconds is not null);
        WriteAdded(ref sink, bytes, head, changes);
        bool hasDate = PassesDate(head.Fields);
        if (changes.AgeSeconds is { } ageSeconds)
            WriteTimes(ref sink, ageSeconds, changes.ReceivedWallMs, hasDate);
        else if (!hasDate && changes.Date is { } date)
            sink.AppendField("Date"u8, date);
        if (changes.Via is { } via)
            sink.AppendField("Via"u8, via.ValueOf(head.Version));
    }

    /// <summary>Those of an interim response (1xx but 101).</summary>
    public static void WriteInterim<TSink>(ref TSink sink, ReadOnlySpan<byte> bytes, ResponseHead head, int headEnd, in StickyResponse sticky)
        where TSink : struct, IFieldSink, allows ref struct =>
        CopyFields(ref sink, bytes, head, headEnd, keepsLength: false, sticky);

    /// <summary>Those of a 101: the connection now speaks the protocol that the server names.</summary>
    public static void WriteSwitch<TSink>(ref TSink sink, ReadOnlySpan<byte> bytes, ResponseHead head, int headEnd, in ResponseChanges changes)
        where TSink : struct, IFieldSink, allows ref struct
    {
        CopyFields(ref sink, bytes, head, headEnd, keepsLength: false, changes.Sticky);
        WriteAdded(ref sink, bytes, head, changes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WriteAdded<TSink>(ref TSink sink, ReadOnlySpan<byte> bytes, ResponseHead head, in ResponseChanges changes)
        where TSink : struct, IFieldSink, allows ref struct
    {
        changes.Sticky.WriteInserted(ref sink, bytes, head.Fields);
        if (!changes.AddedLines.IsEmpty)
            sink.AppendLines(changes.AddedLines);
        changes.Own?.Write(ref sink);
    }

    /// <summary>True when a Date of the server's is passed on; one that Connection names is not.</summary>
    private static bool PassesDate(HeaderTable fields)
    {
        int index = fields.FirstIndexOf(KnownHeader.Date);
        return index >= 0 && !fields[index].IsHopByHop;
    }

    /// <summary>Age (RFC 9111 5.1), and Date where the server gave none (RFC 9110 6.6.1).</summary>
    private static void WriteTimes<TSink>(ref TSink sink, long ageSeconds, long receivedWallMs, bool hasDate)
        where TSink : struct, IFieldSink, allows ref struct
    {
        sink.BeginField("Age"u8);
        sink.AppendDecimal(ageSeconds);
        sink.EndField();
        Span<byte> date = stackalloc byte[32];
        if (!hasDate && Utf8Formatter.TryFormat(DateTimeOffset.FromUnixTimeMilliseconds(receivedWallMs), date, out int dateBytes, 'R'))
            sink.AppendField("Date"u8, date[..dateBytes]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CopyFields<TSink>(ref TSink sink, ReadOnlySpan<byte> bytes, ResponseHead head, int headEnd, bool keepsLength,
        in StickyResponse sticky, bool dropsAge = false)
        where TSink : struct, IFieldSink, allows ref struct
    {
        var copy = new FieldCopy(bytes, head.Fields, headEnd);
        bool hasChanges = head.Fields.HasDropped || head.Fields.ContainsAny(PerhapsChanged)
            || (!keepsLength && head.Fields.Contains(KnownHeader.ContentLength));
        for (int i = 0; hasChanges && i < head.Fields.Count; i++)
        {
            ref HeaderField field = ref head.Fields[i];
            if (field.IsHopByHop || (field.Known == KnownHeader.ContentLength && !keepsLength) || (field.Known == KnownHeader.Age && dropsAge))
            {
                copy.CopyUpTo(i, ref sink);
            }
            else if (sticky.Changes(bytes, field))
            {
                copy.CopyUpTo(i, ref sink);
                sticky.WriteField(ref sink, bytes, field);
            }
        }
        copy.CopyRest(ref sink);
    }
}
