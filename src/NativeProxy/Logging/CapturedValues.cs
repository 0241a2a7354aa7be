using System;
using System.Buffers.Binary;

namespace NativeProxy.Logging;

/// <summary>
/// The layout of captured values in a record: the number of their list, then for each name, in its order, a length and the value; a length of
/// <see cref="Absent"/> where there is none. What is missing at the end is absent. Pure; never allocates.
/// </summary>
internal static class CapturedValues
{
    private const int LengthBytes = 2;
    private const ushort Absent = ushort.MaxValue;

    /// <summary>Bytes before the first value.</summary>
    public const int HeadBytes = 4;

    public static void Begin(Span<byte> room, CaptureList list) => BinaryPrimitives.WriteInt32LittleEndian(room, list.Id);

    /// <summary>Where the next value begins, behind one that is not there; <paramref name="at"/> itself where nothing fits any more.</summary>
    public static int SkipOne(Span<byte> room, int at)
    {
        if (room.Length - at < LengthBytes)
            return room.Length;
        BinaryPrimitives.WriteUInt16LittleEndian(room[at..], Absent);
        return at + LengthBytes;
    }

    /// <summary>The room for the bytes of a value, at most <see cref="CaptureList.ValueBytesMax"/>; empty where nothing fits any more.</summary>
    public static Span<byte> RoomAt(Span<byte> room, int at) => room.Length - at <= LengthBytes
        ? default
        : room.Slice(at + LengthBytes, Math.Min(CaptureList.ValueBytesMax, room.Length - at - LengthBytes));

    /// <summary>Ends a value that was written into <see cref="RoomAt"/>. Returns where the next one begins.</summary>
    public static int EndOne(Span<byte> room, int at, int bytes)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(room[at..], (ushort)bytes);
        return at + LengthBytes + bytes;
    }

    /// <summary>The value of a place; false when there is none, or another list has captured.</summary>
    public static bool TryRead(ReadOnlySpan<byte> values, CaptureList list, int index, out ReadOnlySpan<byte> value)
    {
        value = default;
        if (index < 0 || values.Length < HeadBytes || BinaryPrimitives.ReadInt32LittleEndian(values) != list.Id)
            return false;
        values = values[HeadBytes..];
        for (; values.Length >= LengthBytes; index--)
        {
            int length = BinaryPrimitives.ReadUInt16LittleEndian(values);
            bool isThere = length != Absent;
            values = values[LengthBytes..];
            if (index == 0)
            {
                value = isThere ? values[..length] : default;
                return isThere;
            }
            values = values[(isThere ? length : 0)..];
        }
        return false;
    }
}
