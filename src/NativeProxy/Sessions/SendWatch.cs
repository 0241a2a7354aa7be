using NativeProxy.Transport;

namespace NativeProxy.Sessions;

/// <summary>Tells a client that reads slowly from one that does not read at all: a slow one is not timed out. A mutable struct; thread: the loop.</summary>
internal struct SendWatch
{
    private long _mark;

    /// <summary>Looks from now on.</summary>
    public void Begin(TcpConnection client) => _mark = client.SentBytes;

    /// <summary>True when the client has taken any byte since.</summary>
    public readonly bool HasMoved(TcpConnection client) => client.SentBytes != _mark;
}
