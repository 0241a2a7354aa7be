using System;

namespace NativeProxy.Http;

/// <summary>
/// Walks the pairs of a Cookie field's value (RFC 6265 section 4.2.1) without allocation. Tolerant where browsers are: blanks around a
/// pair and empty pairs are passed over, a pair without '=' has no name, quotes belong to the value and protect nothing.
/// </summary>
internal ref struct CookieScanner
{
    private readonly ReadOnlySpan<byte> _field;
    private int _next;

    /// <param name="fieldValue">The value of one Cookie field.</param>
    public CookieScanner(ReadOnlySpan<byte> fieldValue) => _field = fieldValue;

    /// <summary>The present pair, without the blanks around it.</summary>
    public ByteRange Pair { get; private set; }

    /// <summary>The present pair with the blanks in front of it.</summary>
    public ByteRange PairAndBlanks { get; private set; }

    /// <summary>Goes to the next pair that is not empty; false behind the last one.</summary>
    public bool MoveNext()
    {
        while (_next < _field.Length)
        {
            int start = _next;
            int length = _field[start..].IndexOf((byte)';');
            int end = length < 0 ? _field.Length : start + length;
            _next = end + 1;
            Pair = AsciiBytes.Trim(_field, start, end);
            PairAndBlanks = ByteRange.Between(start, Pair.End);
            if (!Pair.IsEmpty)
                return true;
        }

        return false;
    }

    /// <summary>Whether the present pair is the cookie of that name; names are case-sensitive.</summary>
    /// <param name="name">A token.</param>
    /// <param name="value">Range of its value in the field's value, quotes included.</param>
    public readonly bool TryRead(ReadOnlySpan<byte> name, out ByteRange value)
    {
        ReadOnlySpan<byte> pair = Pair.Of(_field);
        bool isNamed = pair.Length > name.Length && pair[name.Length] == '=' && pair.StartsWith(name);
        value = isNamed ? ByteRange.Between(Pair.Start + name.Length + 1, Pair.End) : default;
        return isNamed;
    }
}
