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
            if (TryRead(text, i, out byte value))
            {
                room[count++] = value;
                i += 2;
            }
            else
            {
                room[count++] = text[i] == '+' && plusIsBlank ? (byte)' ' : text[i];
            }
        }
        return count;
    }

    /// <summary>Reads the %XX at a place; false when there is none.</summary>
    public static bool TryRead(ReadOnlySpan<byte> text, int index, out byte value)
    {
        value = 0;
        if (text[index] != '%' || text.Length - index < 3)
            return false;
        int high = AsciiBytes.HexValue(text[index + 1]);
        int low = AsciiBytes.HexValue(text[index + 2]);
        value = (byte)((high << 4) | (low & 15));
        return high >= 0 && low >= 0;
    }
}
