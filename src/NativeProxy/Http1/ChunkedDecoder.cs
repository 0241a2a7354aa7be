using System;
using NativeProxy.Http;
using static NativeProxy.Http.AsciiBytes;

namespace NativeProxy.Http1;

/// <summary>What one call of <see cref="ChunkedDecoder.Read"/> came to.</summary>
internal enum ChunkStep : byte
{
    /// <summary>A run of body bytes was found; call again for what follows it.</summary>
    Data,

    /// <summary>All input is eaten, the body goes on.</summary>
    NeedMore,

    /// <summary>The last chunk was read; the position stands at the trailer section (<see cref="TrailerParser"/>).</summary>
    TrailerStart,

    /// <summary>See <see cref="ChunkedDecoder.Reason"/>; the position stands at the offending byte.</summary>
    Rejected,
}

/// <summary>
/// Takes the chunked coding apart (RFC 9112 section 7.1) byte by byte, across any split of the input, without copying:
/// it hands out ranges of the caller's input. Extensions are checked and skipped. default is the start state of a request,
/// <see cref="OfServer"/> that of a response, whose sizes may have blanks behind them. One value per body, owned by whoever
/// reads that body; never allocates.
/// </summary>
internal struct ChunkedDecoder
{
    /// <summary>Enough for 63 bits with a leading zero; a longer run of zeros is only ever sent to confuse.</summary>
    private const int SizeDigitsMax = 16;

    /// <summary>Extension bytes that one chunk may carry.</summary>
    private const int ChunkExtensionBytesMax = 4096;

    /// <summary>Extension bytes by which a body may exceed its data, so that a flood of tiny chunks is cut off.</summary>
    private const int ExtensionDebtBytesMax = 64 * 1024;

    /// <summary>Size of the chunk in its size line; then the data bytes that are still due.</summary>
    private long _chunkBytes;

    /// <summary>Extension bytes so far, less the data bytes so far, at least 0.</summary>
    private int _extensionDebtBytes;
    private ushort _lineExtensionBytes;
    private byte _sizeDigits;
    private State _state;
    private RejectReason _reason;

    /// <summary>
    /// What a blank behind a size leads to where it is not a beginning of an extension; Size for a request, where nothing else is lawful.
    /// </summary>
    private State _padding;

    /// <summary>What the next byte is a part of.</summary>
    private enum State : byte
    {
        /// <summary>In front of or inside the hexadecimal size.</summary>
        Size,

        /// <summary>Blanks behind the size or a value: only a semicolon may follow.</summary>
        BlankBeforeSemicolon,

        /// <summary>Blanks behind the size in a message of a server: the line may end there.</summary>
        Padding,

        /// <summary>Behind a semicolon, before the name.</summary>
        ExtensionStart,
        ExtensionName,
        BlankAfterName,

        /// <summary>Behind '=', before the value.</summary>
        ValueStart,
        ValueToken,
        ValueQuoted,

        /// <summary>Behind a backslash in a quoted value.</summary>
        ValueEscape,

        /// <summary>Right behind the closing quote.</summary>
        ValueEnd,

        /// <summary>LF of the size line is due.</summary>
        SizeLineFeed,
        Data,

        /// <summary>CR behind the data is due.</summary>
        DataCarriageReturn,

        /// <summary>LF behind the data is due.</summary>
        DataLineFeed,
        Trailer,
        Rejected,
    }

    /// <summary>For the body of a response.</summary>
    public static ChunkedDecoder OfServer => new() { _padding = State.Padding };

    public readonly RejectReason Reason => _reason;

    /// <summary>True once a size had blanks between it and its line end, which only a server may send.</summary>
    public bool HasPaddedSizes { get; private set; }

    /// <summary>The last chunk was read; the trailer section is not part of this machine.</summary>
    public readonly bool IsComplete => _state == State.Trailer;

    /// <param name="position">In: where to read on. Out: behind the last byte that was used.</param>
    /// <param name="data">For <see cref="ChunkStep.Data"/>: where the body bytes lie in <paramref name="input"/>.</param>
    public ChunkStep Read(ReadOnlySpan<byte> input, ref int position, out ByteRange data)
    {
        data = default;
        while (_state < State.Trailer)
        {
            if (position >= input.Length)
                return ChunkStep.NeedMore;

            if (_state == State.Data)
            {
                data = TakeData(input, ref position);
                return ChunkStep.Data;
            }

            RejectReason fault = Step(input[position]);
            if (fault != RejectReason.None)
            {
                _reason = fault;
                _state = State.Rejected;
                break;
            }

            position++;
        }

        return _state == State.Trailer ? ChunkStep.TrailerStart : ChunkStep.Rejected;
    }

    private ByteRange TakeData(ReadOnlySpan<byte> input, ref int position)
    {
        int length = (int)Math.Min(_chunkBytes, input.Length - position);
        ByteRange data = new(position, length);
        position += length;
        _chunkBytes -= length;
        if (_chunkBytes == 0)
            _state = State.DataCarriageReturn;

        return data;
    }

    /// <summary>One byte outside of chunk data.</summary>
    private RejectReason Step(byte value) => _state switch
    {
        State.Size => StepSize(value),
        State.SizeLineFeed => StepSizeLineFeed(value),
        State.DataCarriageReturn => StepDataEnd(value, (byte)'\r', State.DataLineFeed),
        State.DataLineFeed => StepDataEnd(value, (byte)'\n', State.Size),
        _ => StepExtension(value),
    };

    private RejectReason StepSize(byte value)
    {
        int digit = HexValue(value);
        if (digit < 0)
            return _sizeDigits == 0 ? LineFaultOr(value, RejectReason.BadChunkSize) : StepSizeEnd(value);

        if (_sizeDigits == SizeDigitsMax || _chunkBytes > long.MaxValue >> 4)
            return RejectReason.ChunkSizeOverflow;

        _chunkBytes = (_chunkBytes << 4) | (uint)digit;
        _sizeDigits++;
        return RejectReason.None;
    }

    private RejectReason StepSizeEnd(byte value)
    {
        switch (value)
        {
            case (byte)'\r':
                return MoveTo(State.SizeLineFeed);
            case (byte)';':
                _state = State.BlankBeforeSemicolon;
                return StepExtension(value);
            case (byte)' ' or (byte)'\t':
                _state = _padding == State.Padding ? State.Padding : State.BlankBeforeSemicolon;
                return StepExtension(value);
            default:
                return LineFaultOr(value, RejectReason.BadChunkSize);
        }
    }

    private RejectReason StepSizeLineFeed(byte value)
    {
        if (value != '\n')
            return RejectReason.BareCarriageReturn;

        _extensionDebtBytes = (int)Math.Max(0, _extensionDebtBytes - _chunkBytes);
        _lineExtensionBytes = 0;
        _sizeDigits = 0;
        return MoveTo(_chunkBytes == 0 ? State.Trailer : State.Data);
    }

    private RejectReason StepDataEnd(byte value, byte expected, State next) =>
        value == expected ? MoveTo(next) : RejectReason.BadChunkEnd;

    /// <summary>chunk-ext = *( BWS ";" BWS name [ BWS "=" BWS value ] ) (RFC 9112 section 7.1.1).</summary>
    private RejectReason StepExtension(byte value)
    {
        if (value == '\r' && _state is (State.ExtensionName or State.ValueToken or State.ValueEnd or State.Padding))
        {
            HasPaddedSizes |= _state == State.Padding;
            return MoveTo(State.SizeLineFeed);
        }

        if (++_lineExtensionBytes > ChunkExtensionBytesMax || ++_extensionDebtBytes > ExtensionDebtBytesMax)
            return RejectReason.ChunkExtensionTooLarge;

        State? next = NextExtensionState(_state, value);
        return next.HasValue ? MoveTo(next.Value) : LineFaultOr(value, RejectReason.BadChunkExtension);
    }

    /// <returns>Null when the byte is not allowed there.</returns>
    private static State? NextExtensionState(State state, byte value) => (state, value) switch
    {
        (State.ValueQuoted, (byte)'"') => State.ValueEnd,
        (State.ValueQuoted, (byte)'\\') => State.ValueEscape,
        (State.ValueQuoted, _) => IsTextByte(value) ? State.ValueQuoted : null,
        (State.ValueEscape, _) => IsTextByte(value) ? State.ValueQuoted : null,

        (State.ExtensionStart or State.ValueStart or State.Padding, (byte)' ' or (byte)'\t') => state,
        (State.ExtensionStart, _) => IsTokenByte(value) ? State.ExtensionName : null,
        (State.ValueStart, (byte)'"') => State.ValueQuoted,
        (State.ValueStart, _) => IsTokenByte(value) ? State.ValueToken : null,

        (_, (byte)';') => State.ExtensionStart,
        (State.ExtensionName or State.BlankAfterName, (byte)'=') => State.ValueStart,
        (State.ExtensionName or State.BlankAfterName, (byte)' ' or (byte)'\t') => State.BlankAfterName,
        (_, (byte)' ' or (byte)'\t') => State.BlankBeforeSemicolon,
        (State.ExtensionName or State.ValueToken, _) => IsTokenByte(value) ? state : null,
        _ => null,
    };

    private static RejectReason LineFaultOr(byte value, RejectReason reason) =>
        value == '\n' ? RejectReason.BareLineFeed : reason;

    private RejectReason MoveTo(State next)
    {
        _state = next;
        return RejectReason.None;
    }
}
