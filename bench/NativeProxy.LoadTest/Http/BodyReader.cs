using System;

namespace NativeProxy.LoadTest.Http;

/// <summary>How a body is delimited.</summary>
internal enum BodyKind
{
    None,
    Length,
    Chunked,
    UntilClose,
}

/// <summary>
/// Finds the content of one body in the bytes of its connection, in pieces as they arrive. Owns the place in the framing; keeps no bytes.
/// </summary>
internal struct BodyReader
{
    private enum Place
    {
        /// <summary>in the hexadecimal chunk size</summary>
        Size,

        /// <summary>behind the size, before the line feed</summary>
        SizeEnd,

        /// <summary>content of a chunk, or of a body with length</summary>
        Content,

        /// <summary>the CRLF behind a chunk</summary>
        ContentEnd,

        /// <summary>at the start of a trailer line</summary>
        TrailerStart,

        /// <summary>inside a trailer line</summary>
        Trailer,

        /// <summary>the last line feed</summary>
        LastLineFeed,
    }

    private readonly BodyKind _kind;
    private Place _place;
    private long _remaining;

    public BodyReader(BodyKind kind, long lengthBytes = 0)
    {
        _kind = kind;
        _remaining = kind == BodyKind.Length ? lengthBytes : 0;
        _place = kind == BodyKind.Chunked ? Place.Size : Place.Content;
        IsDone = kind == BodyKind.None || (kind == BodyKind.Length && lengthBytes == 0);
    }

    public readonly BodyKind Kind => _kind;

    public bool IsDone { get; private set; }

    public bool IsBroken { get; private set; }

    /// <summary>
    /// Takes bytes from the start of the input and returns how many; <paramref name="content"/> is the content among them, in one piece.
    /// Call again while bytes are left and the body is neither done nor broken.
    /// </summary>
    public int Take(ReadOnlySpan<byte> input, out ReadOnlySpan<byte> content)
    {
        content = default;
        int at = 0;
        while (at < input.Length && !IsDone && !IsBroken)
        {
            if (_place != Place.Content)
            {
                Step(input[at++]);
                continue;
            }
            content = input[at..];
            if (_kind != BodyKind.UntilClose && content.Length > _remaining)
                content = content[..(int)_remaining];
            at += content.Length;
            if (_kind != BodyKind.UntilClose)
                PassContent(content.Length);
            break;
        }
        return at;
    }

    /// <summary>The connection has ended: true when that ends the body.</summary>
    public bool EndsWithClose() => _kind == BodyKind.UntilClose && (IsDone = true);

    private void PassContent(int count)
    {
        _remaining -= count;
        if (_remaining > 0)
            return;
        if (_kind == BodyKind.Length)
            IsDone = true;
        else
            _place = Place.ContentEnd;
    }

    private void Step(byte value)
    {
        switch (_place)
        {
            case Place.Size when HexOf(value) is >= 0 and int digit && _remaining < int.MaxValue:
                _remaining = (_remaining * 16) + digit;
                break;
            case Place.Size:
                _place = Place.SizeEnd;
                IsBroken = value is not ((byte)'\r' or (byte)';' or (byte)' ');
                break;
            case Place.SizeEnd when value == '\n':
                _place = _remaining == 0 ? Place.TrailerStart : Place.Content;
                break;
            case Place.ContentEnd:
                IsBroken = value is not ((byte)'\r' or (byte)'\n');
                if (value == '\n')
                    _place = Place.Size;
                break;
            case Place.TrailerStart:
                _place = value == '\r' ? Place.LastLineFeed : Place.Trailer;
                break;
            case Place.Trailer when value == '\n':
                _place = Place.TrailerStart;
                break;
            case Place.LastLineFeed:
                IsDone = value == '\n';
                IsBroken = !IsDone;
                break;
        }
    }

    private static int HexOf(byte value) => value switch
    {
        >= (byte)'0' and <= (byte)'9' => value - '0',
        >= (byte)'a' and <= (byte)'f' => value - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => value - 'A' + 10,
        _ => -1,
    };
}
