using System;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Tls;

/// <summary>A client of the proxy that speaks TLS: what it says inside, and the TLS itself.</summary>
internal sealed class TlsClient : IAsyncDisposable
{
    private TlsClient(Socket socket, TlsPipe tls) => (Socket, Tls, Http) = (socket, tls, RawClient.Over(socket, tls));

    /// <summary>For bytes that go around TLS.</summary>
    public Socket Socket { get; }

    public TlsPipe Tls { get; }

    public RawClient Http { get; }

    /// <summary>A client whose handshake runs, or fails.</summary>
    /// <param name="port">Of the proxy.</param>
    /// <param name="end">What the client is; null = one that believes the authority of the tests.</param>
    /// <param name="name">What it asks for; null = no name.</param>
    /// <param name="session">What it offers to resume; 0 = nothing.</param>
    /// <param name="before">Bytes before the handshake.</param>
    public static async Task<TlsClient> Begin(int port, TlsEnd? end = null, string? name = "a.test", nint session = 0, byte[]? before = null)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await Deadline.For(socket.ConnectAsync(IPAddress.Loopback, port), () => $"a connection to port {port}");
        if (before is not null)
            await socket.SendAsync(before);
        return new TlsClient(socket, (end ?? TlsEnd.Client()).Secure(socket, name, session));
    }

    /// <summary>A client whose handshake is done.</summary>
    public static async Task<TlsClient> Connect(int port, TlsEnd? end = null, string? name = "a.test", nint session = 0, byte[]? before = null)
    {
        TlsClient client = await Begin(port, end, name, session, before);
        await Deadline.For(client.Tls.Secured, () => $"the handshake with port {port}");
        return client;
    }

    /// <summary>
    /// The proxy refuses the handshake, which a client of TLS 1.3 may only hear after its own part of it. Returns the words of the alert.
    /// </summary>
    public async Task<string> ExpectRefusal() =>
        (await Assert.ThrowsAsync<TlsFailure>(() => Deadline.For(Tls.Receive(new byte[1]), () => "an alert"))).Message;

    /// <summary>One GET, whose Host is the name that the client has asked for unless said otherwise.</summary>
    public async Task<HttpResponse> Ask(string target = "/", string fields = "", string host = "a.test")
    {
        await Http.Send($"GET {target} HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n");
        return await Http.ReadResponse();
    }

    public ValueTask DisposeAsync() => Http.DisposeAsync();
}
