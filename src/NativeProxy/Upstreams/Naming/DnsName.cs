using System;
using System.Text;

namespace NativeProxy.Upstreams.Naming;

/// <summary>Names as DNS messages carry them (RFC 1035 3.1 and 4.1.4). Pure; never reads past the message and never goes round in a circle.</summary>
internal static class DnsName
{
    private const int LabelBytesMax = 63;

    /// <summary>Longest encoded name, its last empty label included.</summary>
    public const int EncodedBytesMax = 255;

    private const int PointerMark = 0xC0;

    /// <summary>
    /// Writes a name of letters, digits, '-' and '_', with or without its final dot. Returns how many bytes, 0 when it is no name of DNS.
    /// </summary>
    public static int Write(string name, Span<byte> target)
    {
        int at = 0;
        foreach (string label in name.TrimEnd('.').Split('.'))
        {
            if (label.Length is 0 or > LabelBytesMax || !Ascii.IsValid(label) || at + label.Length + 2 > Math.Min(target.Length, EncodedBytesMax))
                return 0;
            target[at++] = (byte)label.Length;
            at += Encoding.ASCII.GetBytes(label, target[at..]);
        }
        target[at] = 0;
        return at + 1;
    }

    /// <summary>
    /// Reads the name at a place of a message, in lower case and without a final dot; moves the place behind it. False when it is malformed.
    /// Pointers lead backwards only, so that each is followed once.
    /// </summary>
    public static bool TryRead(ReadOnlySpan<byte> message, ref int at, out string name)
    {
        name = "";
        Span<char> text = stackalloc char[EncodedBytesMax + 1];
        int length = 0;
        int from = at;
        int end = -1;
        int earliest = at;
        while (true)
        {
            if ((uint)from >= (uint)message.Length)
                return false;
            int size = message[from];
            if (size == 0)
                break;
            if ((size & PointerMark) == PointerMark)
            {
                if (from + 1 >= message.Length)
                    return false;
                end = end < 0 ? from + 2 : end;
                from = ((size & ~PointerMark) << 8) | message[from + 1];
                if (from >= earliest)
                    return false;
                earliest = from;
                continue;
            }
            if (size > LabelBytesMax || from + 1 + size > message.Length || length + size + 1 > EncodedBytesMax)
                return false;
            foreach (byte letter in message.Slice(from + 1, size))
                text[length++] = char.ToLowerInvariant((char)letter);
            text[length++] = '.';
            from += size + 1;
        }
        at = end < 0 ? from + 1 : end;
        name = new string(text[..Math.Max(0, length - 1)]);
        return true;
    }
}
