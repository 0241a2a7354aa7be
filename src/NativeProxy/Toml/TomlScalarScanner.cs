using System;

namespace NativeProxy.Toml;

/// <summary>Scans a value without brackets or quotes: tells boolean, date or time, and number apart by their first bytes. Stateless; allocates nothing.</summary>
internal static class TomlScalarScanner
{
    private const string ValueForms = "a string in quotes, a number, true, false, a date or time, an array or an inline table";

    /// <summary>Scans the value that begins at <paramref name="start"/>.</summary>
    public static bool TryScan(ReadOnlySpan<byte> text, int start, out TomlScalar scalar, out int end, out TomlFault fault)
    {
        byte first = TomlBytes.At(text, start);
        if (TomlDateTimeScanner.LooksLikeDateOrTime(text, start))
            return TomlDateTimeScanner.TryScan(text, start, out scalar, out end, out fault);
        if (TomlBytes.IsDigit(first) || first is (byte)'+' or (byte)'-')
            return TomlNumberScanner.TryScan(text, start, out scalar, out end, out fault);

        ReadOnlySpan<byte> word = text.Slice(start, TomlBytes.WordLength(text, start));
        end = start + word.Length;
        fault = default;
        scalar = default;
        if (word.SequenceEqual("true"u8) || word.SequenceEqual("false"u8))
            scalar = new TomlScalar(TomlTokenKind.Boolean, first == 't' ? 1 : 0);
        else if (word.SequenceEqual("inf"u8) || word.SequenceEqual("nan"u8))
            return TomlNumberScanner.TryScan(text, start, out scalar, out end, out fault);
        else
            fault = Refuse(text, start, word);
        return fault.Problem is null;
    }

    private static TomlFault Refuse(ReadOnlySpan<byte> text, int start, ReadOnlySpan<byte> word)
    {
        if (start == text.Length)
            return new TomlFault(start, 0, "the text ends where a value should be", ValueForms);
        if (word.IsEmpty)
            return new TomlFault(start, 1, "a value is missing", ValueForms);
        if (word[0] is < 0x20 or 0x7F)
            return TomlTrivia.ControlCharacter(text, start);
        return new TomlFault(start, word.Length, "a word without quotes is not a value", ValueForms);
    }
}
