using System;
using System.Text;

namespace NativeProxy.Toml;

/// <summary>
/// The escapes of basic strings (TOML 1.0, "String"): \b \t \n \f \r \" \\ \uXXXX \UXXXXXXXX and, in multi-line strings,
/// the line-ending backslash. Checks them while reading and decodes them when a string is asked for.
/// </summary>
internal static class TomlEscape
{
    private const string KnownEscapes = "one of \\b \\t \\n \\f \\r \\\" \\\\ \\uXXXX \\UXXXXXXXX; write \\\\ for a backslash, or use '...'";

    /// <summary>Steps <paramref name="index"/>, which stands on a backslash, over the escape.</summary>
    public static bool TrySkip(ReadOnlySpan<byte> text, ref int index, bool isMultiLine, out TomlFault fault)
    {
        byte letter = TomlBytes.At(text, index + 1);
        if (letter is (byte)'u' or (byte)'U')
            return TrySkipCodePoint(text, ref index, letter == 'u' ? 4 : 8, out fault);
        fault = default;
        if (Simple(letter) != 0)
        {
            index += 2;
            return true;
        }
        if (isMultiLine && LineEndEscapeEnd(text, index) is int end and > 0)
        {
            index = end;
            return true;
        }
        fault = new TomlFault(index, letter is 0 or (byte)'\r' or (byte)'\n' ? 1 : 2, "an escape sequence is unknown", KnownEscapes);
        return false;
    }

    /// <summary>Decodes the escape at the start of <paramref name="raw"/>, which was checked by <see cref="TrySkip"/>; writes UTF-8.</summary>
    /// <returns>Bytes read and bytes written; never more written than read.</returns>
    public static (int Read, int Written) Decode(ReadOnlySpan<byte> raw, Span<byte> destination)
    {
        byte letter = raw[1];
        if (letter is (byte)'u' or (byte)'U')
        {
            int digitCount = letter == 'u' ? 4 : 8;
            TryReadHex(raw.Slice(2, digitCount), out uint codePoint);
            return (2 + digitCount, new Rune(codePoint).EncodeToUtf8(destination));
        }
        byte simple = Simple(letter);
        if (simple == 0)
            return (LineEndEscapeEnd(raw, 0), 0);
        destination[0] = simple;
        return (2, 1);
    }

    private static bool TrySkipCodePoint(ReadOnlySpan<byte> text, ref int index, int digitCount, out TomlFault fault)
    {
        fault = default;
        ReadOnlySpan<byte> digits = text[Math.Min(index + 2, text.Length)..];
        bool isHex = digits.Length >= digitCount && TryReadHex(digits[..digitCount], out uint codePoint) && Rune.IsValid(codePoint);
        if (!isHex)
        {
            fault = new TomlFault(index, 2, "an escape sequence is not a Unicode scalar value",
                digitCount == 4 ? "\\u and exactly four hexadecimal digits, not D800 to DFFF" : "\\U and exactly eight hexadecimal digits, at most 0010FFFF, not D800 to DFFF");
            return false;
        }
        index += 2 + digitCount;
        return true;
    }

    /// <summary>
    /// A backslash, spaces, a line end, and all spaces and line ends after it: end of that stretch, or 0 when it is not one.
    /// </summary>
    private static int LineEndEscapeEnd(ReadOnlySpan<byte> text, int backslashIndex)
    {
        int index = TomlBytes.SpacesEnd(text, backslashIndex + 1);
        int newlineLength = TomlBytes.NewlineLength(text, index);
        if (newlineLength == 0)
            return 0;
        while (newlineLength > 0)
        {
            index = TomlBytes.SpacesEnd(text, index + newlineLength);
            newlineLength = TomlBytes.NewlineLength(text, index);
        }
        return index;
    }

    private static byte Simple(byte letter) => letter switch
    {
        (byte)'b' => 0x08,
        (byte)'t' => 0x09,
        (byte)'n' => 0x0A,
        (byte)'f' => 0x0C,
        (byte)'r' => 0x0D,
        (byte)'"' => 0x22,
        (byte)'\\' => 0x5C,
        _ => 0,
    };

    private static bool TryReadHex(ReadOnlySpan<byte> digits, out uint value)
    {
        value = 0;
        foreach (byte b in digits)
        {
            if (!char.IsAsciiHexDigit((char)b))
                return false;
            value = (value << 4) | (uint)TomlNumberScanner.DigitOf(b);
        }
        return true;
    }
}
