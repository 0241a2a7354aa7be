using System;

namespace NativeProxy.Transport.Epoll;

/// <summary>What is known of an <see cref="EpollConnection"/> beside its state; one byte, because every idle client pays for it.</summary>
[Flags]
internal enum EpollSigns : byte
{
    None = 0,

    /// <summary>The kernel has reported FIN or an error, which may not have been read yet.</summary>
    HangUp = 1,

    /// <summary>The kernel has reported an error.</summary>
    Error = 2,

    /// <summary>What comes goes through the pipe, unread.</summary>
    Pipes = 4,

    /// <summary>It stands in the <see cref="HandshakeLine"/>.</summary>
    InLine = 8,
}
