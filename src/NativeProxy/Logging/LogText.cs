using System;
using System.Buffers;
using System.Buffers.Text;
using System.Runtime.CompilerServices;
using System.Text;

namespace NativeProxy.Logging;

/// <summary>
/// A growing piece of log text in UTF-8, cleared and used again. Owner: one writer; one thread. Whatever comes from outside the program goes
/// through one of the escaping methods, so that no request can forge a line or a field.
/// </summary>
internal sealed class LogText
{
    /// <summary>
    /// Bytes that may stand between quotes: visible ASCII and space, without the quote and the backslash that would end or escape it.
    /// </summary>
    private static readonly SearchValues<byte> PlainInQuotes = SearchValues.Create(
        " !#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~"u8);

    /// <summary>
    /// Bytes that HAProxy writes as they are in a request line (its url_encode_map): visible ASCII and space, without the quote and the sign of its
    /// escapes.
    /// </summary>
    private static readonly SearchValues<byte> PlainInHaproxyQuotes = SearchValues.Create(
        " !$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"u8);

    /// <summary>The same in a captured field (its hdr_encode_map): without braces and the sign between fields, too.</summary>
    private static readonly SearchValues<byte> PlainInHaproxyBraces = SearchValues.Create(
        " !$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz~"u8);

    /// <summary>As <see cref="Utf8Formatter"/> needs it for the longest number.</summary>
    private const int NumberBytesMax = 20;

    private const int DateBytesMax = 32;

    private byte[] _bytes = new byte[1024];
    private int _length;

    /// <summary>The last date, which mostly is that of the next line, too; at first none.</summary>
    private readonly byte[] _date = new byte[DateBytesMax];
    private int _dateLength;
    private long _dateKey = -1;

    public int Length => _length;

    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _length);

    public void Clear() => _length = 0;

    /// <summary>Inlined, since a line consists of many short literals, whose lengths the compiler then knows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Append(ReadOnlySpan<byte> text)
    {
        text.CopyTo(Room(text.Length));
        _length += text.Length;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AppendByte(byte value)
    {
        Room(1)[0] = value;
        _length++;
    }

    /// <summary>For words of our own, such as codes: ASCII without signs that would have to be escaped.</summary>
    public void AppendAscii(string word) => _length += Encoding.ASCII.GetBytes(word, Room(word.Length));

    public void AppendNumber(long value) => _length += Write(value, Room(NumberBytesMax));

    /// <summary>Numbers with slashes between them.</summary>
    public void AppendNumbers(ReadOnlySpan<long> values)
    {
        Span<byte> room = Room(values.Length * (NumberBytesMax + 1));
        int used = 0;
        foreach (long value in values)
        {
            used += Write(value, room[used..]);
            room[used++] = (byte)'/';
        }

        _length += Math.Max(0, used - 1);
    }

    /// <summary>Zero-padded decimal of fixed width, for dates; the value must fit.</summary>
    public void AppendDigits(int value, int width)
    {
        Span<byte> room = Room(width);
        for (int i = width - 1; i >= 0; i--, value /= 10)
            room[i] = (byte)('0' + (value % 10));

        _length += width;
    }

    /// <summary>Writes the date that was kept last, if it has this key; else false.</summary>
    /// <param name="key">What it is the date of and how it is written; not negative.</param>
    public bool TryAppendDate(long key)
    {
        if (key != _dateKey)
            return false;
        Append(_date.AsSpan(0, _dateLength));
        return true;
    }

    /// <summary>Keeps the text from there on for <see cref="TryAppendDate"/>; at most 32 bytes.</summary>
    public void KeepDate(long key, int start)
    {
        Bytes[start..].CopyTo(_date);
        (_dateKey, _dateLength) = (key, _length - start);
    }

    /// <summary>For text between double quotes: every control, quote, backslash and non-ASCII byte becomes <c>\xHH</c>.</summary>
    public void AppendQuotable(ReadOnlySpan<byte> text) => AppendEscaped(text, PlainInQuotes, "\\x"u8);

    /// <summary>For text between double quotes as HAProxy escapes it: every control, quote, hash and non-ASCII byte becomes <c>#HH</c>.</summary>
    public void AppendHashQuotable(ReadOnlySpan<byte> text) => AppendEscaped(text, PlainInHaproxyQuotes, "#"u8);

    /// <summary>Every byte that is not one of these becomes <c>\xHH</c>.</summary>
    public void AppendPlain(ReadOnlySpan<byte> text, SearchValues<byte> plainBytes) => AppendEscaped(text, plainBytes, "\\x"u8);

    /// <summary>For a value in braces as HAProxy escapes it: as <see cref="AppendHashQuotable"/>, and what ends the value.</summary>
    public void AppendHashCapture(ReadOnlySpan<byte> text) => AppendEscaped(text, PlainInHaproxyBraces, "#"u8);

    /// <summary>
    /// For a field that ends at a space: as <see cref="AppendQuotable"/>, and spaces are escaped too. An empty text becomes <c>-</c>.
    /// </summary>
    public void AppendWord(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty)
            Append("-"u8);

        for (int space; (space = text.IndexOf((byte)' ')) >= 0; text = text[(space + 1)..])
        {
            AppendQuotable(text[..space]);
            AppendHexEscape((byte)' ');
        }

        AppendQuotable(text);
    }

    /// <summary>For one line of prose: control characters become <c>\xHH</c>, everything else stays.</summary>
    public void AppendPrintable(ReadOnlySpan<char> text)
    {
        Span<byte> utf8 = stackalloc byte[4];
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (Rune.IsControl(rune))
                AppendHexEscape((byte)rune.Value);
            else
                Append(utf8[..rune.EncodeToUtf8(utf8)]);
        }
    }

    public void AppendHexEscape(byte value)
    {
        Append("\\x"u8);
        AppendHex(value);
    }

    private void AppendEscaped(ReadOnlySpan<byte> text, SearchValues<byte> plainBytes, ReadOnlySpan<byte> escape)
    {
        while (true)
        {
            int plain = text.IndexOfAnyExcept(plainBytes);
            if (plain < 0)
            {
                Append(text);
                return;
            }

            Append(text[..plain]);
            Append(escape);
            AppendHex(text[plain]);
            text = text[(plain + 1)..];
        }
    }

    public void AppendHex(byte value)
    {
        Span<byte> room = Room(2);
        room[0] = "0123456789ABCDEF"u8[value >> 4];
        room[1] = "0123456789ABCDEF"u8[value & 15];
        _length += 2;
    }

    /// <summary>Most numbers of a line have one digit: times in milliseconds, counts.</summary>
    private static int Write(long value, Span<byte> room)
    {
        if ((ulong)value < 10)
        {
            room[0] = (byte)('0' + value);
            return 1;
        }

        Utf8Formatter.TryFormat(value, room, out int written);
        return written;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Span<byte> Room(int bytes)
    {
        if (_bytes.Length - _length < bytes)
            Grow(bytes);

        return _bytes.AsSpan(_length);
    }

    private void Grow(int bytes) => Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + bytes));
}
