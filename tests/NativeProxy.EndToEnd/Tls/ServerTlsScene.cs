using System;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Tls;

/// <summary>
/// A proxy that speaks TLS to the servers of its listener "web", with the connection log on stdout, and has a listener "other" before a plain one.
/// Its clients speak plain HTTP.
/// </summary>
internal sealed class ServerTlsScene : IAsyncDisposable
{
    private readonly ScriptedOrigin _other;

    private ServerTlsScene(ScriptedOrigin origin, ScriptedOrigin other, ProxyUnderTest proxy) => (Origin, _other, Proxy) = (origin, other, proxy);

    public ScriptedOrigin Origin { get; }

    public ProxyUnderTest Proxy { get; }

    /// <param name="origin">The server.</param>
    /// <param name="upstreamLines">TOML of its upstream besides the usual.</param>
    public static async Task<ServerTlsScene> Start(ScriptedOrigin origin, params string[] upstreamLines)
    {
        ScriptedOrigin other = ScriptedOrigin.Answering();
        ProxyConfig config = CloseScene.WithConnectionLog(ProxyConfig.For(origin)).Upstream([.. Speaking(), "retry.attempts = 1", .. upstreamLines])
            .AddUpstream("plain", other.Address).AddListener("other", "plain");
        return new ServerTlsScene(origin, other, await ProxyUnderTest.Start(config));
    }

    /// <summary>TOML of an upstream that speaks TLS.</summary>
    public static string[] Speaking() => ["tls.enabled = true", $"tls.ca = \"{TestPki.Authority}\""];

    /// <summary>A server with a certificate of these tests that answers by itself.</summary>
    public static ScriptedOrigin Answering(string certificate) =>
        ScriptedOrigin.Answering().Secured(TlsEnd.Server(certificate).Secure);

    /// <summary>A server whose connections the test drives.</summary>
    public static ScriptedOrigin Driven() => ScriptedOrigin.Driven().Secured(TlsEnd.Server(TestPki.Local).Secure);

    public Task<long> Handshakes(string result) => TlsScene.HandshakesOf(Proxy, "server", result);

    /// <summary>
    /// The client gets this status; the one connection to the server was closed for this reason, and other servers are none the worse.
    /// </summary>
    /// <param name="client">Has asked.</param>
    /// <param name="status">What it gets.</param>
    /// <param name="reason">The code.</param>
    /// <param name="by">Who has ended it.</param>
    /// <param name="words">At the end of its line in the log.</param>
    /// <param name="isHandshake">It was the handshake that has failed.</param>
    public async Task ExpectFailure(RawClient client, int status, string reason, string by, string words, bool isHandshake = true)
    {
        Assert.Equal(status, (await client.ReadResponse()).Status);
        CloseLine line = await CloseScene.ExpectClose(Proxy, "server", reason, by);
        Assert.Equal(words, line.Tls);
        Assert.Equal((isHandshake ? 1 : 0, isHandshake ? 0 : 1), (await Handshakes("failed"), await Handshakes("full")));
        Assert.Equal(200, (await Proxy.AskOnce(listener: "other")).Status);
    }

    public async ValueTask DisposeAsync()
    {
        await Proxy.DisposeAsync();
        await Origin.DisposeAsync();
        await _other.DisposeAsync();
    }
}
