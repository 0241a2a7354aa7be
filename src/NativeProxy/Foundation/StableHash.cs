using System;

namespace NativeProxy.Foundation;

/// <summary>
/// A hash that is the same in every process and at every start (FNV-1a, 64 bits). Not keyed: never for a table that a stranger can fill. Pure.
/// </summary>
internal static class StableHash
{
    public static ulong Of(ReadOnlySpan<byte> bytes)
    {
        ulong hash = 0xCBF2_9CE4_8422_2325;
        foreach (byte value in bytes)
            hash = (hash ^ value) * 0x0000_0100_0000_01B3;
        return hash;
    }
}
