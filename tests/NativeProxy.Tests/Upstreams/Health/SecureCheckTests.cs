using System;
using System.IO;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.Pipes;
using NativeProxy.Tests.Hosting;
using NativeProxy.Tests.Transport;
using NativeProxy.Upstreams.Health;
using Xunit;

namespace NativeProxy.Tests.Upstreams.Health;

/// <summary>One check inside TLS against a server of the test.</summary>
public sealed class SecureCheckTests : IDisposable
{
    private readonly CancellationTokenSource _over = new();
    private readonly TestAuthority _authority = new("authority of the test");
    private readonly Socket _listener = Peers.Listen();

    /// <summary>What the server was asked for, and shown.</summary>
    private (string Name, X509Certificate? Client) _seen = ("", null);

    public void Dispose()
    {
        _listener.Dispose();
        _authority.Dispose();
        _over.Dispose();
    }

    [Theory]
    [InlineData("a.test", "a.test", "a.test", "it speaks TLS", true)]
    [InlineData("*.test", "a.test", "a.test", "it speaks TLS", true)]
    [InlineData("a.test", "", "a.test", "it speaks TLS", true)]
    [InlineData("127.0.0.1", "", "127.0.0.1", "it speaks TLS", true)]
    [InlineData("a.test", "b.test", "b.test", "its certificate is for a.test, not for b.test", false)]
    [InlineData("a.test", "a.test", "b.test", "its certificate is for a.test, not for b.test", false)]
    [InlineData("127.0.0.1", "", "127.0.0.2", "its certificate is for 127.0.0.1, not for 127.0.0.2", false)]
    public async Task Name_IsSentAndVerified(string certificate, string sent, string verified, string text, bool passed)
    {
        using X509Certificate2 own = _authority.Sign(certificate);

        CheckResult result = await Check(own, new HealthTls(Identity(), sent, verified), new HandshakeQuestion());

        Assert.Equal((text, passed), (result.Text, result.Passed));
        Assert.Equal(sent, _seen.Name);
    }

    [Fact]
    public async Task ExpiredCertificate_Fails()
    {
        using X509Certificate2 own = _authority.Sign("a.test", days: -3);

        CheckResult result = await Check(own, For("a.test", Identity()), new HandshakeQuestion());

        Assert.Equal((CheckOutcome.BadCertificate, false), (result.Outcome, result.Passed));
        Assert.Equal($"its certificate expired on {DateTime.UtcNow.AddDays(-3):yyyy-MM-dd}", result.Text);
    }

    [Fact]
    public async Task UnknownAuthority_Fails()
    {
        using var other = new TestAuthority("somebody else");
        using X509Certificate2 own = other.Sign("a.test");

        CheckResult result = await Check(own, For("a.test", Identity()), new HandshakeQuestion());

        Assert.Equal((false, "its certificate is not of a known authority, but of CN=somebody else"), (result.Passed, result.Text));
    }

    [Theory]
    [InlineData(true, "it speaks TLS")]
    [InlineData(false, "its certificate is signed by itself, and not known")]
    public async Task SelfSignedCertificate_PassesWhenItIsKnown(bool isKnown, string text)
    {
        using X509Certificate2 own = TestAuthority.SelfSigned("a.test");
        HealthIdentity identity = isKnown ? new HealthIdentity("") { Authorities = [own] } : Identity();

        Assert.Equal(text, (await Check(own, For("a.test", identity), new HandshakeQuestion())).Text);
    }

    [Fact]
    public async Task CertificateThatHasIssuerAndNumberOfAKnownOne_Fails()
    {
        using X509Certificate2 known = TestAuthority.SelfSigned("a.test");
        using X509Certificate2 forged = TestAuthority.SelfSigned("a.test");
        Assert.Equal(known, forged);

        CheckResult result = await Check(forged, For("a.test", new HealthIdentity("") { Authorities = [known] }), new HandshakeQuestion());

        Assert.Equal(CheckOutcome.BadCertificate, result.Outcome);
    }

    [Fact]
    public async Task KnownCertificateWhoseAuthorityIsNot_Passes()
    {
        using X509Certificate2 own = _authority.Sign("a.test");

        Assert.True((await Check(own, For("a.test", new HealthIdentity("") { Authorities = [own] }), new HandshakeQuestion())).Passed);
    }

    [Theory]
    [InlineData(10, false, "it speaks TLS")]
    [InlineData(10, true, "its certificate is revoked")]
    [InlineData(-1, false, "the revocation list of its authority CN=authority of the test is out of date")]
    public async Task RevokedCertificate_Fails(int days, bool isRevoked, string text)
    {
        using X509Certificate2 own = _authority.Sign("a.test");
        byte[] list = isRevoked ? _authority.Revoke(days, own) : _authority.Revoke(days);
        HealthIdentity identity = Identity() with { Revocations = [RevocationList.Read(list)] };

        Assert.Equal(text, (await Check(own, For("a.test", identity), new HandshakeQuestion())).Text);
    }

    [Fact]
    public async Task WithoutVerification_AnyCertificatePasses()
    {
        using X509Certificate2 own = TestAuthority.SelfSigned("b.test");

        Assert.True((await Check(own, For("a.test", new HealthIdentity("") { Verifies = false }), new HandshakeQuestion())).Passed);
    }

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task CertificateOfTheProxy_IsShown_AndMissedWhereThereIsNone(SslProtocols version)
    {
        using X509Certificate2 own = _authority.Sign("a.test");
        using X509Certificate2 client = _authority.Sign("proxy.test");
        HealthIdentity identity = Identity() with { Versions = version };
        HealthIdentity shown = identity with { Own = SslStreamCertificateContext.Create(client, [], offline: true) };

        CheckResult given = await Check(own, For("a.test", shown), Asking(), Http("204 No Content"), asksClient: true);
        Assert.True(given.Passed, given.Text);
        Assert.Equal(client.GetCertHashString(), _seen.Client?.GetCertHashString());

        // A server of .NET sends no alert.
        CheckResult missing = await Check(own, For("a.test", identity), Asking(), Http("204 No Content"), asksClient: true);
        Assert.Equal(CheckOutcome.ClosedWithoutResponse, missing.Outcome);
    }

    [Theory]
    [InlineData("error:0A00045C:SSL routines::tlsv13 alert certificate required", "certificate required")]
    [InlineData("error:0A000102:SSL routines::unsupported protocol", "unsupported protocol")]
    [InlineData("Authentication failed because the remote party sent a TLS alert: 'HandshakeFailure'.", "HandshakeFailure")]
    [InlineData("Connection reset by peer", "")]
    public void Refusal_IsTheReasonAlone(string message, string reason) =>
        Assert.Equal(reason, SecureStream.ReasonOf(new IOException("Decrypt failed.", new AuthenticationException(message))));

    [Fact]
    public async Task OtherVersion_IsRefused()
    {
        using X509Certificate2 own = _authority.Sign("a.test");
        HealthTls tls = For("a.test", Identity() with { Versions = SslProtocols.Tls13 });

        CheckResult result = await Check(own, tls, new HandshakeQuestion(), version: SslProtocols.Tls12);

        Assert.Equal("it refuses the TLS handshake: protocol version", result.Text);
    }

    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request\r\n\r\n", "it does not answer a ClientHello with TLS")]
    [InlineData("", "it closes the connection in the TLS handshake")]
    public async Task ServerWithoutTls_Fails(string answer, string text)
    {
        Task<CheckResult> check = Begin(For("a.test", Identity()), new HandshakeQuestion());
        using (Socket server = Peers.Accept(_listener))
        {
            server.ReadExactly(5);
            server.SendText(answer);
            server.Shutdown(SocketShutdown.Send);
            server.ReadToEnd();
        }

        Assert.Equal(text, (await check).Text);
    }

    [Fact]
    public async Task SilentServer_FailsWhenTheTimeIsOver_AndIsReset()
    {
        Task<CheckResult> check = Begin(For("a.test", Identity()), new HandshakeQuestion());
        using Socket server = Peers.Accept(_listener);
        server.ReadExactly(5);
        await _over.CancelAsync();

        Assert.Equal("it does not finish the TLS handshake in time", (await check).Text);
        Assert.Equal(SocketError.ConnectionReset, server.ReadToError());
    }

    [Theory]
    [InlineData("200 OK", "it answers with status 200")]
    [InlineData("503 No", "it answers with status 503")]
    public async Task HttpCheck_IsAskedInside(string status, string text)
    {
        using X509Certificate2 own = _authority.Sign("a.test");

        Assert.Equal(text, (await Check(own, For("a.test", Identity()), Asking(), Http(status))).Text);
    }

    [Theory]
    [InlineData("+PONG\r\n", "it says what is expected")]
    [InlineData("-ERR\r\n", "it does not say what is expected")]
    [InlineData("", "it closes the connection without an answer")]
    public async Task TcpCheck_ExpectsItsTextInside(string answer, string text)
    {
        using X509Certificate2 own = _authority.Sign("a.test");

        Assert.Equal(text, (await Check(own, For("a.test", Identity()), new TcpQuestion("PING\r\n", "+PONG"), answer)).Text);
    }

    [Fact]
    public void OtherIdentity_IsAnotherCheck()
    {
        static ConnectionCheck With(HealthTls? tls) => new(IPEndPoint.Parse("127.0.0.1:80"), new HandshakeQuestion()) { Tls = tls };

        HealthIdentity same = new HealthIdentity("1") { Authorities = [_authority.Certificate] };
        Assert.True(With(For("a.test", new HealthIdentity("1"))).IsSameAs(With(For("a.test", same))));
        Assert.False(With(For("a.test", new HealthIdentity("2"))).IsSameAs(With(For("a.test", same))));
        Assert.False(With(For("b.test", same)).IsSameAs(With(For("a.test", same))));
        Assert.False(With(null).IsSameAs(With(For("a.test", same))));
    }

    private static HealthTls For(string name, HealthIdentity identity) => new(identity, name, name);

    private HealthIdentity Identity() => new("") { Authorities = [_authority.Certificate] };

    private static string Http(string status) => $"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n";

    private static HttpQuestion Asking() => HttpQuestion.Of(ServerUnderTest.SettingsOf("[upstream.health]\ntype = \"http\"").Health, "a.test");

    private async Task<CheckResult> Check(X509Certificate2 certificate, HealthTls tls, HealthQuestion question, string answer = "",
        bool asksClient = false, SslProtocols version = SslProtocols.Tls12 | SslProtocols.Tls13)
    {
        Task<CheckResult> check = Begin(tls, question);
        using Socket socket = Peers.Accept(_listener);
        await Serve(socket, certificate, answer, asksClient, version).WaitAsync(LoopUnderTest.Deadline);
        return await check;
    }

    /// <summary>The check is over by itself, and has said one thing.</summary>
    private async Task<CheckResult> Begin(HealthTls tls, HealthQuestion question)
    {
        CheckResult? said = null;
        await new ConnectionCheck(_listener.LocalEndPoint!, question) { Tls = tls }.RunAsync(
            result =>
            {
                Assert.Null(said);
                said = result;
            },
            _over.Token).WaitAsync(LoopUnderTest.Deadline);
        return said!.Value;
    }

    /// <summary>Shakes hands, reads what comes, answers and closes in order.</summary>
    private async Task Serve(Socket socket, X509Certificate2 certificate, string answer, bool asksClient, SslProtocols version)
    {
        await using var network = new NetworkStream(socket, ownsSocket: false);
        await using var tls = new SslStream(network);
        try
        {
            await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
            {
                ServerCertificateContext = SslStreamCertificateContext.Create(certificate, [], offline: true),
                EnabledSslProtocols = version,
                ClientCertificateRequired = asksClient,
                RemoteCertificateValidationCallback = (_, shown, _, _) => !asksClient || shown is not null,
            });
            _seen = (tls.TargetHostName, tls.RemoteCertificate is { } client ? new X509Certificate2(client) : null);
            byte[] asked = new byte[4096];
            if (await tls.ReadAsync(asked) > 0)
                await tls.WriteAsync(Encoding.Latin1.GetBytes(answer));
            await tls.ShutdownAsync();
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            // Its client has said why.
        }

        // Whoever goes on here may be the thread that all sockets of the process wait for.
        await Task.Run(() => TrySkip(socket));
    }

    private static void TrySkip(Socket socket)
    {
        try
        {
            socket.Shutdown(SocketShutdown.Send);
            socket.ReadToError();
        }
        catch (SocketException)
        {
            // Gone already.
        }
    }
}
