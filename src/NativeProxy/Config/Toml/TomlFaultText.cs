using System;

namespace NativeProxy.Config.Toml;

/// <summary>
/// Says in plain words what Tomlyn found, and points at what a person would point at: the whole number, the quote that has no partner.
/// Knows Tomlyn's messages by their beginnings; one that it does not know is shown as Tomlyn has it. Stateless.
/// </summary>
internal static class TomlFaultText
{
    public const string IntegerTooLarge = "an integer does not fit 64 bits";
    public const string IntegerRange = "-9223372036854775808 to 9223372036854775807";

    private const string AfterItem = "',' before another item, or ']' at the end of the array";
    private const string AfterPair = "',' before another pair, or '}' at the end";
    private const string KeyForms = "a key of A-Z a-z 0-9 _ -, or any key in quotes";
    public const string ValueForms = "a string in quotes, a number, true, false, a date or time, an array or an inline table";

    /// <summary>The fault at this place of a text whose beginning, up to it, is in order.</summary>
    /// <param name="text">The whole text.</param>
    /// <param name="offset">Where Tomlyn points at, in UTF-16 units.</param>
    /// <param name="message">What it says.</param>
    public static TomlFault Of(ReadOnlySpan<char> text, int offset, string message)
    {
        offset = Math.Clamp(offset, 0, text.Length);
        TomlFault? fault = OfGrammar(text, offset, message) ?? TomlTokenFaultText.Of(text, offset, message);
        return fault ?? new TomlFault(offset, TomlChars.WordLength(text, offset), "the text is not TOML: " + ErrorExcerpt.Printable(message), "");
    }

    /// <summary>What holds a text together: keys, equals signs, brackets, commas and line ends.</summary>
    private static TomlFault? OfGrammar(ReadOnlySpan<char> text, int offset, string message)
    {
        if (Says(message, "end-of-file while parsing"))
            return EndsEarly(text, offset, isArray: Says(message, "array"));
        if (TomlChars.IsLineEnd(TomlChars.At(text, offset)) || offset == text.Length)
            offset = TomlChars.CommentStart(text, offset);
        if (Says(message, "Expected end-of-line after table header"))
            return Control(text, offset) ?? AfterLineEnd(text, offset);
        if (Says(message, "Expected end-of-line after value"))
            return Control(text, offset) ?? Adjoining(text, offset) ?? AfterLineEnd(text, offset);
        if (Says(message, "Expected `=`") || Says(message, "Expecting `=`"))
        {
            return KeyInTripleQuotes(text, offset)
                ?? Here(text, offset, "a key is not followed by '='",
                    "'=' and a value on the same line; a key with other characters than A-Z a-z 0-9 _ - needs quotes");
        }

        if (Says(message, "Expected `]") && !Says(message, "Expected `]` or"))
            return HeaderNotClosed(text, offset, isArray: Says(message, "Expected `]]`"));
        if (Says(message, "Expected a key or `}`") || Says(message, "while parsing TOML document") || Says(message, "while parsing a key")
            || Says(message, "for a base key"))
        {
            return KeyMissing(text, offset);
        }

        if (Says(message, "Expected `,` or `]`") || Says(message, "Expecting a closing `]`") || Says(message, "Missing a `,`"))
            return Adjoining(text, offset) ?? Here(text, offset, "an array item is followed by neither ',' nor ']'", AfterItem);
        if (Says(message, "Expected `,` or `}`") || Says(message, "while parsing inline table. Expecting"))
            return Adjoining(text, offset) ?? Here(text, offset, "a pair of an inline table is followed by neither ',' nor '}'", AfterPair);
        if (Says(message, "Missing value") || Says(message, "while parsing a value") || Says(message, "for a value")
            || Says(message, "while expecting a value"))
        {
            return ValueMissing(text, offset);
        }

        return null;
    }

    public static bool Says(string message, string words) => message.Contains(words, StringComparison.Ordinal);

    private static TomlFault Here(ReadOnlySpan<char> text, int offset, string problem, string expected) => offset == text.Length
        ? new TomlFault(offset, 0, "the text ends too early", expected)
        : new TomlFault(offset, TomlChars.WordLength(text, offset), problem, expected);

    private static TomlFault AfterLineEnd(ReadOnlySpan<char> text, int offset) =>
        new(offset, TomlChars.WordLength(text, offset), "something follows on a line that should have ended", "a line end or a comment");

    private static TomlFault? Control(ReadOnlySpan<char> text, int offset) =>
        offset < text.Length && TomlChars.Controls.Contains(text[offset]) ? TomlTokenFaultText.ControlCharacter(text, offset) : null;

    /// <summary>The end of the text in an array or inline table; what was due shows in the last character before.</summary>
    private static TomlFault EndsEarly(ReadOnlySpan<char> text, int offset, bool isArray) => (TomlChars.Previous(text, offset), isArray) switch
    {
        ('[', _) or ('=', _) or (',', true) => new TomlFault(offset, 0, "the text ends where a value should be", ValueForms),
        ('{', _) or (',', false) => new TomlFault(offset, 0, "the text ends where a key should be", KeyForms),
        (_, true) => new TomlFault(offset, 0, "the text ends too early", AfterItem),
        (_, false) => new TomlFault(offset, 0, "the text ends too early", AfterPair),
    };

    /// <summary>What touches the end of a number, date or word, as the s of `64s`: the whole is meant, and is none of them.</summary>
    private static TomlFault? Adjoining(ReadOnlySpan<char> text, int offset)
    {
        int start = TomlChars.WordStart(text, offset);
        if (start == offset || TomlChars.EndsValue(text, offset) || text[start..offset].IndexOfAny('"', '\'') >= 0)
            return null;
        return TomlTokenFaultText.OfWord(text, start);
    }

    private static TomlFault? KeyInTripleQuotes(ReadOnlySpan<char> text, int offset) => offset >= 2 && TomlChars.IsTripleQuote(text, offset - 2)
        ? new TomlFault(offset - 2, 3, "a key is written as a multi-line string", "a key in single quotes or one pair of double quotes")
        : null;

    private static TomlFault HeaderNotClosed(ReadOnlySpan<char> text, int offset, bool isArray)
    {
        // Of `[a]]` Tomlyn makes one token; the second bracket is the one too many.
        if (!isArray && text[offset..].StartsWith("]]"))
            return AfterLineEnd(text, offset + 1);
        return Here(text, offset, "a table header is not closed",
            isArray ? "']]' after the name of the array of tables" : "']' after the name of the table");
    }

    private static TomlFault KeyMissing(ReadOnlySpan<char> text, int offset)
    {
        if (offset == text.Length)
            return new TomlFault(offset, 0, "the text ends where a key should be", KeyForms);
        if (Control(text, offset) is { } control && !text[offset..].StartsWith("\r\n"))
            return control;
        return text[offset] switch
        {
            '=' or '.' or ']' or '}' => new TomlFault(offset, 1, $"a key is missing before '{text[offset]}'", KeyForms),
            '\r' or '\n' => new TomlFault(offset, 0, "the line ends where a key should be", KeyForms),
            _ => new TomlFault(offset, Math.Max(TomlChars.WordLength(text, offset), 1), "a key has a character that needs quotes", KeyForms),
        };
    }

    private static TomlFault ValueMissing(ReadOnlySpan<char> text, int offset)
    {
        if (offset == text.Length)
            return new TomlFault(offset, 0, "the text ends where a value should be", ValueForms);
        if (TomlChars.WordLength(text, offset) == 0)
            return new TomlFault(offset, 1, "a value is missing", ValueForms);
        if (Control(text, offset) is { } control)
            return control;
        if (text[offset] is '+' or '-' || char.IsAsciiDigit(text[offset]))
            return TomlTokenFaultText.OfWord(text, offset);
        return new TomlFault(offset, TomlChars.WordLength(text, offset), "a word without quotes is not a value", ValueForms);
    }
}
