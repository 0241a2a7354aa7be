using System;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;

namespace NativeProxy.EndToEnd.Harness;

/// <summary>
/// A client that controls each byte it sends to the proxy and reads responses by their framing. It does not show the Date that the proxy adds
/// (<see cref="AddedDate"/>), unless a test is about it.
/// </summary>
internal sealed class RawClient : TestSocket
{
    private readonly AddedDate _date = new();

    private RawClient(Socket socket, int port)
        : base(socket, isServer: false, RecordPipe.IsBarePort(port))
    {
    }

    private RawClient(Socket socket, ISecuredPipe? pipe)
        : base(socket, pipe)
    {
    }

    /// <summary>Whether a Date of the present is seen.</summary>
    public bool ShowsDate { get; init; }

    /// <summary>This side's port, as the proxy sees it.</summary>
    public int LocalPort => ((IPEndPoint)Socket.LocalEndPoint!).Port;

    /// <param name="port">Port of the proxy on 127.0.0.1.</param>
    /// <param name="receiveBufferBytes">Size of the kernel's receive buffer; 0 = the system's choice.</param>
    /// <param name="from">Loopback address to come from; null = 127.0.0.1.</param>
    /// <param name="showsDate">As <see cref="ShowsDate"/>.</param>
    public static async Task<RawClient> Connect(int port, int receiveBufferBytes = 0, IPAddress? from = null, bool showsDate = false)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        if (receiveBufferBytes > 0)
            socket.ReceiveBufferSize = receiveBufferBytes;
        if (from is not null)
            socket.Bind(new IPEndPoint(from, 0));
        await Deadline.For(socket.ConnectAsync(IPAddress.Loopback, port), () => $"a connection to port {port}");
        var client = new RawClient(socket, port) { ShowsDate = showsDate };
        await Deadline.For(client.Ready, () => $"the handshake with port {port}");
        return client;
    }

    /// <summary>A client on a socket that is connected already; its handshake may still run, or fail.</summary>
    /// <param name="socket">Connected.</param>
    /// <param name="pipe">What secures it; null = nothing.</param>
    public static RawClient Over(Socket socket, ISecuredPipe? pipe) => new(socket, pipe);

    /// <param name="path">Of a Unix socket.</param>
    public static async Task<RawClient> ConnectUnix(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await Deadline.For(socket.ConnectAsync(new UnixDomainSocketEndPoint(path)), () => $"a connection to {path}");
        var client = new RawClient(socket, port: 0) { ShowsDate = true };
        await Deadline.For(client.Ready, () => $"the handshake with {path}");
        return client;
    }

    /// <summary>Sends a request without a body and with a Host field.</summary>
    /// <param name="fields">More field lines, each with its CRLF.</param>
    public Task SendGet(string target = "/", string fields = "") => Send(Get(target, fields));

    public static string Get(string target = "/", string fields = "") => $"GET {target} HTTP/1.1\r\nHost: test\r\n{fields}\r\n";

    public static string Post(string target, string body, string fields = "") =>
        $"POST {target} HTTP/1.1\r\nHost: test\r\n{fields}Content-Length: {body.Length}\r\n\r\n{body}";

    public Task<HttpResponse> ReadResponse(string method = "GET") => HttpResponse.Read(this, method);

    /// <summary>One GET and its response.</summary>
    public async Task<HttpResponse> Ask(string target = "/", string fields = "")
    {
        await SendGet(target, fields);
        return await ReadResponse();
    }

    public override string ToString() => "the client";

    protected override ReadOnlySpan<byte> Visible(ReadOnlySpan<byte> received) => ShowsDate ? received : _date.Visible(received);

    protected override ReadOnlySpan<byte> VisibleAtEnd() => _date.Rest();
}
