using System;
using NativeProxy.Config;

namespace NativeProxy.Hosting.Processes;

/// <summary>
/// The buffer budget of one worker: what the settings say, else computed from their limits. It is a bound, not a reservation: memory is taken as it
/// is needed, and a worker that reaches the bound answers 503 or closes instead of growing.
/// </summary>
internal static class MemoryBudget
{
    private const long FloorBytes = 64L * 1024 * 1024;
    private const long CeilingBytes = 2L * 1024 * 1024 * 1024;

    /// <summary>Per connection: one kept head and body tail, and one block waiting to be sent on each side.</summary>
    private const int BytesPerConnection = 3 * 16 * 1024;

    /// <summary>The kept bodies come on top: five eighths of the pools are the large blocks that they mostly lie in.</summary>
    public static long BufferBytes(in ProxySettings settings) =>
        settings.Runtime.BufferBytes > 0 ? settings.Runtime.BufferBytes
            : Math.Clamp((long)settings.Runtime.MaxConnections * BytesPerConnection, FloorBytes, CeilingBytes) + settings.Runtime.ReplayBytes / 5 * 8;
}
