using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using NativeProxy.Foundation;

namespace NativeProxy.Logging;

/// <summary>Puts a <see cref="CloseRecord"/> into a <see cref="LogRing"/> slot and reads it. Stateless. Never allocates.</summary>
internal static class CloseRecordCodec
{
    /// <summary>Loop thread. False when the ring is full; the ring has counted the loss then.</summary>
    public static bool TryWrite(LogRing ring, in CloseRecord record)
    {
        if (!ring.TryReserve(sizeof(LogRecordKind) + Unsafe.SizeOf<CloseRecord>(), out Span<byte> slot))
            return false;
        MemoryMarshal.Write(slot, LogRecordKind.Close);
        MemoryMarshal.Write(slot[sizeof(LogRecordKind)..], in record);
        ring.Commit();
        return true;
    }

    /// <summary>Writer thread.</summary>
    public static CloseRecord Read(ReadOnlySpan<byte> slot) => MemoryMarshal.Read<CloseRecord>(slot[sizeof(LogRecordKind)..]);
}
