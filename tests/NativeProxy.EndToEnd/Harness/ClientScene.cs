using System;
using System.Threading.Tasks;
using Xunit;

namespace NativeProxy.EndToEnd.Harness;

/// <summary>One client, the proxy under test, and its origin: what the scenes of single subjects have in common.</summary>
internal abstract class ClientScene(ScriptedOrigin origin, ProxyUnderTest proxy, RawClient client) : IAsyncDisposable
{
    public ScriptedOrigin Origin => origin;

    public ProxyUnderTest Proxy => proxy;

    public RawClient Client => client;

    /// <summary>The next response of the client has this status.</summary>
    public async Task ExpectStatus(int status) => Assert.Equal(status, (await client.ReadResponse()).Status);

    public virtual async ValueTask DisposeAsync()
    {
        await client.DisposeAsync();
        await proxy.DisposeAsync();
        await origin.DisposeAsync();
    }
}
