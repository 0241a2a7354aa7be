using System;
using System.Buffers.Text;

namespace NativeProxy.LoadTest.Http;

/// <summary>
/// What origin and generator need to know of a message head. Reads well-formed heads fast and refuses what it does not understand; the
/// strictness of a proxy is not its purpose. A value, filled by <see cref="Read"/>.
/// </summary>
internal struct MessageHead
{
    private static ReadOnlySpan<byte> HeadEnd => "\r\n\r\n"u8;

    /// <summary>Length of the whole head with its empty line.</summary>
    public int Bytes;

    /// <summary>Length of the first line without its line end.</summary>
    public int FirstLineBytes;

    /// <summary>-1 = no such field.</summary>
    public long ContentLength;

    /// <summary>Value of <c>X-Load-Id</c>, by which a request and its response belong together.</summary>
    public ulong Id;

    /// <summary>Value of <c>X-Load-Body</c>: how many bytes of the request's body the origin found right; -1 = no such field.</summary>
    public long BodyBytesSeen;

    public bool HasId;
    public bool IsChunked;
    public bool IsClosing;
    public bool ExpectsContinue;

    /// <summary>Reads the head at the start of <paramref name="bytes"/>.</summary>
    public static HeadOutcome Read(ReadOnlySpan<byte> bytes, out MessageHead head)
    {
        head = new MessageHead { ContentLength = -1, BodyBytesSeen = -1 };
        int end = bytes.IndexOf(HeadEnd);
        if (end < 0)
            return HeadOutcome.NeedMore;
        head.Bytes = end + HeadEnd.Length;
        ReadOnlySpan<byte> rest = bytes[..(end + 2)];
        head.FirstLineBytes = rest.IndexOf((byte)'\r');
        for (rest = rest[(head.FirstLineBytes + 2)..]; rest.Length > 0;)
        {
            int lineBytes = rest.IndexOf((byte)'\r');
            if (!head.ReadField(rest[..lineBytes]))
                return HeadOutcome.Refused;
            rest = rest[(lineBytes + 2)..];
        }
        return HeadOutcome.Done;
    }

    /// <summary>Status code of a response line; -1 when it is none.</summary>
    public static int StatusOf(ReadOnlySpan<byte> firstLine)
    {
        if (firstLine.Length < 12 || !firstLine.StartsWith("HTTP/1."u8) || !Utf8Parser.TryParse(firstLine.Slice(9, 3), out int status, out int used))
            return -1;
        return used == 3 ? status : -1;
    }

    /// <summary>Target of a request line; empty when it is none.</summary>
    public static ReadOnlySpan<byte> TargetOf(ReadOnlySpan<byte> firstLine)
    {
        int start = firstLine.IndexOf((byte)' ') + 1;
        int end = firstLine.LastIndexOf((byte)' ');
        return start > 0 && end > start ? firstLine[start..end] : default;
    }

    private bool ReadField(ReadOnlySpan<byte> line)
    {
        int colon = line.IndexOf((byte)':');
        if (colon <= 0)
            return false;
        ReadOnlySpan<byte> value = line[(colon + 1)..].Trim((byte)' ');
        switch (colon)
        {
            case 9 when Is(line, "x-load-id"u8):
                HasId = Utf8Parser.TryParse(value, out Id, out int used, 'x') && used == value.Length;
                return HasId;
            case 10 when Is(line, "connection"u8):
                IsClosing |= Has(value, "close"u8);
                return true;
            case 11 when Is(line, "x-load-body"u8):
                return Utf8Parser.TryParse(value, out BodyBytesSeen, out _);
            case 14 when Is(line, "content-length"u8):
                return Utf8Parser.TryParse(value, out ContentLength, out used) && used == value.Length && ContentLength >= 0;
            case 17 when Is(line, "transfer-encoding"u8):
                IsChunked = Is(value, "chunked"u8);
                return IsChunked;
            case 6 when Is(line, "expect"u8):
                ExpectsContinue = Has(value, "100-continue"u8);
                return true;
            default:
                return true;
        }
    }

    /// <summary>Whether the text begins with a lower-case name, whatever its own case.</summary>
    private static bool Is(ReadOnlySpan<byte> text, ReadOnlySpan<byte> lowerName) =>
        text.Length >= lowerName.Length && System.Text.Ascii.EqualsIgnoreCase(text[..lowerName.Length], lowerName);

    private static bool Has(ReadOnlySpan<byte> value, ReadOnlySpan<byte> lowerToken)
    {
        for (int i = 0; i + lowerToken.Length <= value.Length; i++)
        {
            if (Is(value[i..], lowerToken))
                return true;
        }
        return false;
    }
}

/// <summary>What reading a head came to.</summary>
internal enum HeadOutcome
{
    NeedMore,
    Done,
    Refused,
}
