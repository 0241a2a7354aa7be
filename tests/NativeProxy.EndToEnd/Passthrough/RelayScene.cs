using System;
using System.Net;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;

namespace NativeProxy.EndToEnd.Passthrough;

/// <summary>A listener in mode "tcp" before an origin that the test drives, whose close reasons can be asked; the client sees each byte.</summary>
internal sealed class RelayScene(ScriptedOrigin origin, ProxyUnderTest proxy) : IAsyncDisposable
{
    public ScriptedOrigin Origin => origin;

    public ProxyUnderTest Proxy => proxy;

    /// <param name="listenerLines">TOML of the listener.</param>
    public static Task<RelayScene> Start(params string[] listenerLines) => Start(config => config.Listener(listenerLines));

    /// <param name="change">What the test needs besides one listener and one server.</param>
    public static async Task<RelayScene> Start(Func<ProxyConfig, ProxyConfig> change)
    {
        ScriptedOrigin origin = ScriptedOrigin.Driven();
        ProxyConfig config = CloseScene.WithConnectionLog(ProxyConfig.For(origin).Listener("mode = \"tcp\""));
        return new RelayScene(origin, await ProxyUnderTest.Start(change(config)));
    }

    public Task<RawClient> Connect(IPAddress? from = null) => RawClient.Connect(proxy.Port(), from: from, showsDate: true);

    /// <summary>A client and the connection that the proxy has opened for it.</summary>
    public async Task<(RawClient Client, OriginConnection Server)> Join()
    {
        RawClient client = await Connect();
        return (client, await origin.Accept());
    }

    public async ValueTask DisposeAsync()
    {
        await proxy.DisposeAsync();
        await origin.DisposeAsync();
    }
}
