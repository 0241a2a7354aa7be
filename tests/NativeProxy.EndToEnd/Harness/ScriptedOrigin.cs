using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using System.Threading.Tasks;

namespace NativeProxy.EndToEnd.Harness;

/// <summary>
/// A server behind the proxy. Either the test takes each connection with <see cref="Accept"/> and drives it, or a handler answers all
/// requests (<see cref="Answering(Func{string, string})"/>). It keeps every byte of every connection.
/// </summary>
internal sealed class ScriptedOrigin : IAsyncDisposable
{
    private readonly Socket _listening;
    private readonly Channel<OriginConnection> _arrivals = Channel.CreateUnbounded<OriginConnection>();
    private readonly ConcurrentQueue<OriginConnection> _all = new();
    private readonly ConcurrentQueue<(int Connection, string Request)> _requests = new();
    private readonly Func<string, string>? _handler;
    private readonly Task _accepting;
    private bool _isBare;
    private Func<Socket, ISecuredPipe>? _secured;

    private ScriptedOrigin(Func<string, string>? handler, int receiveBufferBytes = 0, EndPoint? at = null)
    {
        _handler = handler;
        _listening = at is UnixDomainSocketEndPoint
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        if (receiveBufferBytes > 0)
            _listening.ReceiveBufferSize = receiveBufferBytes;
        _listening.Bind(at ?? new IPEndPoint(IPAddress.Loopback, 0));
        _listening.Listen(512);
        _accepting = AcceptAll();
    }

    public int Port => ((IPEndPoint)_listening.LocalEndPoint!).Port;

    public string Address => $"127.0.0.1:{Port}";

    public int ConnectionCount => _all.Count;

    /// <summary>What the handler was asked, in order, with the number of the connection.</summary>
    public IReadOnlyList<(int Connection, string Request)> Requests => [.. _requests];

    /// <summary>Numbers of the connections that the requests came on, in order.</summary>
    public int[] RequestConnections => [.. _requests.Select(request => request.Connection)];

    /// <summary>An origin whose connections the test takes and drives.</summary>
    public static ScriptedOrigin Driven() => new(null);

    /// <summary>The same, with this size of the kernel's receive buffers.</summary>
    public static ScriptedOrigin DrivenWith(int receiveBufferBytes) => new(null, receiveBufferBytes);

    /// <summary>An origin that answers each request with this.</summary>
    public static ScriptedOrigin Answering(string response = OriginConnection.Ok) => new(_ => response);

    /// <summary>An origin that answers each request with this, at an address of its own.</summary>
    public static ScriptedOrigin AnsweringAt(IPEndPoint at, string response) => new(_ => response, at: at);

    /// <summary>An origin at an address of its own that answers each request with what the function makes of it.</summary>
    public static ScriptedOrigin AnsweringAt(IPEndPoint at, Func<string, string> handler) => new(handler, at: at);

    /// <summary>An origin at an address of its own whose connections the test takes and drives.</summary>
    public static ScriptedOrigin DrivenAt(IPEndPoint at) => new(null, at: at);

    /// <summary>An origin on a Unix socket, whose connections the test takes and drives; the file goes away with it.</summary>
    public static ScriptedOrigin DrivenAt(string path) => new(null, at: new UnixDomainSocketEndPoint(path));

    /// <summary>An origin that answers each request with what the function makes of it; "" answers nothing.</summary>
    public static ScriptedOrigin Answering(Func<string, string> handler) => new(handler);

    /// <summary>The same, as the destination of a forward proxy: where the scenes run through a layer, nobody speaks records to it.</summary>
    public ScriptedOrigin AsDestination()
    {
        _isBare = true;
        return this;
    }

    /// <summary>The same, whose connections are secured so.</summary>
    public ScriptedOrigin Secured(Func<Socket, ISecuredPipe> by)
    {
        _secured = by;
        return this;
    }

    /// <summary>The next connection that the proxy opens.</summary>
    public async Task<OriginConnection> Accept() =>
        await Deadline.For(_arrivals.Reader.ReadAsync().AsTask(), () => $"a connection from the proxy; there were {ConnectionCount}");

    public async ValueTask DisposeAsync()
    {
        _listening.Dispose();
        await _accepting;
        foreach (OriginConnection connection in _all)
            await connection.DisposeAsync();
    }

    private async Task AcceptAll()
    {
        try
        {
            while (true)
            {
                Socket socket = await _listening.AcceptAsync();
                int number = _all.Count + 1;
                OriginConnection connection = _secured is null
                    ? new OriginConnection(socket, number, _isBare)
                    : new OriginConnection(socket, number, _secured(socket));
                _all.Enqueue(connection);
                _arrivals.Writer.TryWrite(connection);
                if (_handler is not null)
                    _ = Serve(connection, _handler);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    /// <summary>Answers until the proxy ends the connection; what is asked afterwards is nobody's business.</summary>
    private async Task Serve(OriginConnection connection, Func<string, string> handler)
    {
        try
        {
            while (true)
            {
                string request = await connection.ReadRequest();
                _requests.Enqueue((connection.Number, request));
                await connection.Send(handler(request));
            }
        }
        catch (Exception e) when (e is Xunit.Sdk.XunitException or SocketException or ObjectDisposedException)
        {
            connection.Close();
        }
    }
}
