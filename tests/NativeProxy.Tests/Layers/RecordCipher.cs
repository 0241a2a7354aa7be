using System;
using System.Buffers.Binary;

namespace NativeProxy.Tests.Layers;

/// <summary>
/// Seals and opens the records of one direction: each byte is changed by a key, the number of the record and its place, and each record carries a
/// sum over all of that. So a byte that is lost, doubled, changed, out of order or of another connection is seen. No secret is kept by it.
/// </summary>
internal sealed class RecordCipher(ulong key)
{
    /// <summary>Bytes of the sum.</summary>
    public const int SumBytes = 4;

    private ulong _number;

    /// <summary>The number of the next record.</summary>
    public ulong Number => _number;

    /// <summary>Seals in place; returns the sum.</summary>
    public uint Seal(byte type, Span<byte> bytes)
    {
        uint sum = Sum(type, bytes);
        Change(bytes);
        _number++;
        return sum;
    }

    /// <summary>Opens in place; false when it is not the record that is due.</summary>
    public bool TryOpen(byte type, Span<byte> bytes, uint sum)
    {
        Change(bytes);
        bool isRight = Sum(type, bytes) == sum;
        _number++;
        return isRight;
    }

    public static ulong Mix(ulong value)
    {
        value += 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }

    /// <summary>Opens a part of the record that is due before its end has come.</summary>
    /// <param name="at">Place of the part in the record.</param>
    /// <param name="bytes">Opened in place.</param>
    public void OpenPart(int at, Span<byte> bytes)
    {
        ulong seed = Mix(key ^ Mix(_number));
        for (int i = 0; i < bytes.Length; i++, at++)
            bytes[i] ^= (byte)(Mix(seed + (ulong)(at & ~7)) >> (8 * (at & 7)));
    }

    private void Change(Span<byte> bytes)
    {
        ulong seed = Mix(key ^ Mix(_number));
        for (int at = 0; at < bytes.Length; at += 8)
        {
            ulong word = Mix(seed + (ulong)at);
            Span<byte> part = bytes[at..Math.Min(at + 8, bytes.Length)];
            for (int i = 0; i < part.Length; i++)
                part[i] ^= (byte)(word >> (8 * i));
        }
    }

    private uint Sum(byte type, ReadOnlySpan<byte> bytes)
    {
        ulong sum = Mix(key ^ (_number << 8) ^ type) + (ulong)bytes.Length;
        for (; bytes.Length >= 8; bytes = bytes[8..])
            sum = (sum ^ BinaryPrimitives.ReadUInt64LittleEndian(bytes)) * 0x9E3779B97F4A7C15 ^ (sum >> 29);
        foreach (byte one in bytes)
            sum = (sum ^ one) * 0x100000001B3;
        return (uint)(sum ^ (sum >> 32));
    }
}
