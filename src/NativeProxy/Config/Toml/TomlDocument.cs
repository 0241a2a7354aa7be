using System;
using System.Text;
using System.Text.Unicode;
using Tomlyn;
using Tomlyn.Parsing;
using Tomlyn.Syntax;

namespace NativeProxy.Config.Toml;

/// <summary>
/// Reads a whole TOML 1.1 text into a tree, with Tomlyn. Stateless, thread-safe; bad input is an error value, never an exception.
/// Two passes: Tomlyn's pull parser finds the first mistake and holds nothing, so that a text of any size and nesting is refused at little cost;
/// only a text that it likes, and that has no more values than settings can have, becomes a syntax tree.
/// </summary>
internal static class TomlDocument
{
    /// <summary>Most arrays and tables around a value, the document itself not counted.</summary>
    public const int DepthMax = 64;

    /// <summary>Most keys and values of a text. A syntax tree takes about a kilobyte for each.</summary>
    public const int ItemsMax = 200_000;

    /// <summary>By so much a large text is read further at a time.</summary>
    private const int PartChars = 512 * 1024;

    /// <summary>Before the cut, so many characters may look wrong because of it: the beginnings of a number, an escape, a word.</summary>
    private const int CutChars = 64;

    /// <summary>Takes the place of U+FFFD, which TOML allows and Tomlyn refuses; a noncharacter, which no text should hold.</summary>
    private const char ReplacementStandIn = '\uFDD0';

    private static readonly TomlSerializerOptions Options = new() { MaxDepth = DepthMax + 1 };

    private static readonly TomlParserOptions FirstMistakeOnly = new() { Mode = TomlParserMode.Tolerant, DecodeScalars = false };

    /// <summary>Parses a text in UTF-8 and enforces the rules that keys and tables are defined once.</summary>
    /// <param name="utf8">The whole text; a byte order mark may stand before it.</param>
    /// <param name="root">The tree; when false is returned, what was understood before the error.</param>
    /// <param name="error">null exactly when true is returned; otherwise the first error of the text.</param>
    /// <param name="file">Number of the text: of all positions.</param>
    public static bool TryParse(ReadOnlySpan<byte> utf8, out TomlTable root, out TomlError? error, int file = 0)
    {
        bool isParsed = TryRead(utf8, file, out root, out error);
        if (error is not null)
            error = error with { Position = error.Position with { File = file } };
        return isParsed;
    }

    private static bool TryRead(ReadOnlySpan<byte> utf8, int file, out TomlTable root, out TomlError? error)
    {
        root = new TomlTable();
        if (!Utf8.IsValid(utf8))
        {
            error = new TomlError(Utf8Fault.Find(utf8.StartsWith("\uFEFF"u8) ? utf8[3..] : utf8)!.Value, "the text is not valid UTF-8",
                "a file saved as UTF-8");
            return false;
        }

        string text = Encoding.UTF8.GetString(utf8.StartsWith("\uFEFF"u8) ? utf8[3..] : utf8).Replace('\uFFFD', ReplacementStandIn);
        error = FirstMistake(text) is { } fault ? ErrorOf(text, fault) : null;
        if (error is not null)
            return false;

        DocumentSyntax document = SyntaxParser.Parse(text, Options, sourceName: null, validate: false);
        if (document.HasErrors)
        {
            error = ErrorOf(text, TomlFaultText.Of(text, document.Diagnostics[0].Span.Start.Offset, document.Diagnostics[0].Message));
            return false;
        }

        return new TomlTreeBuilder(text, ReplacementStandIn, file).TryBuild(document, root, out error);
    }

    /// <summary>
    /// Length of the text up to its first control character, which is an error wherever it stands: Tomlyn would note each of a million such errors.
    /// </summary>
    private static int LengthUpToControl(string text)
    {
        ReadOnlySpan<char> rest = text;
        while (true)
        {
            int index = rest.IndexOfAny(TomlChars.Controls);
            if (index < 0)
                return text.Length;
            if (rest[index] != '\r' || index + 1 == rest.Length || rest[index + 1] != '\n')
                return text.Length - rest.Length + index + 1;
            rest = rest[(index + 2)..];
        }
    }

    /// <summary>
    /// Tomlyn reads on to the end of a token whatever is wrong with it and notes each mistake; a number of a million underscores is a million.
    /// So a large text is read in growing parts. What the cut itself breaks is noticed at the cut, so a mistake well before it is one of the text.
    /// </summary>
    private static TomlFault? FirstMistake(string text)
    {
        int length = LengthUpToControl(text);
        if (length == 0)
            return null;
        if (text[0] == '\uFEFF')
            return new TomlFault(0, 1, "a second byte order mark stands in the text", "at most one, at the beginning");
        for (int end = PartChars; end < length; end += PartChars)
        {
            if (FirstMistakeOfPart(text, end) is { } fault && fault.Offset + CutChars < end)
                return fault;
        }

        return FirstMistakeOfPart(text, length);
    }

    private static TomlFault? FirstMistakeOfPart(string text, int end)
    {
        // Tomlyn 2.10.2 throws where a text ends in the middle of an escape; a line end more changes nothing but that, unless it would make CR LF.
        string part = text[end - 1] == '\r' ? text[..end] : text[..end] + "\n";
        TomlParser parser = TomlParser.Create(part, FirstMistakeOnly, Options);
        int items = 0;
        int lastOffset = 0;
        try
        {
            while (parser.MoveNext())
            {
                if (parser.Current.Span is { } span && !parser.HasErrors)
                    lastOffset = span.Offset;
                if (parser.Current.Kind >= TomlParseEventKind.PropertyName && ++items > ItemsMax)
                    return new TomlFault(Math.Min(lastOffset, end), 1, $"there are more than {ItemsMax} keys and values", "a settings file");
            }
        }
        catch (TomlException tooDeep)
        {
            // Depth is the one limit that the tolerant mode does not note.
            return new TomlFault(Math.Min(tooDeep.Offset ?? lastOffset, end), 1, "tables and arrays are nested too deeply",
                $"at most {DepthMax} levels from the top of the document");
        }

        if (!parser.HasErrors)
            return null;
        DiagnosticMessage first = parser.Diagnostics[0];
        return TomlFaultText.Of(text, first.Span.Start.Offset, first.Message);
    }

    private static TomlError ErrorOf(string text, TomlFault fault) =>
        new(TextPosition.Of(text, fault.Offset, fault.Length), fault.Problem, fault.Expected);
}
