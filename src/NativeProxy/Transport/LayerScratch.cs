using System;

namespace NativeProxy.Transport;

/// <summary>
/// Buffers that all layers of a loop share, so that a connection holds none. There is none on a loop without layers. Thread: the loop.
/// </summary>
internal sealed class LayerScratch
{
    /// <summary>Most bytes that a layer may keep of a record whose end has not come, its own additions included.</summary>
    public const int RecordBytesMax = 18 * 1024;

    /// <summary>A look reads at most so much at once.</summary>
    private const int LookBytesMax = 16 * 1024;

    /// <summary>Where received bytes are opened to; lent to the owner for one call.</summary>
    public byte[] Plain { get; } = GC.AllocateUninitializedArray<byte>(EventLoop.ReceiveBytesMax + RecordBytesMax, pinned: true);

    /// <summary>Where a look reads to: the bytes of a receive may be lent meanwhile.</summary>
    public byte[] LookWire { get; } = GC.AllocateUninitializedArray<byte>(LookBytesMax, pinned: true);

    /// <summary>Where that is opened to.</summary>
    public byte[] LookPlain { get; } = GC.AllocateUninitializedArray<byte>(LookBytesMax + RecordBytesMax, pinned: true);

    public LayerOutput Output { get; } = new();
}
