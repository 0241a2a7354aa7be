using System.Threading.Tasks;
using Xunit;

namespace NativeProxy.EndToEnd.Tls;

/// <summary>
/// Each reason for which the certificate of a client ends its connection, over both versions: one of TLS 1.3 hears of it only after its own part of
/// the handshake.
/// </summary>
[Trait("layer", "no")] // it is a layer
[Trait("promise", "S4.10")]
public sealed class ClientCertificateCloseTests
{
    [Theory]
    [Trait("close", "client:tls_no_certificate")]
    [InlineData(LibSsl.Tls12, "sslv3 alert handshake failure")]
    [InlineData(LibSsl.Tls13, "tlsv13 alert certificate required")]
    public Task ClientWithoutACertificate_IsRefused(int version, string alert) =>
        Refuses(version, certificate: null, alert, "tls_no_certificate", "peer did not return a certificate");

    [Theory]
    [Trait("close", "client:tls_untrusted")]
    [InlineData(LibSsl.Tls12)]
    [InlineData(LibSsl.Tls13)]
    public Task ClientOfAnUnknownAuthority_IsRefused(int version) =>
        Refuses(version, TestPki.ClientOfOther, "tlsv1 alert unknown ca", "tls_untrusted", "unable to get local issuer certificate");

    [Theory]
    [Trait("close", "client:tls_expired")]
    [InlineData(LibSsl.Tls12)]
    [InlineData(LibSsl.Tls13)]
    public Task ClientOfYesterday_IsRefused(int version) =>
        Refuses(version, TestPki.ClientExpired, "sslv3 alert certificate expired", "tls_expired", "certificate has expired");

    [Theory]
    [Trait("close", "client:tls_revoked")]
    [InlineData(LibSsl.Tls12)]
    [InlineData(LibSsl.Tls13)]
    public Task ClientThatIsRevoked_IsRefused(int version) =>
        Refuses(version, TestPki.ClientRevoked, "sslv3 alert certificate revoked", "tls_revoked", "certificate revoked");

    private static async Task Refuses(int version, string? certificate, string alert, string reason, string words)
    {
        await using TlsScene scene = await TlsScene.Start(TlsScene.AskingClients("required", $"crl = \"{TestPki.Revocations}\""));
        TlsEnd welcome = TlsEnd.Client().Showing(TestPki.Client);
        await using TlsClient bystander = await scene.Connect(welcome);
        TlsEnd end = TlsEnd.Client(max: version);
        await using TlsClient client = await TlsClient.Begin(scene.Port, certificate is null ? end : end.Showing(certificate));
        Assert.Equal(alert, await client.ExpectRefusal());
        client.Http.Reset();

        await scene.ExpectFailure(reason, "proxy", "a.test: " + words, bystander, () => scene.Connect(welcome));
    }
}
