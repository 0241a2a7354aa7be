using System;
using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.Transport;

namespace NativeProxy.Tests.Transport;

/// <summary>
/// A connection owner that writes down what it hears. Events: "connected", "secured", "received", "end", "blocked", "drained", "send failed X",
/// "failed X", "closed". The hooks run on the loop thread, after the event was written down.
/// </summary>
internal sealed class RecordingOwner : EventRecorder, IConnectionOwner
{
    public Action<TcpConnection>? WhenConnected { get; init; }

    public Action<TcpConnection>? WhenSecured { get; init; }

    public Action<TcpConnection, byte[]>? WhenReceived { get; init; }

    public Action<TcpConnection>? WhenEnded { get; init; }

    public Action<TcpConnection>? WhenDrained { get; init; }

    public Action<TcpConnection>? WhenFailed { get; init; }

    public Action<TcpConnection>? WhenClosed { get; init; }

    public Task Until(Func<RecordingOwner, bool> condition) => UntilHolds(() => condition(this));

    public Task UntilClosed() => UntilSeen("closed");

    public void OnConnected(TcpConnection connection)
    {
        Write("connected");
        WhenConnected?.Invoke(connection);
    }

    public void OnSecured(TcpConnection connection)
    {
        Write("secured");
        WhenSecured?.Invoke(connection);
    }

    public void OnReceived(TcpConnection connection, ReadOnlySpan<byte> bytes)
    {
        byte[] copy = WriteBytes(bytes);
        WhenReceived?.Invoke(connection, copy);
    }

    public void OnEndOfStream(TcpConnection connection)
    {
        Write("end");
        WhenEnded?.Invoke(connection);
    }

    public void OnSendBlocked(TcpConnection connection) => Write("blocked");

    public void OnSendDrained(TcpConnection connection)
    {
        Write("drained");
        WhenDrained?.Invoke(connection);
    }

    public void OnSendFailed(TcpConnection connection, SocketError error) => Write("send failed " + error);

    public void OnFailed(TcpConnection connection, SocketError error)
    {
        Write("failed " + error);
        WhenFailed?.Invoke(connection);
    }

    public void OnClosed(TcpConnection connection)
    {
        Write("closed");
        WhenClosed?.Invoke(connection);
    }
}
