using System;
using System.Threading.Tasks;

namespace NativeProxy.EndToEnd.Harness;

/// <summary>A client, the proxy, and an origin that answers each request by itself.</summary>
internal sealed class AnsweringScene : ClientScene
{
    private AnsweringScene(ScriptedOrigin origin, ProxyUnderTest proxy, RawClient client)
        : base(origin, proxy, client)
    {
    }

    /// <param name="response">What each request is answered with.</param>
    /// <param name="change">What the test needs besides one listener and one server.</param>
    public static Task<AnsweringScene> Start(string response = OriginConnection.Ok, Func<ProxyConfig, ProxyConfig>? change = null) =>
        Start(_ => response, change);

    /// <param name="handler">Makes of a request its answer; "" answers nothing.</param>
    /// <param name="change">What the test needs besides one listener and one server.</param>
    public static async Task<AnsweringScene> Start(Func<string, string> handler, Func<ProxyConfig, ProxyConfig>? change = null)
    {
        ScriptedOrigin origin = ScriptedOrigin.Answering(handler);
        ProxyConfig config = ProxyConfig.For(origin);
        ProxyUnderTest proxy = await ProxyUnderTest.Start(change is null ? config : change(config));
        return new AnsweringScene(origin, proxy, await proxy.Connect());
    }
}
