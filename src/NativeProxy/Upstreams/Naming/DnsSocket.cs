using System;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using Pipelines.Sockets.Unofficial;

namespace NativeProxy.Upstreams.Naming;

/// <summary>
/// A socket to one DNS server, for one question. Whoever awaits it goes on on the thread pool, never on a loop. When the time is over the
/// socket is disposed, and what waits throws <see cref="SocketException"/> or <see cref="ObjectDisposedException"/>.
/// </summary>
internal sealed class DnsSocket : IDisposable
{
    private readonly Socket _socket;
    private readonly SocketAwaitableEventArgs _operation = new(PipeScheduler.ThreadPool);
    private readonly CancellationTokenRegistration _end;

    private DnsSocket(Socket socket, CancellationToken timeIsOver)
    {
        _socket = socket;
        _end = timeIsOver.UnsafeRegister(static socket => ((Socket)socket!).Dispose(), socket);
    }

    /// <summary>
    /// For packets, from a port that the kernel chooses by chance. It is connected: the kernel drops what others send, and says when nobody has
    /// the server's port.
    /// </summary>
    public static DnsSocket OverUdp(IPEndPoint server, CancellationToken timeIsOver)
    {
        var socket = new DnsSocket(new Socket(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp), timeIsOver);
        try
        {
            socket._socket.Connect(server);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>For a stream.</summary>
    public static async Task<DnsSocket> OverTcp(IPEndPoint server, CancellationToken timeIsOver)
    {
        var socket = new DnsSocket(new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp), timeIsOver);
        try
        {
            socket._operation.RemoteEndPoint = server;
            if (!socket._socket.ConnectAsync(socket._operation))
                socket._operation.Complete();
            await socket._operation;
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Sends all of it; a packet is one call.</summary>
    public async Task Send(Memory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            _operation.SetBuffer(bytes);
            if (!_socket.SendAsync(_operation))
                _operation.Complete();
            bytes = bytes[await _operation..];
        }
    }

    /// <summary>The next packet, or some bytes of a stream, 0 at its end.</summary>
    public async Task<int> Receive(Memory<byte> target)
    {
        _operation.SetBuffer(target);
        if (!_socket.ReceiveAsync(_operation))
            _operation.Complete();
        return await _operation;
    }

    /// <summary>As many bytes of a stream.</summary>
    public async Task Fill(Memory<byte> target)
    {
        while (!target.IsEmpty)
        {
            int received = await Receive(target);
            if (received == 0)
                throw new SocketException((int)SocketError.ConnectionReset);
            target = target[received..];
        }
    }

    public void Dispose()
    {
        _end.Dispose();
        _socket.Dispose();
        _operation.Dispose();
    }
}
