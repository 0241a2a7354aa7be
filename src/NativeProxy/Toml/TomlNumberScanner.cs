using System;
using System.Buffers;
using System.Globalization;

namespace NativeProxy.Toml;

/// <summary>
/// Integers and floats of TOML 1.0: decimal with optional sign, 0x/0o/0b without, underscores between digits, fraction, exponent, inf and nan.
/// Stateless; allocates nothing.
/// </summary>
internal static class TomlNumberScanner
{
    private const int StackBytesMax = 256;
    private const string UnderscoreRule = "an underscore only between two digits";

    /// <summary>Value of a digit of any radix up to 16, or 255.</summary>
    public static int DigitOf(byte b) => b switch
    {
        >= (byte)'0' and <= (byte)'9' => b - '0',
        >= (byte)'a' and <= (byte)'f' => b - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => b - 'A' + 10,
        _ => 255,
    };

    /// <summary>Scans the number that starts at <paramref name="start"/> (a sign, a digit, or the first letter of inf or nan).</summary>
    public static bool TryScan(ReadOnlySpan<byte> text, int start, out TomlScalar number, out int end, out TomlFault fault)
    {
        number = default;
        byte first = text[start];
        bool isSigned = first is (byte)'+' or (byte)'-';
        int index = isSigned ? start + 1 : start;
        end = index;
        ReadOnlySpan<byte> rest = text[index..];
        if (rest.StartsWith("inf"u8) || rest.StartsWith("nan"u8))
        {
            double value = rest[0] == 'n' ? double.NaN : first == '-' ? double.NegativeInfinity : double.PositiveInfinity;
            number = FloatOf(value);
            end = index + 3;
            return EndsHere(text, start, end, out fault);
        }
        int radix = TomlBytes.At(text, index) == '0' ? RadixOf(TomlBytes.At(text, index + 1)) : 10;
        if (radix == 10)
            return TryScanDecimal(text, start, index, out number, out end, out fault);
        if (isSigned)
        {
            fault = Fault(text, start, "a hexadecimal, octal or binary integer has a sign", "no sign before 0x, 0o or 0b");
            return false;
        }
        return TryScanInteger(text, start, index + 2, radix, isNegative: false, out number, out end, out fault);
    }

    private static bool TryScanDecimal(ReadOnlySpan<byte> text, int start, int digitsStart, out TomlScalar number, out int end, out TomlFault fault)
    {
        number = default;
        if (!TrySkipDigits(text, start, digitsStart, 10, out end, out fault))
            return false;
        if (text[digitsStart] == '0' && end - digitsStart > 1)
        {
            fault = Fault(text, start, "a number begins with a superfluous zero", "no leading zero (0o before an octal integer)");
            return false;
        }
        bool isFloat = TomlBytes.At(text, end) is (byte)'.' or (byte)'e' or (byte)'E';
        return isFloat
            ? TryScanFloat(text, start, ref end, out number, out fault)
            : TryScanInteger(text, start, digitsStart, 10, text[start] == '-', out number, out end, out fault);
    }

    private static bool TryScanInteger(
        ReadOnlySpan<byte> text, int start, int digitsStart, int radix, bool isNegative, out TomlScalar number, out int end, out TomlFault fault)
    {
        number = default;
        if (!TrySkipDigits(text, start, digitsStart, radix, out end, out fault) || !EndsHere(text, start, end, out fault))
            return false;
        ulong limit = isNegative ? (ulong)long.MaxValue + 1 : long.MaxValue;
        ulong magnitude = 0;
        foreach (byte b in text[digitsStart..end])
        {
            if (b == '_')
                continue;
            ulong digit = (ulong)DigitOf(b);
            if (magnitude > (limit - digit) / (ulong)radix)
            {
                fault = Fault(text, start, "an integer does not fit 64 bits", "-9223372036854775808 to 9223372036854775807");
                return false;
            }
            magnitude = magnitude * (ulong)radix + digit;
        }
        number = new TomlScalar(TomlTokenKind.Integer, unchecked(isNegative ? -(long)magnitude : (long)magnitude));
        return true;
    }

    /// <summary>Scans on from the end of the integer part: a fraction, an exponent, or both.</summary>
    private static bool TryScanFloat(ReadOnlySpan<byte> text, int start, ref int end, out TomlScalar number, out TomlFault fault)
    {
        number = default;
        if (text[end] == '.' && !TrySkipDigits(text, start, end + 1, 10, out end, out fault))
            return false;
        if (TomlBytes.At(text, end) is (byte)'e' or (byte)'E')
        {
            int digitsStart = TomlBytes.At(text, end + 1) is (byte)'+' or (byte)'-' ? end + 2 : end + 1;
            if (!TrySkipDigits(text, start, digitsStart, 10, out end, out fault))
                return false;
        }
        if (!EndsHere(text, start, end, out fault))
            return false;
        double value = ParseFloat(text[start..end]);
        if (double.IsInfinity(value))
        {
            fault = Fault(text, start, "a float does not fit 64 bits", "about -1.8e308 to 1.8e308, or inf");
            return false;
        }
        number = FloatOf(value);
        return true;
    }

    /// <summary>Parses a float that was checked; only underscores have to be taken out.</summary>
    private static double ParseFloat(ReadOnlySpan<byte> literal)
    {
        if (!literal.Contains((byte)'_'))
            return double.Parse(literal, NumberStyles.Float, CultureInfo.InvariantCulture);

        byte[]? rented = literal.Length > StackBytesMax ? ArrayPool<byte>.Shared.Rent(literal.Length) : null;
        Span<byte> plain = rented ?? stackalloc byte[StackBytesMax];
        int length = 0;
        foreach (byte b in literal)
        {
            if (b != '_')
                plain[length++] = b;
        }
        double value = double.Parse(plain[..length], NumberStyles.Float, CultureInfo.InvariantCulture);
        if (rented is not null)
            ArrayPool<byte>.Shared.Return(rented);
        return value;
    }

    /// <summary>Steps over one or more digits with underscores between them.</summary>
    private static bool TrySkipDigits(ReadOnlySpan<byte> text, int start, int index, int radix, out int end, out TomlFault fault)
    {
        fault = default;
        int digitsStart = index;
        bool isAfterDigit = false;
        while (index < text.Length)
        {
            byte b = text[index];
            bool isDigit = DigitOf(b) < radix;
            if (!isDigit && b != '_')
                break;
            if (!isDigit && !isAfterDigit)
            {
                end = index;
                fault = Fault(text, start, "an underscore does not stand between digits", UnderscoreRule);
                return false;
            }
            isAfterDigit = isDigit;
            index++;
        }
        end = index;
        if (isAfterDigit)
            return true;
        fault = index > digitsStart
            ? Fault(text, start, "an underscore does not stand between digits", UnderscoreRule)
            : Fault(text, start, "a number lacks digits", "at least one digit before and after a dot, after a sign, after e, and after 0x, 0o or 0b");
        return false;
    }

    private static bool EndsHere(ReadOnlySpan<byte> text, int start, int end, out TomlFault fault)
    {
        bool endsHere = TomlBytes.EndsValue(text, end);
        fault = endsHere ? default : Fault(text, start, "a value is neither a number nor a date or time", "a number such as 10, 0x0A or 1.5; a string needs quotes");
        return endsHere;
    }

    private static int RadixOf(byte letter) => letter switch
    {
        (byte)'x' => 16,
        (byte)'o' => 8,
        (byte)'b' => 2,
        _ => 10,
    };

    private static TomlScalar FloatOf(double value) => new(TomlTokenKind.Float, BitConverter.DoubleToInt64Bits(value));

    private static TomlFault Fault(ReadOnlySpan<byte> text, int start, string problem, string expected) =>
        new(start, TomlBytes.WordLength(text, start), problem, expected);
}
