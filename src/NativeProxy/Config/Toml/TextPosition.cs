using System;

namespace NativeProxy.Config.Toml;

/// <summary>Where something stands in a text: 1-based line, 1-based column (in Unicode code points) and its width in code points.</summary>
internal readonly record struct TextPosition(int Line, int Column, int Width)
{
    /// <summary>Number of the text, where several are read together; 0 = the first.</summary>
    public int File { get; init; }

    /// <summary>Position of a stretch of a text (offset and length in UTF-16 units). Costs one pass over what stands before it.</summary>
    public static TextPosition Of(ReadOnlySpan<char> text, int offset, int length)
    {
        ReadOnlySpan<char> before = text[..offset];
        int lineStart = before.LastIndexOf('\n') + 1;
        return new TextPosition(1 + before.Count('\n'), 1 + CodePoints(before[lineStart..]), WidthOf(text, offset, length));
    }

    /// <summary>Code points of a stretch up to the end of its first line; at least 1, so that there is something to point at.</summary>
    public static int WidthOf(ReadOnlySpan<char> text, int offset, int length)
    {
        ReadOnlySpan<char> stretch = text.Slice(offset, Math.Min(length, text.Length - offset));
        int lineEnd = stretch.IndexOfAny('\r', '\n');
        return Math.Max(1, CodePoints(lineEnd < 0 ? stretch : stretch[..lineEnd]));
    }

    private static int CodePoints(ReadOnlySpan<char> text)
    {
        int count = 0;
        foreach (char unit in text)
        {
            if (!char.IsLowSurrogate(unit))
                count++;
        }
        return count;
    }
}
