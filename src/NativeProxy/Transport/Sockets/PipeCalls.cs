using System.Runtime.InteropServices;

namespace NativeProxy.Transport.Sockets;

/// <summary>
/// Pipes, and moving bytes between one and a socket without reading them. Called without the runtime's bookkeeping for blocking calls
/// (SuppressGCTransition), so that errno is still the call's own afterwards. Linux.
/// </summary>
internal static unsafe partial class PipeCalls
{
    /// <summary>fcntl: sets the room of a pipe.</summary>
    public const int SetRoom = 1031;

    /// <summary>splice: moves pages where it can, and never waits.</summary>
    public const uint MoveNonBlocking = 1 | 2;

    [LibraryImport("libc", EntryPoint = "pipe2")]
    public static partial int Make(int* ends, int flags);

    [LibraryImport("libc", EntryPoint = "fcntl")]
    public static partial int Control(int descriptor, int command, nint argument);

    /// <summary>splice(2): bytes moved, 0 at the end, or -1.</summary>
    [LibraryImport("libc", EntryPoint = "splice"), SuppressGCTransition]
    public static partial nint Splice(int from, long* fromOffset, int to, long* toOffset, nuint count, uint flags);
}
