using System;

namespace NativeProxy.Http;

/// <summary>
/// Walks over a comma-separated list of tokens (RFC 9110 section 5.6.1), as in Connection, Upgrade or TE without
/// parameters. Empty elements are skipped. Reads the caller's bytes, holds no copy.
/// </summary>
internal ref struct TokenList
{
    private readonly ReadOnlySpan<byte> _value;
    private int _next;

    public TokenList(ReadOnlySpan<byte> value) => _value = value;

    public ReadOnlySpan<byte> Current { get; private set; }

    /// <summary>An element was no token; the walk ended there.</summary>
    public bool IsMalformed { get; private set; }

    public bool MoveNext()
    {
        while (_next < _value.Length)
        {
            int comma = _value[_next..].IndexOf((byte)',');
            int end = comma < 0 ? _value.Length : _next + comma;
            ByteRange element = AsciiBytes.Trim(_value, _next, end);
            _next = end + 1;
            if (element.IsEmpty)
                continue;

            Current = element.Of(_value);
            if (AsciiBytes.IsToken(Current))
                return true;

            IsMalformed = true;
            _next = _value.Length;
        }

        Current = default;
        return false;
    }
}
