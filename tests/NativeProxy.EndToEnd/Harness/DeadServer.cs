using System;
using System.Net;
using System.Net.Sockets;

namespace NativeProxy.EndToEnd.Harness;

/// <summary>An address that refuses connections: bound, so that nobody else gets the port, but not listening.</summary>
internal sealed class DeadServer : IDisposable
{
    private readonly Socket _bound = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public DeadServer() => _bound.Bind(new IPEndPoint(IPAddress.Loopback, 0));

    public string Address => $"127.0.0.1:{((IPEndPoint)_bound.LocalEndPoint!).Port}";

    public void Dispose() => _bound.Dispose();
}
