using System;

namespace NativeProxy.Config.Toml;

/// <summary>
/// The half of <see cref="TomlFaultText"/> for what Tomlyn's lexer says about single strings, numbers and dates. Stateless.
/// </summary>
internal static class TomlTokenFaultText
{
    private const string DateForms = "1979-05-27, 07:32:00, 1979-05-27T07:32:00 or 1979-05-27T07:32:00Z, all digits written out";
    private const string KnownEscapes =
        "one of \\b \\t \\n \\f \\r \\e \\\" \\\\ \\xHH \\uXXXX \\UXXXXXXXX; write \\\\ for a backslash, or use '...'";

    public static TomlFault? Of(ReadOnlySpan<char> text, int offset, string message)
    {
        // Tomlyn points at the string, or at the character behind; the one that is meant is the first of its kind in the text.
        if (TomlFaultText.Says(message, "Invalid control character"))
            offset += Math.Max(0, text[offset..].IndexOfAny(TomlChars.Controls));
        if (TomlFaultText.Says(message, "Invalid \\r not followed") || TomlFaultText.Says(message, "Invalid control character"))
            return InString(text, offset) ? StringControl(text, offset) : ControlCharacter(text, offset);
        if (TomlFaultText.Says(message, "Invalid newline in a string") || TomlFaultText.Says(message, "Invalid End-Of-File found"))
            return Unclosed(text, TomlChars.OpeningQuote(text, offset));
        if (TomlFaultText.Says(message, "Invalid Unicode scalar value") || TomlFaultText.Says(message, "Invalid escape")
            || TomlFaultText.Says(message, "Unexpected escape character") || TomlFaultText.Says(message, "escape sequence"))
        {
            return Escape(text, offset);
        }

        int start = TomlChars.WordStart(text, offset);
        if (TomlFaultText.Says(message, "underscore") || TomlFaultText.Says(message, "after the last character"))
            return Word(text, start, "an underscore does not stand between digits", "an underscore only between two digits");
        if (TomlFaultText.Says(message, "leading"))
            return Word(text, start, "a number begins with a superfluous zero", "no leading zero (0o before an octal integer)");
        if (TomlFaultText.Says(message, "Expecting at least one"))
        {
            return Word(text, start, "a number lacks digits",
                "at least one digit before and after a dot, after a sign, after e, and after 0x, 0o or 0b");
        }

        if (TomlFaultText.Says(message, "Unable to parse integer"))
        {
            return char.IsAsciiDigit(text[offset]) || char.IsAsciiDigit(TomlChars.At(text, offset + 1))
                ? Word(text, start, TomlFaultText.IntegerTooLarge, TomlFaultText.IntegerRange)
                : OfWord(text, start);
        }

        if (TomlFaultText.Says(message, "Invalid size of"))
            return Word(text, start, TomlFaultText.IntegerTooLarge, TomlFaultText.IntegerRange);
        if (TomlFaultText.Says(message, "Unable to parse floating point"))
            return Word(text, start, "a float does not fit 64 bits", "about -1.8e308 to 1.8e308, or inf");
        if (TomlFaultText.Says(message, "date"))
            return new TomlFault(start, DateLength(text, start), "a date or time is not written as TOML has it, or does not exist", DateForms);
        return TomlFaultText.Says(message, "Invalid capital") ? OfWord(text, start) : null;
    }

    /// <summary>The fault of a word that begins like a number or date and is none.</summary>
    public static TomlFault OfWord(ReadOnlySpan<char> text, int start)
    {
        ReadOnlySpan<char> word = text.Slice(start, TomlChars.WordLength(text, start));
        ReadOnlySpan<char> unsigned = word.TrimStart("+-");
        bool isSigned = unsigned.Length + 1 == word.Length;
        if (isSigned && unsigned.Length > 1 && unsigned[0] == '0' && unsigned[1] is 'x' or 'o' or 'b')
            return Word(text, start, "a hexadecimal, octal or binary integer has a sign", "no sign before 0x, 0o or 0b");
        if (isSigned && (unsigned.IsEmpty || !char.IsAsciiDigit(unsigned[0])))
        {
            return Word(text, start, "a number lacks digits",
                "at least one digit before and after a dot, after a sign, after e, and after 0x, 0o or 0b");
        }

        if (!isSigned && word.Length > 0 && !char.IsAsciiDigit(word[0]))
            return Word(text, start, "a word without quotes is not a value", TomlFaultText.ValueForms);
        return Word(text, start, "a value is neither a number nor a date or time", "a number such as 10, 0x0A or 1.5; a string needs quotes");
    }

    public static TomlFault ControlCharacter(ReadOnlySpan<char> text, int offset) => TomlChars.At(text, offset) == '\r'
        ? new TomlFault(offset, 1, "a carriage return stands without a line feed", "LF or CRLF as line end")
        : new TomlFault(offset, 1, "a control character stands in the text", "no control character except the tab and line ends");

    private static TomlFault StringControl(ReadOnlySpan<char> text, int offset) => TomlChars.At(text, offset) == '\r'
        ? new TomlFault(offset, 1, "a carriage return stands without a line feed", "LF or CRLF as line end; write \\r inside \"...\"")
        : new TomlFault(offset, 1, "a string holds a control character", "an escape such as \\u0000 inside \"...\"");

    /// <summary>Length of what begins like a date; a time may stand behind one blank.</summary>
    private static int DateLength(ReadOnlySpan<char> text, int start)
    {
        int length = TomlChars.WordLength(text, start);
        bool hasTime = TomlChars.At(text, start + length) == ' ' && char.IsAsciiDigit(TomlChars.At(text, start + length + 1));
        return hasTime ? length + 1 + TomlChars.WordLength(text, start + length + 1) : length;
    }

    private static bool InString(ReadOnlySpan<char> text, int offset) => TomlChars.OpeningQuote(text, offset) < offset;

    private static TomlFault Unclosed(ReadOnlySpan<char> text, int start) => TomlChars.IsTripleQuote(text, start)
        ? new TomlFault(start, 3, "a multi-line string is not closed", "the same three quotes after its last character")
        : new TomlFault(start, TomlChars.LineEnd(text, start) - start, "a string is not closed on its line",
            "the same quote at its end; a string over several lines needs three quotes at each end");

    private static TomlFault Escape(ReadOnlySpan<char> text, int offset)
    {
        int start = text[..Math.Min(offset + 1, text.Length)].LastIndexOf('\\');
        if (start < 0)
            start = offset;
        char letter = TomlChars.At(text, start + 1);
        if (letter is 'x' or 'u' or 'U')
        {
            return new TomlFault(start, 2, "an escape sequence is not a Unicode scalar value", letter switch
            {
                'x' => "\\x and exactly two hexadecimal digits",
                'u' => "\\u and exactly four hexadecimal digits, not D800 to DFFF",
                _ => "\\U and exactly eight hexadecimal digits, at most 0010FFFF, not D800 to DFFF",
            });
        }

        return new TomlFault(start, letter == '\0' || TomlChars.IsLineEnd(letter) ? 1 : 2, "an escape sequence is unknown", KnownEscapes);
    }

    private static TomlFault Word(ReadOnlySpan<char> text, int start, string problem, string expected) =>
        new(start, TomlChars.WordLength(text, start), problem, expected);
}
