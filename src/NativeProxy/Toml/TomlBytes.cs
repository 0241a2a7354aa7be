using System;
using System.Buffers;

namespace NativeProxy.Toml;

/// <summary>The character classes of the TOML 1.0 grammar, over UTF-8 bytes. Every byte above 0x7F is an opaque part of a code point.</summary>
internal static class TomlBytes
{
    /// <summary>What no comment and no string may hold: U+0000..U+0008, U+000A..U+001F, U+007F (line ends are sorted out by the caller).</summary>
    private const string Controls =
        "\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\u0008\n\u000B\u000C\r\u000E\u000F" +
        "\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001A\u001B\u001C\u001D\u001E\u001F\u007F";

    /// <summary>Bytes at which the scan of a comment looks closer.</summary>
    public static readonly SearchValues<byte> CommentStops = StopsOf(Controls);

    /// <summary>Bytes at which the scan of a basic string looks closer.</summary>
    public static readonly SearchValues<byte> BasicStringStops = StopsOf(Controls + "\"\\");

    /// <summary>Bytes at which the scan of a literal string looks closer.</summary>
    public static readonly SearchValues<byte> LiteralStringStops = StopsOf(Controls + "'");

    private static readonly SearchValues<byte> BareKeyBytes =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"u8);

    private static readonly SearchValues<byte> WordEnds = SearchValues.Create(" \t\r\n,]}#="u8);

    public static bool IsDigit(byte b) => (uint)(b - '0') <= 9;

    public static bool IsSpace(byte b) => b is (byte)' ' or (byte)'\t';

    /// <summary>The byte at this index, or 0 (which the grammar never allows) past the end.</summary>
    public static byte At(ReadOnlySpan<byte> text, int index) => (uint)index < (uint)text.Length ? text[index] : (byte)0;

    /// <summary>Length of the line end (LF or CRLF) at this index: 1 or 2; 0 where there is none.</summary>
    public static int NewlineLength(ReadOnlySpan<byte> text, int index) => At(text, index) switch
    {
        (byte)'\n' => 1,
        (byte)'\r' when At(text, index + 1) == '\n' => 2,
        _ => 0,
    };

    /// <summary>End (exclusive) of the run of spaces and tabs that starts at this index.</summary>
    public static int SpacesEnd(ReadOnlySpan<byte> text, int index)
    {
        while (index < text.Length && IsSpace(text[index]))
            index++;
        return index;
    }

    /// <summary>End (exclusive) of the bare key that starts at this index; the index itself where there is none.</summary>
    public static int BareKeyEnd(ReadOnlySpan<byte> text, int index)
    {
        int length = text[index..].IndexOfAnyExcept(BareKeyBytes);
        return length < 0 ? text.Length : index + length;
    }

    /// <summary>Length of the word at this index, as a reader sees it: up to a space, line end or separator. For pointing at faults.</summary>
    public static int WordLength(ReadOnlySpan<byte> text, int index)
    {
        int length = text[index..].IndexOfAny(WordEnds);
        return length < 0 ? text.Length - index : length;
    }

    /// <summary>True where a value may end: at a space, line end, separator, closing bracket, comment or the end of the text.</summary>
    public static bool EndsValue(ReadOnlySpan<byte> text, int index) =>
        index >= text.Length || text[index] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n' or (byte)',' or (byte)']' or (byte)'}' or (byte)'#';

    private static SearchValues<byte> StopsOf(string ascii) => SearchValues.Create(System.Text.Encoding.ASCII.GetBytes(ascii));
}
