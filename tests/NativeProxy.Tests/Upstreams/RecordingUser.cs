using System;
using System.Net.Sockets;
using NativeProxy.Tests.Transport;
using NativeProxy.Upstreams.Connections;

namespace NativeProxy.Tests.Upstreams;

/// <summary>
/// A user of server connections that writes down what it hears. Events: "connected", "connect failed X", "received", "end", "drained",
/// "send failed X", "failed X", "timeout", "turn", "turn lost".
/// </summary>
internal sealed class RecordingUser : EventRecorder, IServerConnectionUser
{
    public bool IsOpaque { get; init; }

    public void OnServerConnected(UpstreamConnection connection) => Write("connected");

    public void OnServerConnectFailed(UpstreamConnection connection, SocketError error) => Write("connect failed " + error);

    public void OnServerTurn(UpstreamConnection connection) => Write("turn");

    public void OnServerTurnLost(UpstreamConnection connection) => Write("turn lost");

    public void OnServerReceived(UpstreamConnection connection, ReadOnlySpan<byte> bytes) => WriteBytes(bytes);

    public void OnServerEndOfStream(UpstreamConnection connection) => Write("end");

    public void OnServerSendDrained(UpstreamConnection connection) => Write("drained");

    public void OnServerSendFailed(UpstreamConnection connection, SocketError error) => Write("send failed " + error);

    public void OnServerFailed(UpstreamConnection connection, SocketError error) => Write("failed " + error);

    public void OnServerTimeout(UpstreamConnection connection) => Write("timeout");
}
