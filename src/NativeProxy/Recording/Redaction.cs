using System;
using NativeProxy.Http;
using NativeProxy.Http1;

namespace NativeProxy.Recording;

/// <summary>
/// Which bytes of a message nobody may read, and how they are made unreadable: overwritten, so that all lengths and places stay. What a parser may
/// stumble over (blanks, control characters, line ends, the byte at which the message broke) is never overwritten. Immutable; any thread.
/// </summary>
/// <param name="isOn">Anything is hidden at all.</param>
/// <param name="hidesQueries">The values in the query of a target, too.</param>
/// <param name="names">Of fields, besides those that always hold secrets; in small letters.</param>
internal sealed class Redaction(bool isOn, bool hidesQueries, byte[][] names)
{
    private const byte Hidden = (byte)'*';

    /// <summary>All that may be hidden but fields that only the settings know.</summary>
    public static readonly Redaction Strict = new(isOn: true, hidesQueries: true, []);

    /// <summary>Nothing is hidden.</summary>
    public static readonly Redaction Off = new(isOn: false, hidesQueries: false, []);

    private static readonly byte[][] AlwaysSecret =
        ["authorization"u8.ToArray(), "proxy-authorization"u8.ToArray(), "cookie"u8.ToArray(), "set-cookie"u8.ToArray()];

    public bool IsOn => isOn;

    /// <summary>Hides what is to be hidden of the kept part of a refused message.</summary>
    /// <param name="message">All of it.</param>
    /// <param name="record">What part is kept, and where it broke.</param>
    /// <param name="kept">A copy of that part; changed.</param>
    public void Apply(ReadOnlySpan<byte> message, in MessageRecord record, Span<byte> kept)
    {
        if (!isOn)
            return;
        int headBytes = !record.BeginsWithHead ? 0 : HeadBytesOf(message);
        if (record.KeptFrom < headBytes)
            HideInHead(message[..headBytes], record.KeptFrom, kept[..Math.Min(kept.Length, headBytes - record.KeptFrom)], record.Place);
        if (record.KeptFrom + kept.Length > headBytes)
            HideInBody(message, headBytes, record, kept);
    }

    /// <summary>Hides the values of secret fields in a head, and of its query; the whole of a head, kept from a place on.</summary>
    /// <param name="head">From its first byte on, well formed or not.</param>
    /// <param name="from">Where the copy begins.</param>
    /// <param name="copy">Of the bytes from there; changed.</param>
    /// <param name="place">The byte that stays in any case; -1 = none.</param>
    public void HideInHead(ReadOnlySpan<byte> head, int from, Span<byte> copy, int place = -1)
    {
        if (!isOn)
            return;
        bool isSecret = false;
        int first = FirstLineStart(head);
        for (int start = LineThatHolds(head, from); start < head.Length && start < from + copy.Length;)
        {
            int length = head[start..].IndexOfAny((byte)'\r', (byte)'\n');
            int end = length < 0 ? head.Length : start + length;
            ReadOnlySpan<byte> line = head[start..end];
            if (!line.IsEmpty)
            {
                // A line that begins with a blank goes on with the value of the one before it, for those who read it so.
                bool goesOn = AsciiBytes.IsBlank(line[0]) && start > first;
                int colon = line.IndexOf((byte)':');
                bool hasSecretName = colon >= 0 && IsSecret(line[..colon]);

                // Nor does a CR alone end a value for all of them.
                goesOn |= isSecret && !hasSecretName && start > 0 && head[start - 1] == '\r';
                isSecret = goesOn ? isSecret : hasSecretName;
                if (isSecret)
                    Hide(copy, (goesOn ? start : start + colon + 1) - from, end - from, place - from);
                else if (start == first && hidesQueries)
                    HideQuery(line, start - from, copy, place - from);
            }
            start = end + 1;
        }
    }

    /// <summary>Where a head ends, well formed or not: behind its empty line, or with the bytes.</summary>
    internal static int HeadBytesOf(ReadOnlySpan<byte> message)
    {
        int start = FirstLineStart(message);
        int end = message[start..].IndexOf("\n\r\n"u8);
        int bare = message[start..].IndexOf("\n\n"u8);
        int length = end >= 0 && (bare < 0 || end < bare) ? end + 3 : bare >= 0 ? bare + 2 : message.Length - start;
        return start + length;
    }

    /// <summary>Overwrites what can be read in a part of the copy.</summary>
    private static void Hide(Span<byte> copy, int start, int end, int place)
    {
        for (int i = Math.Max(0, start); i < Math.Min(end, copy.Length); i++)
        {
            if (i != place && copy[i] is > (byte)' ' and not 0x7f)
                copy[i] = Hidden;
        }
    }

    private static int FirstLineStart(ReadOnlySpan<byte> head)
    {
        int start = head.IndexOfAnyExcept((byte)'\r', (byte)'\n');
        return start < 0 ? head.Length : start;
    }

    /// <summary>Where the line begins that says to what the byte at this place belongs: its own, or the one that it goes on with.</summary>
    private static int LineThatHolds(ReadOnlySpan<byte> head, int place)
    {
        int start = head[..place].LastIndexOfAny((byte)'\r', (byte)'\n') + 1;
        while (start > 0 && (head[start - 1] == '\r' || (start < head.Length && head[start] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')))
            start = head[..start].TrimEnd("\r\n"u8).LastIndexOfAny((byte)'\r', (byte)'\n') + 1;
        return start;
    }

    private bool IsSecret(ReadOnlySpan<byte> name)
    {
        name = name.Trim(" \t\0"u8);
        foreach (byte[] secret in AlwaysSecret)
        {
            if (AsciiBytes.EqualsLower(name, secret))
                return true;
        }
        foreach (byte[] secret in names)
        {
            if (AsciiBytes.EqualsLower(name, secret))
                return true;
        }
        return false;
    }

    /// <summary>Hides what stands behind each '=' of a query, up to the next '&amp;' or the blank behind it.</summary>
    private static void HideQuery(ReadOnlySpan<byte> line, int offset, Span<byte> copy, int place)
    {
        int query = line.IndexOf((byte)'?');
        bool isValue = false;
        for (int i = query; query >= 0 && i < line.Length && line[i] != ' '; i++)
        {
            if (line[i] == '&')
                isValue = false;
            if (isValue)
                Hide(copy, offset + i, offset + i + 1, place);
            isValue |= line[i] == '=';
        }
    }

    /// <summary>
    /// Hides the data of a body. Its chunk sizes stay where they can be told from data: from the head on, or in the line in which it broke, if that
    /// is one of a size.
    /// </summary>
    private static void HideInBody(ReadOnlySpan<byte> message, int bodyStart, in MessageRecord record, Span<byte> kept)
    {
        int from = record.KeptFrom;
        int place = Math.Min(record.Place, message.Length);
        int lineStart = place <= bodyStart ? bodyStart : LineStart(message, place, bodyStart);
        if (record.Part is not (MessagePart.RequestBody or MessagePart.ResponseBody))
        {
            Hide(kept, bodyStart - from, kept.Length, record.Part == MessagePart.Unasked ? -1 : place - from);
            return;
        }
        if (record.BeginsWithHead)
            HideChunks(message[..place], bodyStart, record, kept);
        else
            Hide(kept, 0, (IsAboutSizes(record.Reason) ? lineStart : place) - from, -1);
        Hide(kept, place + 1 - from, kept.Length, -1);
    }

    private static bool IsAboutSizes(RejectReason reason) => reason
        is RejectReason.BadChunkSize or RejectReason.ChunkSizeOverflow or RejectReason.BadChunkExtension or RejectReason.ChunkExtensionTooLarge;

    private static int LineStart(ReadOnlySpan<byte> message, int place, int bodyStart) =>
        bodyStart + message[bodyStart..place].LastIndexOf((byte)'\n') + 1;

    private static void HideChunks(ReadOnlySpan<byte> message, int bodyStart, in MessageRecord record, Span<byte> kept)
    {
        ChunkedDecoder decoder = record.IsOfServer ? ChunkedDecoder.OfServer : default;
        int position = bodyStart;
        ChunkStep step;
        while ((step = decoder.Read(message, ref position, out ByteRange data)) == ChunkStep.Data)
            Hide(kept, data.Start - record.KeptFrom, data.End - record.KeptFrom, -1);

        // Trailers are lines like those of a head.
        if (step == ChunkStep.TrailerStart)
            Hide(kept, position - record.KeptFrom, record.Place - record.KeptFrom, -1);
    }
}
