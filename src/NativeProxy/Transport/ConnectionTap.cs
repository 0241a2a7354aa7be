using System;

namespace NativeProxy.Transport;

/// <summary>
/// Hears what goes over one connection, as its owner sees it: plain bytes, ends. Thread: the loop of the connection. Changes nothing, never waits.
/// A connection that nobody listens to has none.
/// </summary>
internal abstract class ConnectionTap
{
    /// <summary>It hears nothing any more: bytes of the connection need not be read for it.</summary>
    public abstract bool IsOver { get; }

    /// <summary>Bytes have come.</summary>
    public abstract void Received(ReadOnlySpan<byte> bytes);

    /// <summary>Bytes are sent, to the kernel or to the queue.</summary>
    public abstract void Sent(ReadOnlySpan<byte> bytes);

    /// <summary>Nothing more comes.</summary>
    /// <param name="isFin">The peer has said so; else the connection broke.</param>
    public abstract void ReceivedEnd(bool isFin);

    /// <summary>A use of it has ended, and another one may follow.</summary>
    public abstract void Idles();

    /// <summary>It is decided why the connection ends.</summary>
    /// <param name="reason">The code of the reason.</param>
    public abstract void Decided(string reason);

    /// <summary>The socket is gone, or another use of the connection begins.</summary>
    public abstract void Over();
}
