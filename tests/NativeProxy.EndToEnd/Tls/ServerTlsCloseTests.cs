using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Tls;

/// <summary>
/// Each reason for which TLS ends the connection to a server: the client gets 502, or 504 where time was over; the reason stands in the line, with
/// the words of whoever knows more, and in the counters; other servers are served.
/// </summary>
[Trait("layer", "no")] // it is a layer
[Trait("promise", "B3")]
public sealed class ServerTlsCloseTests
{
    private const byte ProtocolVersion = 70;
    private const byte InternalError = 80;
    private const byte HandshakeFailure = 40;
    private const byte NoApplicationProtocol = 120;

    [Fact]
    [Trait("close", "server:tls_timeout")]
    public async Task ServerThatDoesNotShakeHands_IsGivenUpWhenTheTimeToConnectIsOver()
    {
        await using ServerTlsScene scene = await ServerTlsScene.Start(ScriptedOrigin.Driven(), "timeouts.connect = \"200ms\"");
        await using RawClient client = await scene.Proxy.Connect();
        await client.SendGet();
        await scene.ExpectFailure(client, 504, "tls_timeout", "proxy", "");
    }

    [Fact]
    [Trait("close", "server:tls_aborted")]
    public async Task ServerThatLeavesInTheHandshake_HasAborted()
    {
        await using ServerTlsScene scene = await ServerTlsScene.Start(ScriptedOrigin.Driven());
        await using RawClient client = await scene.Proxy.Connect();
        await client.SendGet();
        OriginConnection server = await scene.Origin.Accept();
        await server.Read(5);
        server.HalfClose();
        await scene.ExpectFailure(client, 502, "tls_aborted", "peer", "");
    }

    /// <summary>An alert that says what is missing is that reason; any other is an alert.</summary>
    [Theory]
    [Trait("close", "server:tls_alert")]
    [Trait("close", "server:tls_version")]
    [Trait("close", "server:tls_cipher")]
    [Trait("close", "server:tls_protocol")]
    [InlineData(InternalError, "tls_alert", "tlsv1 alert internal error")]
    [InlineData(ProtocolVersion, "tls_version", "tlsv1 alert protocol version")]
    [InlineData(HandshakeFailure, "tls_cipher", "sslv3 alert handshake failure")]
    [InlineData(NoApplicationProtocol, "tls_protocol", "tlsv1 alert no application protocol")]
    public async Task ServerThatSendsAnAlert_HasSaidWhy(byte alert, string reason, string words)
    {
        await using ServerTlsScene scene = await ServerTlsScene.Start(ScriptedOrigin.Driven());
        await using RawClient client = await scene.Proxy.Connect();
        await client.SendGet();
        OriginConnection server = await scene.Origin.Accept();
        await server.Read(5);
        await server.Send((byte[])[21, 3, 3, 0, 2, 2, alert]);
        await scene.ExpectFailure(client, 502, reason, "peer", words);
    }

    [Fact]
    [Trait("close", "server:tls_version")]
    public async Task ServerWithoutAVersionThatIsSpoken_IsNotSpokenTo()
    {
        ScriptedOrigin origin = ScriptedOrigin.Answering().Secured(TlsEnd.Server(TestPki.Local, max: LibSsl.Tls12).Secure);
        await using ServerTlsScene scene = await ServerTlsScene.Start(origin, "tls.min_version = \"1.3\"");
        await using RawClient client = await scene.Proxy.Connect();
        await client.SendGet();
        await scene.ExpectFailure(client, 502, "tls_version", "peer", "tlsv1 alert protocol version");
    }

    [Fact]
    [Trait("close", "server:tls_cipher")]
    public async Task ServerWithoutACipherThatIsSpoken_IsNotSpokenTo()
    {
        TlsEnd end = TlsEnd.Server(TestPki.Local, min: LibSsl.Tls13).With("ALL", "TLS_CHACHA20_POLY1305_SHA256");
        await using ServerTlsScene scene = await ServerTlsScene.Start(
            ScriptedOrigin.Answering().Secured(end.Secure), "tls.cipher_suites = [\"TLS_AES_128_GCM_SHA256\"]");
        await using RawClient client = await scene.Proxy.Connect();
        await client.SendGet();
        await scene.ExpectFailure(client, 502, "tls_cipher", "peer", "sslv3 alert handshake failure");
    }

    [Theory]
    [Trait("close", "server:tls_no_handshake")]
    [InlineData("HTTP/1.1 400 Bad Request\r\n\r\n", "http response")]
    [InlineData("220 mail.test ESMTP\r\n", "no handshake record")]
    public async Task ServerThatDoesNotSpeakTls_IsNotSpokenTo(string greeting, string words)
    {
        await using ServerTlsScene scene = await ServerTlsScene.Start(ScriptedOrigin.Driven());
        await using RawClient client = await scene.Proxy.Connect();
        await client.SendGet();
        OriginConnection server = await scene.Origin.Accept();
        await server.Read(5);
        await server.Send(greeting);
        await scene.ExpectFailure(client, 502, "tls_no_handshake", "proxy", words);
    }

    [Fact]
    [Trait("close", "server:tls_wrong_name")]
    public Task ServerWithACertificateForAnother_IsNotSpokenTo() => Refuses(TestPki.A, "tls_wrong_name", "IP address mismatch");

    [Fact]
    [Trait("close", "server:tls_wrong_name")]
    public Task ServerWithACertificateForAnotherName_IsNotSpokenTo() =>
        Refuses(TestPki.Local, "tls_wrong_name", "hostname mismatch", "tls.name = \"other.test\"");

    [Fact]
    [Trait("close", "server:tls_untrusted")]
    public Task ServerOfAnUnknownAuthority_IsNotSpokenTo() =>
        Refuses(TestPki.LocalOfOther, "tls_untrusted", "unable to get local issuer certificate");

    [Fact]
    [Trait("close", "server:tls_expired")]
    public Task ServerOfYesterday_IsNotSpokenTo() => Refuses(TestPki.LocalExpired, "tls_expired", "certificate has expired");

    [Fact]
    [Trait("close", "server:tls_revoked")]
    public Task ServerThatIsRevoked_IsNotSpokenTo() =>
        Refuses(TestPki.LocalRevoked, "tls_revoked", "certificate revoked", $"tls.crl = \"{TestPki.Revocations}\"");

    [Fact]
    [Trait("close", "server:tls_bad_record")]
    public async Task AnswerThatCannotBeOpened_IsNoAnswer()
    {
        await using ServerTlsScene scene = await ServerTlsScene.Start(ServerTlsScene.Driven());
        await using RawClient client = await scene.Proxy.Connect();
        await client.SendGet();
        OriginConnection server = await scene.Origin.Accept();
        await server.ReadRequest();
        await server.Socket.SendAsync((byte[])[23, 3, 3, 0, 32, .. new byte[32]]);
        await scene.ExpectFailure(client, 502, "tls_bad_record", "proxy_reset", "decryption failed or bad record mac", isHandshake: false);
    }

    [Fact]
    [Trait("close", "server:tls_truncated")]
    public async Task AnswerThatEndsWithTheConnection_IsCutWhereNobodyHasSaidThatItEnds()
    {
        await using ServerTlsScene scene = await ServerTlsScene.Start(ServerTlsScene.Driven());
        await using RawClient client = await scene.Proxy.Connect();
        await client.SendGet();
        OriginConnection server = await scene.Origin.Accept();
        await server.ReadRequest();
        await server.Send("HTTP/1.1 200 OK\r\n\r\nhalf");
        server.Socket.Shutdown(System.Net.Sockets.SocketShutdown.Send);
        string text = (await client.ReadToEnd()).Text;

        Assert.EndsWith("half\r\n", text, System.StringComparison.Ordinal);
        await CloseScene.ExpectClose(scene.Proxy, "server", "tls_truncated", "peer");
        await CloseScene.ExpectClose(scene.Proxy, "client", "truncated_response", "proxy");
        Assert.Equal(200, (await scene.Proxy.AskOnce(listener: "other")).Status);
    }

    private static async Task Refuses(string certificate, string reason, string words, params string[] upstreamLines)
    {
        await using ServerTlsScene scene = await ServerTlsScene.Start(ServerTlsScene.Answering(certificate), upstreamLines);
        await using RawClient client = await scene.Proxy.Connect();
        await client.SendGet();
        await scene.ExpectFailure(client, 502, reason, "proxy", words);
    }
}
