using System;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Tls;

/// <summary>A proxy whose listener "web" speaks TLS, with the connection log on stdout, before an origin that answers by itself.</summary>
internal sealed class TlsScene(ScriptedOrigin origin, ProxyUnderTest proxy) : IAsyncDisposable
{
    public const string Running = "nativeproxy_tls_handshakes_running";

    public ScriptedOrigin Origin => origin;

    public ProxyUnderTest Proxy => proxy;

    public int Port => proxy.Port();

    /// <param name="listenerLines">TOML of the listener, which begins with its keys; <see cref="Listening"/> makes the usual ones.</param>
    public static Task<TlsScene> Start(params string[] listenerLines) =>
        Start(config => CloseScene.WithConnectionLog(config).Listener(listenerLines));

    /// <param name="change">What the test needs besides one listener and one server.</param>
    public static async Task<TlsScene> Start(Func<ProxyConfig, ProxyConfig> change)
    {
        ScriptedOrigin origin = ScriptedOrigin.Answering();
        return new TlsScene(origin, await ProxyUnderTest.Start(change(ProxyConfig.For(origin))));
    }

    /// <summary>TOML of a listener that speaks TLS and has these certificates; tables may follow.</summary>
    /// <param name="line">A line of <c>[listener.tls]</c>; may be empty.</param>
    /// <param name="certificates">Paths; none = that of a.test.</param>
    public static string[] Listening(string line = "", params string[] certificates) =>
    [
        "[listener.tls]", "enabled = true", line,
        .. (certificates.Length > 0 ? certificates : [TestPki.A]).SelectMany(
            static path => (string[])["[[listener.tls.certificate]]", $"file = \"{path}\""]),
    ];

    /// <summary>The same, where clients show certificates.</summary>
    /// <param name="use">"optional" or "required".</param>
    /// <param name="line">A line more about them.</param>
    /// <param name="certificates">Paths of the listener's own.</param>
    public static string[] AskingClients(string use, string line = "", params string[] certificates) =>
        [.. Listening("", certificates), "[listener.tls.client]", $"certificate = \"{use}\"", $"ca = \"{TestPki.Authority}\"", line];

    /// <summary>How many handshakes with clients ended so: "full", "resumed", "failed".</summary>
    public Task<long> Handshakes(string result) => HandshakesOf(proxy, "client", result);

    public static Task<long> HandshakesOf(ProxyUnderTest proxy, string peer, string result) =>
        proxy.Metric($"nativeproxy_tls_handshakes_total{{peer=\"{peer}\",result=\"{result}\"}}");

    /// <summary>A client whose handshake is done.</summary>
    public Task<TlsClient> Connect(TlsEnd? end = null, string? name = "a.test", nint session = 0) => TlsClient.Connect(Port, end, name, session);

    /// <summary>
    /// One connection has failed for this reason, which stands everywhere, with these words where it is about TLS. The others have not noticed: one
    /// that was there before goes on, a new one is served.
    /// </summary>
    /// <param name="reason">The code.</param>
    /// <param name="by">Who has ended it.</param>
    /// <param name="words">At the end of its line in the log.</param>
    /// <param name="bystander">Connected before.</param>
    /// <param name="another">Connects now, as one does who is welcome.</param>
    /// <param name="isHandshake">It was the handshake that has failed.</param>
    public async Task ExpectFailure(
        string reason, string by, string words, TlsClient bystander, Func<Task<TlsClient>> another, bool isHandshake = true)
    {
        CloseLine line = await CloseScene.ExpectClose(proxy, "client", reason, by);
        Assert.Equal(words, line.Tls);
        Assert.Equal((isHandshake ? 1 : 0, 0), (await Handshakes("failed"), await proxy.Metric(Running)));
        Assert.Equal(200, (await bystander.Ask()).Status);
        await using TlsClient next = await another();
        Assert.Equal(200, (await next.Ask()).Status);
    }

    /// <summary>The same, where nobody needs anything special.</summary>
    public Task ExpectFailure(string reason, string by, string words, TlsClient bystander, bool isHandshake = true) =>
        ExpectFailure(reason, by, words, bystander, () => Connect(), isHandshake);

    public async ValueTask DisposeAsync()
    {
        await proxy.DisposeAsync();
        await origin.DisposeAsync();
    }
}
