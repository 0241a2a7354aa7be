using System;

namespace NativeProxy.Toml;

/// <summary>Steps over what carries no meaning: spaces, comments and line ends (TOML 1.0, "Spec", "Comment"). Stateless; allocates nothing.</summary>
internal static class TomlTrivia
{
    /// <summary>Steps over any number of spaces, line ends and comments.</summary>
    public static bool TrySkipLines(ReadOnlySpan<byte> text, ref int index, out TomlFault fault)
    {
        fault = default;
        while (true)
        {
            index = TomlBytes.SpacesEnd(text, index);
            int newlineLength = TomlBytes.NewlineLength(text, index);
            if (newlineLength > 0)
                index += newlineLength;
            else if (TomlBytes.At(text, index) != '#')
                return true;
            else if (!TrySkipComment(text, ref index, out fault))
                return false;
        }
    }

    /// <summary>Steps over spaces and a comment up to the line end (which stays) or the end of the text; anything else is a fault.</summary>
    public static bool TrySkipToLineEnd(ReadOnlySpan<byte> text, ref int index, out TomlFault fault)
    {
        fault = default;
        index = TomlBytes.SpacesEnd(text, index);
        if (TomlBytes.At(text, index) == '#')
            return TrySkipComment(text, ref index, out fault);
        if (index == text.Length || TomlBytes.NewlineLength(text, index) > 0)
            return true;
        fault = text[index] is < 0x20 or 0x7F
            ? ControlCharacter(text, index)
            : new TomlFault(index, TomlBytes.WordLength(text, index), "something follows on a line that should have ended", "a line end or a comment");
        return false;
    }

    /// <summary>Steps over a comment, whose `#` stands at <paramref name="index"/>, to its line end (which stays) or the end of the text.</summary>
    private static bool TrySkipComment(ReadOnlySpan<byte> text, ref int index, out TomlFault fault)
    {
        fault = default;
        int length = text[index..].IndexOfAny(TomlBytes.CommentStops);
        index = length < 0 ? text.Length : index + length;
        if (index == text.Length || TomlBytes.NewlineLength(text, index) > 0)
            return true;
        fault = ControlCharacter(text, index);
        return false;
    }

    /// <summary>The fault for a control character outside strings that is neither a tab nor part of a line end.</summary>
    public static TomlFault ControlCharacter(ReadOnlySpan<byte> text, int index) => text[index] == '\r'
        ? new TomlFault(index, 1, "a carriage return stands without a line feed", "LF or CRLF as line end")
        : new TomlFault(index, 1, "a control character stands in the text", "no control character except the tab and line ends");
}
