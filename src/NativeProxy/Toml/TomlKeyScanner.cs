using System;

namespace NativeProxy.Toml;

/// <summary>Scans one segment of a key: bare, "basic" or 'literal' (TOML 1.0, "Keys"). Stateless; allocates nothing.</summary>
internal static class TomlKeyScanner
{
    private const string KeyForms = "a key of A-Z a-z 0-9 _ -, or any key in quotes";

    /// <summary>Scans the segment that begins at <paramref name="start"/>.</summary>
    public static bool TryScan(ReadOnlySpan<byte> text, int start, out TomlStringExtent extent, out TomlFault fault)
    {
        extent = default;
        if (TomlBytes.At(text, start) is (byte)'"' or (byte)'\'')
        {
            if (!TomlStringScanner.IsMultiLine(text, start))
                return TomlStringScanner.TryScanSingleLine(text, start, out extent, out fault);
            fault = new TomlFault(start, 3, "a key is written as a multi-line string", "a key in single quotes or one pair of double quotes");
            return false;
        }
        int end = TomlBytes.BareKeyEnd(text, start);
        extent = new TomlStringExtent(start, end - start, end, HasEscapes: false);
        fault = end > start ? default : Missing(text, start);
        return end > start;
    }

    private static TomlFault Missing(ReadOnlySpan<byte> text, int index)
    {
        if (index >= text.Length)
            return new TomlFault(index, 0, "the text ends where a key should be", KeyForms);
        return text[index] switch
        {
            (byte)'=' => new TomlFault(index, 1, "a key is missing before '='", KeyForms),
            (byte)'.' => new TomlFault(index, 1, "a key is missing before '.'", KeyForms),
            (byte)']' => new TomlFault(index, 1, "a key is missing before ']'", KeyForms),
            (byte)'}' => new TomlFault(index, 1, "a key is missing before '}'", "no comma after the last pair of an inline table"),
            _ when TomlBytes.NewlineLength(text, index) > 0 => new TomlFault(index, 0, "the line ends where a key should be", KeyForms),
            < 0x20 or 0x7F => TomlTrivia.ControlCharacter(text, index),
            _ => new TomlFault(index, Math.Max(TomlBytes.WordLength(text, index), 1), "a key has a character that needs quotes", KeyForms),
        };
    }
}
