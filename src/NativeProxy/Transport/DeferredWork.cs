using System;

namespace NativeProxy.Transport;

/// <summary>What a connection still has to do once the current event is handled; so no downcall ever calls up.</summary>
[Flags]
internal enum DeferredWork : byte
{
    None = 0,

    /// <summary>Ask the engine for bytes.</summary>
    Receive = 1,

    /// <summary>Tell the owner that the send queue is empty.</summary>
    Drained = 2,

    /// <summary>Tell the owner that sending failed.</summary>
    SendFailed = 4,

    /// <summary>See whether the closing join is complete.</summary>
    Join = 8,

    /// <summary>Tell the owner how connecting ended.</summary>
    Connected = 16,

    /// <summary>Tell the owner that corked bytes were not taken by the kernel.</summary>
    Blocked = 32,
}
