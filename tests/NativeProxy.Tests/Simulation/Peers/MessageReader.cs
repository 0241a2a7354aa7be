using System;
using System.Collections.Generic;
using System.Text;

namespace NativeProxy.Tests.Simulation.Peers;

/// <summary>How the end of a body is told.</summary>
internal enum BodyShape : byte
{
    None,
    Length,
    Chunked,
    UntilClose,
}

/// <summary>A head as it was received: first line and fields, values without blanks around.</summary>
internal sealed record MessageHead(string FirstLine, List<(string Name, string Value)> Fields)
{
    /// <summary>The value of a field, or null; a field that comes twice is joined by '|', which no script sends.</summary>
    public string? this[string name]
    {
        get
        {
            string? found = null;
            foreach ((string field, string value) in Fields)
            {
                if (field.Equals(name, StringComparison.OrdinalIgnoreCase))
                    found = found is null ? value : found + "|" + value;
            }
            return found;
        }
    }
}

/// <summary>Who hears what a <see cref="MessageReader"/> finds.</summary>
internal interface IMessageSink
{
    /// <summary>A message begins: its first line is known as far as it has come. Called at least once per message, before its head.</summary>
    void OnBegin(ReadOnlySpan<byte> firstBytes);

    /// <summary>A head is complete; says which body follows.</summary>
    (BodyShape Shape, long Length) OnHead(MessageHead head);

    void OnBody(ReadOnlySpan<byte> bytes);

    void OnEnd(List<(string Name, string Value)> trailers);

    void OnMalformed(string why);
}

/// <summary>
/// A strict reader of HTTP/1.1 messages, written apart from the proxy's: it accepts exactly the canonical form in which the proxy has to
/// write (no empty lines before a message, no chunk extensions, no folding). Used for whatever the proxy sends, on both sides.
/// </summary>
internal sealed class MessageReader(IMessageSink sink)
{
    private enum State : byte
    {
        Head,
        Length,
        ChunkSize,
        ChunkData,
        ChunkEnd,
        Trailers,
        UntilClose,
        Broken,
    }

    private readonly List<byte> _line = [];
    private readonly List<string> _lines = [];
    private State _state;
    private long _leftBytes;

    /// <summary>True between two messages.</summary>
    public bool IsAtStart => _state == State.Head && _line.Count == 0 && _lines.Count == 0;

    /// <summary>True while only the end of the stream can end the message.</summary>
    public bool IsUntilClose => _state == State.UntilClose;

    public void Feed(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty && _state != State.Broken)
        {
            switch (_state)
            {
                case State.Length or State.ChunkData:
                    int length = (int)Math.Min(_leftBytes, bytes.Length);
                    sink.OnBody(bytes[..length]);
                    bytes = bytes[length..];
                    _leftBytes -= length;
                    if (_leftBytes == 0 && _state == State.Length)
                        End([]);
                    else if (_leftBytes == 0)
                        _state = State.ChunkEnd;
                    break;
                case State.UntilClose:
                    sink.OnBody(bytes);
                    return;
                default:
                    bytes = TakeLine(bytes);
                    break;
            }
        }
    }

    /// <summary>The stream ended without a reset.</summary>
    public void EndOfStream()
    {
        if (_state == State.UntilClose)
            End([]);
    }

    private ReadOnlySpan<byte> TakeLine(ReadOnlySpan<byte> bytes)
    {
        int lineFeed = bytes.IndexOf((byte)'\n');
        ReadOnlySpan<byte> piece = lineFeed < 0 ? bytes : bytes[..(lineFeed + 1)];
        foreach (byte value in piece)
            _line.Add(value);
        bytes = bytes[piece.Length..];
        if (_state == State.Head && _lines.Count == 0)
            sink.OnBegin(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_line));
        if (lineFeed < 0)
            return bytes;
        string line = Encoding.Latin1.GetString(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_line));
        _line.Clear();
        if (!line.EndsWith("\r\n", StringComparison.Ordinal) || HasControlBytes(line.AsSpan(0, line.Length - 2)))
            Break($"a line with control bytes or a bare line feed: {line}");
        else
            TakeLine(line[..^2]);
        return bytes;
    }

    private void TakeLine(string line)
    {
        switch (_state)
        {
            case State.ChunkSize:
                TakeChunkSize(line);
                break;
            case State.ChunkEnd:
                if (line.Length > 0)
                    Break($"'{line}' behind chunk data");
                else
                    _state = State.ChunkSize;
                break;
            case State.Head or State.Trailers when line.Length > 0:
                _lines.Add(line);
                break;
            case State.Head when _lines.Count == 0:
                Break("an empty line before a message");
                break;
            case State.Head:
                TakeHead();
                break;
            default:
                if (TryReadFields(0, out List<(string, string)> trailers))
                    End(trailers);
                break;
        }
    }

    private static bool HasControlBytes(ReadOnlySpan<char> line) =>
        line.ContainsAnyInRange('\0', '\x08') || line.ContainsAnyInRange('\n', '\x1f') || line.Contains('\x7f');

    private void TakeHead()
    {
        string first = _lines[0];
        if (!TryReadFields(1, out List<(string, string)> fields))
            return;
        (BodyShape shape, long length) = sink.OnHead(new MessageHead(first, fields));
        _leftBytes = length;
        _state = shape switch
        {
            BodyShape.Length when length > 0 => State.Length,
            BodyShape.Chunked => State.ChunkSize,
            BodyShape.UntilClose => State.UntilClose,
            _ => State.Head,
        };
        if (_state == State.Head)
            End([]);
    }

    private bool TryReadFields(int from, out List<(string Name, string Value)> fields)
    {
        fields = [];
        for (int i = from; i < _lines.Count; i++)
        {
            int colon = _lines[i].IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0 || _lines[i].AsSpan(0, colon).ContainsAny(" \t"))
            {
                Break($"no field line: {_lines[i]}");
                return false;
            }
            fields.Add((_lines[i][..colon], _lines[i][(colon + 1)..].Trim(' ', '\t')));
        }
        _lines.Clear();
        return true;
    }

    private void TakeChunkSize(string line)
    {
        if (line.Length is 0 or > 8 || line.AsSpan().ContainsAnyExcept("0123456789abcdef") || (line.Length > 1 && line[0] == '0'))
        {
            Break($"no canonical chunk size: {line}");
            return;
        }
        _leftBytes = Convert.ToInt32(line, 16);
        _state = _leftBytes == 0 ? State.Trailers : State.ChunkData;
    }

    private void End(List<(string Name, string Value)> trailers)
    {
        _state = State.Head;
        sink.OnEnd(trailers);
    }

    private void Break(string why)
    {
        _state = State.Broken;
        sink.OnMalformed(why);
    }
}
