using System;
using System.Text;
using System.Text.Unicode;

namespace NativeProxy.Toml;

/// <summary>
/// Forward-only reader of the tokens of a TOML 1.0.0 text in UTF-8, in the manner of Utf8JsonReader. Copies, allocates and throws nothing while reading:
/// bad input ends it with <see cref="Fault"/>. Knows the grammar, not the document: keys defined twice are the concern of <see cref="TomlDocument"/>.
/// The text must outlive the reader. Lives on the stack of one thread.
/// </summary>
internal ref struct TomlReader
{
    /// <summary>Most arrays and inline tables that may be open at once, and most segments of one key.</summary>
    public const int DepthMax = 64;

    /// <summary>What may come next.</summary>
    private enum State
    {
        /// <summary>Nothing was read yet; the encoding is unchecked.</summary>
        TextStart,

        /// <summary>At the start of an expression: a header, a pair, a comment or nothing.</summary>
        LineStart,

        /// <summary>After `[` or `[[`: the first segment of the header's key.</summary>
        HeaderKey,

        /// <summary>After a segment of a header: a dot or the closing brackets.</summary>
        HeaderKeyEnd,

        /// <summary>After a segment of a pair's key: a dot or `=`.</summary>
        KeyEnd,

        /// <summary>After `[` of an array, or a comma in it: an item or `]`.</summary>
        ArrayItem,

        /// <summary>After `{`: a key or `}`.</summary>
        InlineTableStart,

        /// <summary>After a comma in an inline table: a key.</summary>
        InlineTableKey,

        /// <summary>After a complete value: what its container wants.</summary>
        ValueEnd,

        /// <summary>The text is read, or faulty.</summary>
        Ended,
    }

    private readonly ReadOnlySpan<byte> _text;
    private State _state;
    private int _index;
    private int _tokenStart;
    private TomlStringExtent _extent;
    private TomlScalar _scalar;
    private TomlFault _fault;
    private bool _isArrayHeader;
    private int _keyPartCount;
    private int _depth;

    /// <summary>Bit n is set exactly when the container at depth n+1 is an array (and not an inline table).</summary>
    private ulong _arrayBits;

    public TomlReader(ReadOnlySpan<byte> utf8)
    {
        _text = utf8;
    }

    public TomlTokenKind TokenKind { get; private set; }

    /// <summary>Offset of the token's first byte, delimiters included.</summary>
    public readonly int TokenStart => _tokenStart;

    /// <summary>Bytes of the token, delimiters included.</summary>
    public readonly int TokenLength => _index - _tokenStart;

    /// <summary>The token as written; of strings and keys only what stands between the quotes, undecoded.</summary>
    public readonly ReadOnlySpan<byte> RawValue =>
        TokenKind is TomlTokenKind.String or TomlTokenKind.KeyPart ? _text.Slice(_extent.ContentStart, _extent.ContentLength) : _text[_tokenStart.._index];

    /// <summary>True when <see cref="RawValue"/> of a string or key holds escapes and so is not yet its value.</summary>
    public readonly bool HasEscapes => TokenKind is TomlTokenKind.String or TomlTokenKind.KeyPart && _extent.HasEscapes;

    /// <summary>Arrays and inline tables open after this token.</summary>
    public readonly int Depth => _depth;

    public readonly bool HasFailed => _fault.Problem is not null;

    /// <summary>Why reading stopped; default exactly when it did not fail.</summary>
    public readonly TomlFault Fault => _fault;

    /// <summary>Value of a string or key part. The only accessor that allocates.</summary>
    public readonly string GetString() => TokenKind is TomlTokenKind.String or TomlTokenKind.KeyPart
        ? TomlStringDecoder.Decode(RawValue, _extent.HasEscapes)
        : throw new InvalidOperationException($"a TOML {TokenKind} was read as text");

    /// <summary>Value of a number, boolean, date or time.</summary>
    public readonly TomlScalar GetScalar() => TokenKind >= TomlTokenKind.Integer
        ? _scalar
        : throw new InvalidOperationException($"a TOML {TokenKind} was read as scalar");

    /// <summary>Moves to the next token. False at the end of the text and after a fault.</summary>
    public bool Read() => _state switch
    {
        State.TextStart => ReadTextStart(),
        State.LineStart => ReadLineStart(),
        State.HeaderKey => ReadKeyPart(State.HeaderKeyEnd),
        State.HeaderKeyEnd => ReadHeaderKeyEnd(),
        State.KeyEnd => ReadKeyEnd(),
        State.ArrayItem => ReadArrayItem(),
        State.InlineTableStart => ReadInlineTableStart(),
        State.InlineTableKey => ReadFirstKeyPart(),
        State.ValueEnd => ReadValueEnd(),
        _ => End(),
    };

    private bool ReadTextStart()
    {
        if (!Utf8.IsValid(_text))
            return Fail(new TomlFault(ValidPrefixLength(_text), 1, "the text is not valid UTF-8", "a file saved as UTF-8"));
        _index = _text.StartsWith("\uFEFF"u8) ? 3 : 0;
        return ReadLineStart();
    }

    private bool ReadLineStart()
    {
        if (!TomlTrivia.TrySkipLines(_text, ref _index, out TomlFault fault))
            return Fail(fault);
        if (_index == _text.Length)
            return End();
        if (_text[_index] != '[')
            return ReadFirstKeyPart();
        _isArrayHeader = TomlBytes.At(_text, _index + 1) == '[';
        _keyPartCount = 0;
        return _isArrayHeader
            ? Emit(TomlTokenKind.ArrayTableHeader, 2, State.HeaderKey)
            : Emit(TomlTokenKind.TableHeader, 1, State.HeaderKey);
    }

    private bool ReadFirstKeyPart()
    {
        _keyPartCount = 0;
        return ReadKeyPart(State.KeyEnd);
    }

    private bool ReadKeyPart(State next)
    {
        _index = TomlBytes.SpacesEnd(_text, _index);
        if (!TomlKeyScanner.TryScan(_text, _index, out TomlStringExtent extent, out TomlFault fault))
            return Fail(fault);
        if (++_keyPartCount > DepthMax)
            return Fail(new TomlFault(_index, extent.End - _index, "a key has too many dotted segments", "at most 64 segments"));
        _extent = extent;
        return Emit(TomlTokenKind.KeyPart, extent.End - _index, next);
    }

    private bool ReadHeaderKeyEnd()
    {
        _index = TomlBytes.SpacesEnd(_text, _index);
        if (TomlBytes.At(_text, _index) == '.')
        {
            _index++;
            return ReadKeyPart(State.HeaderKeyEnd);
        }
        ReadOnlySpan<byte> closing = _isArrayHeader ? "]]"u8 : "]"u8;
        if (_text[_index..].StartsWith(closing))
            return Emit(TomlTokenKind.HeaderEnd, closing.Length, State.ValueEnd);
        return FailHere("a table header is not closed", _isArrayHeader ? "']]' after the name of the array of tables" : "']' after the name of the table");
    }

    private bool ReadKeyEnd()
    {
        _index = TomlBytes.SpacesEnd(_text, _index);
        switch (TomlBytes.At(_text, _index))
        {
            case (byte)'.':
                _index++;
                return ReadKeyPart(State.KeyEnd);
            case (byte)'=':
                _index = TomlBytes.SpacesEnd(_text, _index + 1);
                return ReadValue();
            default:
                return FailHere("a key is not followed by '='", "'=' and a value on the same line; a key with other characters than A-Z a-z 0-9 _ - needs quotes");
        }
    }

    private bool ReadArrayItem()
    {
        if (!TomlTrivia.TrySkipLines(_text, ref _index, out TomlFault fault))
            return Fail(fault);
        return TomlBytes.At(_text, _index) == ']' ? Close(TomlTokenKind.ArrayEnd) : ReadValue();
    }

    private bool ReadInlineTableStart()
    {
        _index = TomlBytes.SpacesEnd(_text, _index);
        return TomlBytes.At(_text, _index) == '}' ? Close(TomlTokenKind.InlineTableEnd) : ReadFirstKeyPart();
    }

    private bool ReadValue()
    {
        byte first = TomlBytes.At(_text, _index);
        if (first == '[')
            return Open(TomlTokenKind.ArrayStart, State.ArrayItem);
        if (first == '{')
            return Open(TomlTokenKind.InlineTableStart, State.InlineTableStart);
        if (first is (byte)'"' or (byte)'\'')
            return TomlStringScanner.TryScan(_text, _index, out _extent, out TomlFault fault)
                ? Emit(TomlTokenKind.String, _extent.End - _index, State.ValueEnd)
                : Fail(fault);
        return TomlScalarScanner.TryScan(_text, _index, out _scalar, out int end, out TomlFault scalarFault)
            ? Emit(_scalar.Kind, end - _index, State.ValueEnd)
            : Fail(scalarFault);
    }

    private bool ReadValueEnd()
    {
        if (_depth == 0)
        {
            if (!TomlTrivia.TrySkipToLineEnd(_text, ref _index, out TomlFault fault))
                return Fail(fault);
            _state = State.LineStart;
            return ReadLineStart();
        }
        return IsInArray ? ReadArrayValueEnd() : ReadInlineTableValueEnd();
    }

    private bool ReadArrayValueEnd()
    {
        if (!TomlTrivia.TrySkipLines(_text, ref _index, out TomlFault fault))
            return Fail(fault);
        switch (TomlBytes.At(_text, _index))
        {
            case (byte)',':
                _index++;
                return ReadArrayItem();
            case (byte)']':
                return Close(TomlTokenKind.ArrayEnd);
            default:
                return FailHere("an array item is followed by neither ',' nor ']'", "',' before another item, or ']' at the end of the array");
        }
    }

    private bool ReadInlineTableValueEnd()
    {
        _index = TomlBytes.SpacesEnd(_text, _index);
        switch (TomlBytes.At(_text, _index))
        {
            case (byte)',':
                _index++;
                return ReadFirstKeyPart();
            case (byte)'}':
                return Close(TomlTokenKind.InlineTableEnd);
            default:
                return FailHere("a pair of an inline table is followed by neither ',' nor '}'", "',' before another pair, or '}' at the end, all on one line");
        }
    }

    private readonly bool IsInArray => (_arrayBits >> (_depth - 1) & 1) != 0;

    private bool Open(TomlTokenKind kind, State next)
    {
        if (_depth == DepthMax)
            return Fail(new TomlFault(_index, 1, "arrays and inline tables are nested too deeply", "at most 64 levels"));
        ulong bit = 1UL << _depth++;
        _arrayBits = kind == TomlTokenKind.ArrayStart ? _arrayBits | bit : _arrayBits & ~bit;
        return Emit(kind, 1, next);
    }

    private bool Close(TomlTokenKind kind)
    {
        _depth--;
        return Emit(kind, 1, State.ValueEnd);
    }

    private bool Emit(TomlTokenKind kind, int lengthBytes, State next)
    {
        TokenKind = kind;
        _tokenStart = _index;
        _index += lengthBytes;
        _state = next;
        return true;
    }

    private bool End()
    {
        TokenKind = TomlTokenKind.None;
        _tokenStart = _index;
        _state = State.Ended;
        return false;
    }

    private bool FailHere(string problem, string expected) => Fail(_index == _text.Length
        ? new TomlFault(_index, 0, "the text ends too early", expected)
        : new TomlFault(_index, TomlBytes.WordLength(_text, _index), problem, expected));

    private bool Fail(TomlFault fault)
    {
        _fault = fault;
        return End();
    }

    private static int ValidPrefixLength(ReadOnlySpan<byte> utf8)
    {
        int length = 0;
        while (length < utf8.Length && Rune.DecodeFromUtf8(utf8[length..], out _, out int read) == System.Buffers.OperationStatus.Done)
            length += read;
        return length;
    }
}
