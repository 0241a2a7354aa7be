using System;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;

namespace NativeProxy.EndToEnd.Forward;

/// <summary>A forward proxy, a client of it, and an origin on this machine that the client may name.</summary>
internal sealed class ForwardScene(ScriptedOrigin origin, ProxyUnderTest proxy, RawClient client) : IAsyncDisposable
{
    public ScriptedOrigin Origin => origin;

    public ProxyUnderTest Proxy => proxy;

    public RawClient Client => client;

    /// <summary>"http://127.0.0.1:port" of the origin.</summary>
    public string Url => "http://" + origin.Address;

    /// <summary>An origin that answers, behind a proxy that adds nothing to requests.</summary>
    public static Task<ForwardScene> Answering(params string[] listenerLines) => Start(ScriptedOrigin.Answering().AsDestination(), listenerLines);

    /// <summary>An origin that the test drives.</summary>
    public static Task<ForwardScene> Driven(params string[] listenerLines) => Start(ScriptedOrigin.Driven().AsDestination(), listenerLines);

    public static string Connect(string authority, string fields = "") => $"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n{fields}\r\n";

    /// <summary>Opens a tunnel to the origin and returns its end.</summary>
    public async Task<OriginConnection> Tunnel()
    {
        await client.Send(Connect(origin.Address));
        OriginConnection server = await origin.Accept();
        Xunit.Assert.Equal("HTTP/1.1 200 Connection established\r\n\r\n", await client.ReadHead());
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        // Both sides: a tunnel whose client has sent FIN lives on for what the server still has to say.
        await client.DisposeAsync();
        await origin.DisposeAsync();
        await proxy.DisposeAsync();
    }

    private static async Task<ForwardScene> Start(ScriptedOrigin origin, string[] listenerLines)
    {
        ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.Forward("forwarded = { x_forwarded_for = false, x_forwarded_proto = false, x_forwarded_host = false, via = \"us\" }")
            .Listener(listenerLines));
        return new ForwardScene(origin, proxy, await proxy.Connect());
    }
}
