using System;

namespace NativeProxy.Http;

/// <summary>
/// Takes one cookie, or a part of its value, out of a Cookie field (RFC 6265 section 4.2.1); the other pairs keep their bytes and their
/// separators. Every cookie of the name is meant, for a client may send several. Pure: spans in, bytes out.
/// </summary>
internal static class CookieField
{
    /// <summary>Whether the field holds a cookie of that name; if not, there is nothing to take out.</summary>
    public static bool Contains(ReadOnlySpan<byte> fieldValue, ReadOnlySpan<byte> name)
    {
        var cookies = new CookieScanner(fieldValue);
        while (cookies.MoveNext())
        {
            if (cookies.TryRead(name, out _))
                return true;
        }

        return false;
    }

    /// <summary>Writes the field line without these cookies; nothing when no other pair is left.</summary>
    public static void WriteWithout<TSink>(
        ref TSink sink, ReadOnlySpan<byte> fieldName, ReadOnlySpan<byte> fieldValue, ReadOnlySpan<byte> name)
        where TSink : struct, IFieldSink, allows ref struct
    {
        bool hasBegun = false;
        var cookies = new CookieScanner(fieldValue);
        while (cookies.MoveNext())
        {
            if (cookies.TryRead(name, out _))
                continue;

            if (hasBegun)
            {
                sink.AppendValue(";"u8);
                sink.AppendValue(cookies.PairAndBlanks.Of(fieldValue));
            }
            else
            {
                sink.BeginField(fieldName);
                sink.AppendValue(cookies.Pair.Of(fieldValue));
                hasBegun = true;
            }
        }

        if (hasBegun)
            sink.EndField();
    }

    /// <summary>Writes the field line with these cookies' values cut behind the first delimiter; a value without one stays as it is.</summary>
    public static void WriteWithoutPrefix<TSink>(
        ref TSink sink, ReadOnlySpan<byte> fieldName, ReadOnlySpan<byte> fieldValue, ReadOnlySpan<byte> name, byte delimiter)
        where TSink : struct, IFieldSink, allows ref struct
    {
        sink.BeginField(fieldName);
        int copied = 0;
        var cookies = new CookieScanner(fieldValue);
        while (cookies.MoveNext())
        {
            if (!cookies.TryRead(name, out ByteRange value))
                continue;

            if (TryReadPrefix(fieldValue, value, delimiter, out ByteRange prefix))
            {
                sink.AppendValue(fieldValue[copied..prefix.Start]);
                copied = prefix.End + 1;
            }
        }

        sink.AppendValue(fieldValue[copied..]);
        sink.EndField();
    }

    /// <summary>The value up to the first delimiter, without an opening quote; false when it has no delimiter.</summary>
    public static bool TryReadPrefix(ReadOnlySpan<byte> fieldValue, ByteRange value, byte delimiter, out ByteRange prefix)
    {
        int start = !value.IsEmpty && fieldValue[value.Start] == '"' ? value.Start + 1 : value.Start;
        int length = fieldValue[start..value.End].IndexOf(delimiter);
        prefix = length < 0 ? default : new ByteRange(start, length);
        return length >= 0;
    }

    /// <summary>The value without the quotes around it, if there are both (RFC 6265 section 4.1.1).</summary>
    public static ByteRange Unquoted(ReadOnlySpan<byte> fieldValue, ByteRange value) =>
        value.Length >= 2 && fieldValue[value.Start] == '"' && fieldValue[value.End - 1] == '"'
            ? new ByteRange(value.Start + 1, value.Length - 2)
            : value;
}
