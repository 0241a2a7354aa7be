using System;
using System.Buffers;

namespace NativeProxy.Toml;

/// <summary>Where a scanned string stands.</summary>
/// <param name="ContentStart">First byte of the content: after the delimiter, and after the line end that follows an opening `"""` or `'''`.</param>
/// <param name="ContentLength">Bytes of the content as written.</param>
/// <param name="End">First byte after the closing delimiter.</param>
/// <param name="HasEscapes">True when the content differs from the value and must be decoded.</param>
internal readonly record struct TomlStringExtent(int ContentStart, int ContentLength, int End, bool HasEscapes);

/// <summary>
/// Finds the end of the four kinds of strings and checks every byte in them (TOML 1.0, "String"). Stateless, never allocates, decodes nothing.
/// The text is known to be valid UTF-8.
/// </summary>
internal static class TomlStringScanner
{
    /// <summary>Scans a string of any kind whose first quote stands at <paramref name="start"/>.</summary>
    public static bool TryScan(ReadOnlySpan<byte> text, int start, out TomlStringExtent extent, out TomlFault fault) =>
        IsMultiLine(text, start) ? TryScanMultiLine(text, start, out extent, out fault) : TryScanSingleLine(text, start, out extent, out fault);

    public static bool IsMultiLine(ReadOnlySpan<byte> text, int start) => QuoteCount(text, start) >= 3;

    /// <summary>Scans a `"..."` or `'...'` whose first quote stands at <paramref name="start"/>.</summary>
    public static bool TryScanSingleLine(ReadOnlySpan<byte> text, int start, out TomlStringExtent extent, out TomlFault fault)
    {
        byte quote = text[start];
        SearchValues<byte> stops = StopsFor(quote);
        extent = default;
        bool hasEscapes = false;
        int index = start + 1;
        while (true)
        {
            int runLength = text[index..].IndexOfAny(stops);
            if (runLength < 0)
            {
                fault = Unclosed(start, text.Length, isMultiLine: false);
                return false;
            }
            index += runLength;
            if (text[index] == quote)
            {
                extent = new TomlStringExtent(start + 1, index - start - 1, index + 1, hasEscapes);
                fault = default;
                return true;
            }
            if (text[index] != '\\')
            {
                fault = TomlBytes.NewlineLength(text, index) > 0 ? Unclosed(start, index, isMultiLine: false) : ControlCharacter(text, index);
                return false;
            }
            hasEscapes = true;
            if (!TomlEscape.TrySkip(text, ref index, isMultiLine: false, out fault))
                return false;
        }
    }

    private static bool TryScanMultiLine(ReadOnlySpan<byte> text, int start, out TomlStringExtent extent, out TomlFault fault)
    {
        byte quote = text[start];
        SearchValues<byte> stops = StopsFor(quote);
        extent = default;
        bool hasEscapes = false;
        int contentStart = start + 3 + TomlBytes.NewlineLength(text, start + 3);
        int index = contentStart;
        while (true)
        {
            int runLength = text[index..].IndexOfAny(stops);
            if (runLength < 0)
            {
                fault = Unclosed(start, start + 3, isMultiLine: true);
                return false;
            }
            index += runLength;
            if (text[index] == quote)
            {
                int quoteCount = QuoteCount(text, index);
                if (quoteCount < 3)
                {
                    index += quoteCount;
                    continue;
                }
                // One or two quotes may touch the closing three: `""""` is one quote and the end.
                int contentEnd = index + Math.Min(quoteCount - 3, 2);
                extent = new TomlStringExtent(contentStart, contentEnd - contentStart, contentEnd + 3, hasEscapes);
                fault = default;
                return true;
            }
            if (text[index] == '\\')
            {
                hasEscapes = true;
                if (!TomlEscape.TrySkip(text, ref index, isMultiLine: true, out fault))
                    return false;
                continue;
            }
            int newlineLength = TomlBytes.NewlineLength(text, index);
            if (newlineLength == 0)
            {
                fault = ControlCharacter(text, index);
                return false;
            }
            index += newlineLength;
        }
    }

    private static SearchValues<byte> StopsFor(byte quote) => quote == '"' ? TomlBytes.BasicStringStops : TomlBytes.LiteralStringStops;

    private static int QuoteCount(ReadOnlySpan<byte> text, int index)
    {
        int count = text[index..].IndexOfAnyExcept(text[index]);
        return count < 0 ? text.Length - index : count;
    }

    private static TomlFault Unclosed(int start, int end, bool isMultiLine) => isMultiLine
        ? new TomlFault(start, end - start, "a multi-line string is not closed", "the same three quotes after its last character")
        : new TomlFault(start, end - start, "a string is not closed on its line", "the same quote at its end; a string over several lines needs three quotes at each end");

    private static TomlFault ControlCharacter(ReadOnlySpan<byte> text, int index) => text[index] == '\r'
        ? new TomlFault(index, 1, "a carriage return stands without a line feed", "LF or CRLF as line end; write \\r inside \"...\"")
        : new TomlFault(index, 1, "a string holds a control character", "an escape such as \\u0000 inside \"...\"");
}
