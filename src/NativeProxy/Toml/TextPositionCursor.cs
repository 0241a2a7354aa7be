using System;

namespace NativeProxy.Toml;

/// <summary>
/// Turns byte offsets of a UTF-8 text into lines and columns. Remembers the last place, so that asking in ascending order costs one pass in all;
/// asking backwards starts over. A leading byte order mark has no column.
/// </summary>
internal ref struct TextPositionCursor
{
    private readonly ReadOnlySpan<byte> _text;
    private int _offset;
    private int _line;
    private int _column;

    public TextPositionCursor(ReadOnlySpan<byte> utf8)
    {
        _text = utf8;
        Restart();
    }

    /// <summary>Position of a stretch; its width ends at the end of its first line and is at least 1, so that there is something to point at.</summary>
    public TextPosition At(int offset, int lengthBytes)
    {
        if (offset < _offset)
            Restart();
        MoveTo(Math.Max(offset, _offset));
        ReadOnlySpan<byte> stretch = _text.Slice(_offset, Math.Min(lengthBytes, _text.Length - _offset));
        int lineEnd = stretch.IndexOfAny((byte)'\r', (byte)'\n');
        int width = CodePointCount(lineEnd < 0 ? stretch : stretch[..lineEnd]);
        return new TextPosition(_line, _column, Math.Max(width, 1));
    }

    private void Restart()
    {
        _offset = _text.StartsWith("\uFEFF"u8) ? 3 : 0;
        _line = 1;
        _column = 1;
    }

    private void MoveTo(int offset)
    {
        ReadOnlySpan<byte> passed = _text[_offset..offset];
        int lineFeedIndex = passed.LastIndexOf((byte)'\n');
        if (lineFeedIndex >= 0)
        {
            _line += passed.Count((byte)'\n');
            _column = 1;
            passed = passed[(lineFeedIndex + 1)..];
        }
        _column += CodePointCount(passed);
        _offset = offset;
    }

    /// <summary>Counts every byte that is not a UTF-8 continuation byte.</summary>
    private static int CodePointCount(ReadOnlySpan<byte> utf8)
    {
        int count = 0;
        foreach (byte b in utf8)
        {
            if ((b & 0xC0) != 0x80)
                count++;
        }
        return count;
    }
}
