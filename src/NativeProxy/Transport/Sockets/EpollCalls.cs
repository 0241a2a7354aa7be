using System.Runtime.InteropServices;

namespace NativeProxy.Transport.Sockets;

/// <summary>
/// The system calls of the direct engine. Those that never block are called without the runtime's bookkeeping for blocking calls
/// (SuppressGCTransition), so that errno is still the call's own afterwards: read it with <see cref="Marshal.GetLastSystemError"/> at once.
/// Sending and receiving are <see cref="SocketCalls"/>. Linux, 64 bit.
/// </summary>
internal static unsafe partial class EpollCalls
{
    public const uint In = 0x1;
    public const uint Out = 0x4;
    public const uint Error = 0x8;
    public const uint HangUp = 0x10;
    public const uint PeerHangUp = 0x2000;
    public const uint EdgeTriggered = 1u << 31;

    public const int Add = 1;
    public const int Remove = 2;
    public const int Modify = 3;

    public const int CloseOnExec = 0x80000;
    public const int NonBlocking = 0x800;
    public const int ShutdownWrite = 1;

    public const int SocketLevel = 1;
    public const int SocketErrorOption = 4;
    public const int LingerOption = 13;
    public const int TcpLevel = 6;
    public const int TcpNoDelay = 1;
    public const int KeepaliveOption = 9;
    public const int TcpKeepaliveIdle = 4;
    public const int TcpKeepaliveInterval = 5;
    public const int TcpKeepaliveCount = 6;

    [LibraryImport("libc", EntryPoint = "epoll_create1")]
    public static partial int Create(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl"), SuppressGCTransition]
    public static partial int Control(int epoll, int operation, int descriptor, EpollEvent* change);

    /// <summary>The one call of the loop that waits.</summary>
    [LibraryImport("libc", EntryPoint = "epoll_wait")]
    public static partial int Wait(int epoll, EpollEvent* events, int countMax, int timeoutMs);

    /// <summary>The same call when it does not wait.</summary>
    [LibraryImport("libc", EntryPoint = "epoll_wait"), SuppressGCTransition]
    public static partial int Poll(int epoll, EpollEvent* events, int countMax, int timeoutMs);

    [LibraryImport("libc", EntryPoint = "eventfd")]
    public static partial int MakeEvent(uint initial, int flags);

    [LibraryImport("libc", EntryPoint = "read"), SuppressGCTransition]
    public static partial nint Read(int descriptor, void* bytes, nuint count);

    [LibraryImport("libc", EntryPoint = "write")]
    public static partial nint Write(int descriptor, void* bytes, nuint count);

    [LibraryImport("libc", EntryPoint = "accept4"), SuppressGCTransition]
    public static partial int Accept(int descriptor, byte* address, uint* addressBytes, int flags);

    [LibraryImport("libc", EntryPoint = "socket"), SuppressGCTransition]
    public static partial int MakeSocket(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "bind"), SuppressGCTransition]
    public static partial int Bind(int descriptor, byte* address, uint addressBytes);

    [LibraryImport("libc", EntryPoint = "connect"), SuppressGCTransition]
    public static partial int Connect(int descriptor, byte* address, uint addressBytes);

    [LibraryImport("libc", EntryPoint = "shutdown"), SuppressGCTransition]
    public static partial int Shutdown(int descriptor, int how);

    [LibraryImport("libc", EntryPoint = "close"), SuppressGCTransition]
    public static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "setsockopt"), SuppressGCTransition]
    public static partial int SetOption(int descriptor, int level, int option, void* value, uint valueBytes);

    [LibraryImport("libc", EntryPoint = "getsockopt"), SuppressGCTransition]
    public static partial int GetOption(int descriptor, int level, int option, void* value, uint* valueBytes);
}

/// <summary>struct epoll_event, which is packed on x86-64.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal struct EpollEvent
{
    public uint Events;

    /// <summary>Low half: slot of the watched object; high half: its generation.</summary>
    public ulong Data;
}
