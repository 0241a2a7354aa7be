using System;

namespace NativeProxy.Http;

/// <summary>Percent-decoding (RFC 3986 section 2.1), as often as it is asked for: once. Pure.</summary>
internal static class PercentText
{
    /// <summary>Writes the text with each %XX as the byte that it stands for; what is no such triplet stays. Returns the length.</summary>
    /// <param name="text">As it came.</param>
    /// <param name="room">As long as the text.</param>
    /// <param name="plusIsBlank">As forms are encoded.</param>
    public static int Decode(ReadOnlySpan<byte> text, Span<byte> room, bool plusIsBlank = false)
    {
        int count = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '%' && text.Length - i >= 3 && AsciiBytes.HexValue(text[i + 1]) is >= 0 and var high
                && AsciiBytes.HexValue(text[i + 2]) is >= 0 and var low)
            {
                room[count++] = (byte)((high << 4) | low);
                i += 2;
            }
            else
            {
                room[count++] = text[i] == '+' && plusIsBlank ? (byte)' ' : text[i];
            }
        }
        return count;
    }
}
