using System;
using System.Buffers.Binary;
using System.Numerics;

namespace NativeProxy.Foundation;

/// <summary>
/// SipHash-2-4 (Aumasson and Bernstein) under a secret: whoever chooses the keys cannot choose where they collide. Immutable.
/// </summary>
internal readonly struct KeyHash(ulong secret0, ulong secret1)
{
    public ulong Of(ReadOnlySpan<byte> bytes)
    {
        ulong v0 = secret0 ^ 0x736f6d6570736575;
        ulong v1 = secret1 ^ 0x646f72616e646f6d;
        ulong v2 = secret0 ^ 0x6c7967656e657261;
        ulong v3 = secret1 ^ 0x7465646279746573;
        ulong length = (ulong)bytes.Length << 56;
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
            Mix(ref v0, ref v1, ref v2, ref v3, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        ulong last = length;
        for (int i = 0; i < bytes.Length; i++)
            last |= (ulong)bytes[i] << (8 * i);
        Mix(ref v0, ref v1, ref v2, ref v3, last);
        v2 ^= 0xff;
        for (int i = 0; i < 4; i++)
            Round(ref v0, ref v1, ref v2, ref v3);
        return v0 ^ v1 ^ v2 ^ v3;
    }

    private static void Mix(ref ulong v0, ref ulong v1, ref ulong v2, ref ulong v3, ulong word)
    {
        v3 ^= word;
        Round(ref v0, ref v1, ref v2, ref v3);
        Round(ref v0, ref v1, ref v2, ref v3);
        v0 ^= word;
    }

    private static void Round(ref ulong v0, ref ulong v1, ref ulong v2, ref ulong v3)
    {
        v0 += v1;
        v1 = BitOperations.RotateLeft(v1, 13) ^ v0;
        v0 = BitOperations.RotateLeft(v0, 32);
        v2 += v3;
        v3 = BitOperations.RotateLeft(v3, 16) ^ v2;
        v0 += v3;
        v3 = BitOperations.RotateLeft(v3, 21) ^ v0;
        v2 += v1;
        v1 = BitOperations.RotateLeft(v1, 17) ^ v2;
        v2 = BitOperations.RotateLeft(v2, 32);
    }
}
