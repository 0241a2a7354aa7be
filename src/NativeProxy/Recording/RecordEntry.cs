using System;
using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;

namespace NativeProxy.Recording;

/// <summary>What an entry of a record tells. The numbers stand in files: none is ever used again for something else.</summary>
internal enum RecordKind : byte
{
    None = 0,

    /// <summary>The recording of a connection begins; lines "name: value".</summary>
    Open = 1,

    /// <summary>Bytes of the connection.</summary>
    Bytes = 2,

    /// <summary>Bytes that are not recorded; how many, in 8 bytes.</summary>
    Gap = 3,

    /// <summary>The peer has ended its side.</summary>
    Fin = 4,

    /// <summary>The connection broke.</summary>
    Broken = 5,

    /// <summary>The proxy has decided to end the connection; the code of the reason.</summary>
    Decided = 6,

    /// <summary>The socket is gone, or its next use begins.</summary>
    Over = 7,

    /// <summary>Nothing more is recorded of the connection, though it goes on: a limit was reached, or nobody took the bytes away in time.</summary>
    Lost = 8,

    /// <summary>A refused message: lines "name: value", an empty line, the kept bytes.</summary>
    Message = 9,
}

/// <summary>Which way the bytes of an entry go.</summary>
internal enum RecordDirection : byte
{
    None = 0,
    FromPeer = 1,
    ToPeer = 2,
}

/// <summary>
/// One entry of a record, in a file and in memory alike: 24 bytes (length of what follows, kind, side, direction, 0, time, connection; the lowest
/// byte first), then that. Valid as long as the bytes that it was read from.
/// </summary>
internal readonly ref struct RecordEntry
{
    /// <summary>The first line of a file of them: what it is, and its version.</summary>
    public static ReadOnlySpan<byte> FileLine => "nativeproxy record 1\n"u8;

    public const int HeadBytes = 24;

    /// <summary>Longest payload; what says more is no entry.</summary>
    public const int PayloadBytesMax = 1024 * 1024;

    public RecordEntry(RecordKind kind, bool isOfServer, RecordDirection direction, long wallMs, long connection, ReadOnlySpan<byte> payload)
    {
        Kind = kind;
        IsOfServer = isOfServer;
        Direction = direction;
        WallMs = wallMs;
        Connection = connection;
        Payload = payload;
    }

    public RecordKind Kind { get; }

    /// <summary>The connection is one to a server; else a client's.</summary>
    public bool IsOfServer { get; }

    public RecordDirection Direction { get; }

    /// <summary>Milliseconds since 1970-01-01 UTC.</summary>
    public long WallMs { get; }

    /// <summary>Number of the connection.</summary>
    public long Connection { get; }

    public ReadOnlySpan<byte> Payload { get; }

    /// <summary>Of a <see cref="RecordKind.Gap"/>: how many bytes are not there.</summary>
    public long GapBytes => Payload.Length == sizeof(long) ? Math.Max(0, BinaryPrimitives.ReadInt64LittleEndian(Payload)) : 0;

    /// <summary>Takes the first entry off. False when there is no whole one.</summary>
    /// <param name="rest">Entries; afterwards those behind it.</param>
    /// <param name="entry">It.</param>
    public static bool TryRead(ref ReadOnlySpan<byte> rest, out RecordEntry entry)
    {
        entry = default;
        if (rest.Length < HeadBytes)
            return false;
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(rest);
        if (length > PayloadBytesMax || length > rest.Length - HeadBytes)
            return false;
        entry = new RecordEntry(
            (RecordKind)rest[4], rest[5] == 1, (RecordDirection)rest[6], BinaryPrimitives.ReadInt64LittleEndian(rest[8..]),
            BinaryPrimitives.ReadInt64LittleEndian(rest[16..]), rest.Slice(HeadBytes, (int)length));
        rest = rest[(HeadBytes + (int)length)..];
        return true;
    }

    /// <summary>Writes what stands in front of the payload.</summary>
    public void WriteHead(Span<byte> head)
    {
        BinaryPrimitives.WriteInt32LittleEndian(head, Payload.Length);
        head[4] = (byte)Kind;
        head[5] = IsOfServer ? (byte)1 : (byte)0;
        head[6] = (byte)Direction;
        head[7] = 0;
        BinaryPrimitives.WriteInt64LittleEndian(head[8..], WallMs);
        BinaryPrimitives.WriteInt64LittleEndian(head[16..], Connection);
    }

    /// <summary>Writes all of it.</summary>
    public void WriteTo(ArrayBufferWriter<byte> output)
    {
        WriteHead(output.GetSpan(HeadBytes));
        output.Advance(HeadBytes);
        output.Write(Payload);
    }

    /// <summary>The same, with other bytes.</summary>
    public RecordEntry With(RecordKind kind, ReadOnlySpan<byte> payload) => new(kind, IsOfServer, Direction, WallMs, Connection, payload);

    /// <summary>The value of a line "name: value"; empty when there is none.</summary>
    /// <param name="lines">Of an entry that has some.</param>
    /// <param name="name">With the colon and the blank.</param>
    public static ReadOnlySpan<byte> ValueOf(ReadOnlySpan<byte> lines, ReadOnlySpan<byte> name)
    {
        while (!lines.IsEmpty)
        {
            int end = lines.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = end < 0 ? lines : lines[..end];
            if (line.StartsWith(name))
                return line[name.Length..];
            lines = end < 0 ? default : lines[(end + 1)..];
        }
        return default;
    }

    /// <summary>The same where it is a number; 0 when there is none.</summary>
    /// <param name="lines">Of an entry that has some.</param>
    /// <param name="name">With the colon and the blank.</param>
    public static long NumberOf(ReadOnlySpan<byte> lines, ReadOnlySpan<byte> name)
    {
        ReadOnlySpan<byte> value = ValueOf(lines, name);
        return Utf8Parser.TryParse(value, out long number, out int used) && used == value.Length && number > 0 ? number : 0;
    }
}
