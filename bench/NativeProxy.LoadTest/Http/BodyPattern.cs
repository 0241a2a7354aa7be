using System;
using System.Runtime.InteropServices;

namespace NativeProxy.LoadTest.Http;

/// <summary>
/// The content of every body: one pseudo-random ring of bytes, read from a place that the message's id decides. So each id has its own
/// content, any piece of it can be sent without being made, and the receiver compares every byte. Immutable, shared by all threads.
/// </summary>
internal static unsafe class BodyPattern
{
    /// <summary>Bytes that can be sent or compared in one go.</summary>
    public const int PieceBytesMax = 1 << 20;

    /// <summary>A prime, so that a piece that is missing or doubled does not fall on the same bytes again.</summary>
    private const int PeriodBytes = 65_521;

    private static readonly byte* Ring = MakeRing();

    /// <summary>The content of the body with this id from an offset on; up to <see cref="PieceBytesMax"/> bytes of it lie at the address.</summary>
    public static byte* At(ulong id, long offset) => Ring + (int)((StartOf(id) + (ulong)offset) % PeriodBytes);

    /// <summary>Whether these bytes are the content of the body with this id at this offset.</summary>
    public static bool Matches(ulong id, long offset, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            int count = Math.Min(bytes.Length, PieceBytesMax);
            if (!bytes[..count].SequenceEqual(new ReadOnlySpan<byte>(At(id, offset), count)))
                return false;
            offset += count;
            bytes = bytes[count..];
        }
        return true;
    }

    /// <summary>Neighbouring ids start far apart.</summary>
    private static ulong StartOf(ulong id) => (id * 0x9E37_79B9_7F4A_7C15ul >> 24) % PeriodBytes;

    private static byte* MakeRing()
    {
        const int Bytes = PieceBytesMax + PeriodBytes;
        byte* ring = (byte*)NativeMemory.Alloc(Bytes);
        new Random(20_251).NextBytes(new Span<byte>(ring, PeriodBytes));
        for (int i = PeriodBytes; i < Bytes; i++)
            ring[i] = ring[i - PeriodBytes];
        return ring;
    }
}
