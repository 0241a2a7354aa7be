using System;
using System.Collections.Generic;
using System.Net.Sockets;
using NativeProxy.Admin;
using NativeProxy.Config;
using NativeProxy.Metrics;
using NativeProxy.Transport;
using NativeProxy.Upstreams;

namespace NativeProxy.Hosting;

/// <summary>The listening socket of <c>[admin]</c> and the server on it. Opened before anything starts, so that a port in use is told.</summary>
internal sealed class AdminEndpoint : IDisposable
{
    private const int ConnectionsMax = 64;

    private readonly Socket _socket;

    private AdminEndpoint(Socket socket) => _socket = socket;

    /// <summary>Null when no admin endpoint is configured, or on an error, which is added to the list.</summary>
    public static AdminEndpoint? Open(in AdminSettings settings, List<string> errors)
    {
        if (settings.Bind.Length == 0)
            return null;
        Socket? socket = ListeningSockets.OpenOne(settings.Bind, "the admin endpoint", errors);
        return socket is null ? null : new AdminEndpoint(socket);
    }

    /// <summary>Serves on this loop.</summary>
    public void Start(EventLoop loop, CounterBoard board, ServerBoard servers, CloseBoard closes, ServiceState service) =>
        loop.Post(new ServeWork(loop, _socket, new SmallHttpServer(loop, new AdminRoutes(board, servers, closes), ConnectionsMax)));

    public void Dispose() => _socket.Dispose();

    /// <summary>Begins to accept, on the loop thread.</summary>
    private sealed class ServeWork(EventLoop loop, Socket socket, SmallHttpServer server) : LoopWork
    {
        public override void Run() => server.Listen(loop.Listen(socket, server, SocketTuning.Default));
    }
}
