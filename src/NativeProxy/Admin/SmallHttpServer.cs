using System.Net.Sockets;
using System.Text;
using NativeProxy.Http1;
using NativeProxy.Transport;

namespace NativeProxy.Admin;

/// <summary>
/// A small HTTP server on a loop: the admin endpoint and the demo's origins. Takes a bounded number of connections; each is a
/// <see cref="SmallHttpSession"/>. Thread: the loop.
/// </summary>
internal sealed class SmallHttpServer(EventLoop loop, IResponder responder, int connectionsMax) : IConnectionAcceptor
{
    private TcpListenerSocket? _socket;
    private int _connectionCount;

    public EventLoop Loop => loop;

    public IResponder Responder => responder;

    /// <summary>Parser table shared by the sessions; used within one call.</summary>
    public RequestHead Request { get; } = new(fieldCountMax: 64);

    /// <summary>Largest request head.</summary>
    public HeadLimits Limits { get; } = new(8 * 1024, 64, 4 * 1024);

    public bool MayAccept => _connectionCount < connectionsMax;

    /// <summary>Loop thread: starts accepting.</summary>
    public void Listen(TcpListenerSocket socket)
    {
        _socket = socket;
        socket.Resume();
    }

    public void OnAccepted(TcpConnection connection)
    {
        _connectionCount++;
        new SmallHttpSession(this, connection).Begin();
    }

    public void OnAcceptFailed(SocketError error)
    {
        // Whoever asks waits until there is a descriptor again.
    }

    internal void SessionEnded()
    {
        if (_connectionCount-- == connectionsMax)
            _socket?.Resume();
    }

    /// <summary>The head and body of an answer.</summary>
    internal static byte[] Render(in SmallResponse response, bool closes, bool hasBody)
    {
        byte[] head = Encoding.ASCII.GetBytes(
            $"HTTP/1.1 {response.StatusCode} {(response.StatusCode < 400 ? "OK" : "Error")}\r\nContent-Type: {response.ContentType}\r\n"
            + $"Content-Length: {response.Body.Length}\r\n{(closes ? "Connection: close\r\n" : "")}\r\n");
        return hasBody ? [.. head, .. response.Body.Span] : head;
    }
}
