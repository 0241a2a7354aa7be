using System;

namespace NativeProxy.Foundation;

/// <summary>
/// A hash that is the same in every process and at every start (FNV-1a, 64 bits), byte by byte, so that each beginning of a text has its own on the
/// way. Not keyed: where a stranger chooses the text, what is found by it is compared before it counts. Pure.
/// </summary>
internal static class StableHash
{
    /// <summary>The hash of nothing.</summary>
    public const ulong Begin = 0xCBF2_9CE4_8422_2325;

    /// <summary>The hash of a text with one more byte.</summary>
    public static ulong Add(ulong hash, byte value) => (hash ^ value) * 0x0000_0100_0000_01B3;

    public static ulong Of(ReadOnlySpan<byte> bytes)
    {
        ulong hash = Begin;
        foreach (byte value in bytes)
            hash = Add(hash, value);
        return hash;
    }
}
