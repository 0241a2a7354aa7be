using System;
using System.Threading.Tasks;
using Xunit;

namespace NativeProxy.EndToEnd.Harness;

/// <summary>A client, the proxy, and an origin that the test drives.</summary>
internal class DrivenScene : ClientScene
{
    protected DrivenScene(ScriptedOrigin origin, ProxyUnderTest proxy, RawClient client)
        : base(origin, proxy, client)
    {
    }

    /// <param name="listenerLines">TOML of the listener.</param>
    public static Task<DrivenScene> Start(params string[] listenerLines) => Start(config => config.Listener(listenerLines));

    /// <param name="change">What the test needs besides one listener and one server.</param>
    public static async Task<DrivenScene> Start(Func<ProxyConfig, ProxyConfig> change)
    {
        ScriptedOrigin origin = ScriptedOrigin.Driven();
        ProxyUnderTest proxy = await ProxyUnderTest.Start(change(ProxyConfig.For(origin)));
        return new DrivenScene(origin, proxy, await proxy.Connect());
    }

    /// <summary>
    /// A request of the client, one GET unless said otherwise, which has reached a fresh server connection and waits for its answer.
    /// </summary>
    public async Task<OriginConnection> Ask(string? request = null)
    {
        await Client.Send(request ?? RawClient.Get());
        OriginConnection server = await Origin.Accept();
        await server.ReadRequest();
        return server;
    }

    /// <summary>One GET of the client on a fresh server connection, answered with this.</summary>
    public async Task<OriginConnection> Exchange(string response = OriginConnection.Ok, string? request = null)
    {
        OriginConnection server = await Ask(request);
        await server.Send(response);
        await Client.ReadResponse();
        return server;
    }

    /// <summary>The first line of the access log ends so.</summary>
    public async Task ExpectLineEnd(string end) => Assert.EndsWith(end, (await Proxy.Output.WaitForCount(1))[0], StringComparison.Ordinal);
}
