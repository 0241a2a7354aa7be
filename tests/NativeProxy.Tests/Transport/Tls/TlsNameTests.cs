using System.Threading.Tasks;
using NativeProxy.Tests.Layers;
using NativeProxy.Transport.Tls;
using Xunit;
using static NativeProxy.Transport.Tls.TlsTerms;

namespace NativeProxy.Tests.Transport.Tls;

/// <summary>Which certificate a client is shown.</summary>
public sealed class TlsNameTests
{
    private static readonly TestIdentity OneOfWild = TestIdentities.Authority.Issue(["x.wild.test"]);

    private static readonly TlsServerPolicy Policy = TlsTesting.Server(
        TlsTesting.ServerTerms(TestIdentities.A, TestIdentities.B, TestIdentities.Wildcard, OneOfWild));

    [Theory]
    [InlineData("a.test", "a.test", "a.test")]
    [InlineData("b.test", "b.test", "b.test")]
    [InlineData("B.Test", "b.test", "b.test")]
    [InlineData("b.test.", "b.test", "b.test")]
    [InlineData("one.wild.test", "*.wild.test", "one.wild.test")]
    [InlineData("y.wild.test", "*.wild.test", "y.wild.test")]
    [InlineData("x.wild.test", "x.wild.test", "x.wild.test")]
    [InlineData("two.one.wild.test", "a.test", "two.one.wild.test")]
    [InlineData("wild.test", "a.test", "wild.test")]
    [InlineData("other.test", "a.test", "other.test")]
    [InlineData(null, "a.test", null)]
    public async Task CertificateIsThatOfTheName_ElseTheFirst(string? asked, string shown, string? told)
    {
        foreach (int version in (int[])[Tls12, Tls13])
        {
            await using LayerLink link = await TlsTesting.Begin(Policy, TlsTesting.Peer(new TlsPeerTerms(false, version), asked));
            await link.Secured();

            Assert.Equal(Of(shown).Certificate, link.TlsPeer.PeerCertificate);
            Assert.Equal(told, await link.On(static connection => connection.LayerFacts!.ServerName));
        }
    }

    [Theory]
    [InlineData("a.test")]
    [InlineData("x.wild.test")]
    public async Task KnownName_IsServedWhereOthersAreRefused(string name)
    {
        TlsServerPolicy strict = TlsTesting.Server(
            TlsTesting.ServerTerms(TestIdentities.A, TestIdentities.Wildcard) with { RefusesUnknownNames = true });
        await using LayerLink link = await TlsTesting.Begin(strict, TlsTesting.Peer(new TlsPeerTerms(false, Tls13), name));
        await link.Secured();
    }

    [Theory]
    [InlineData(Tls12, "ECDSA+SHA256", "ECDSA")]
    [InlineData(Tls13, "ECDSA+SHA256", "ECDSA")]
    [InlineData(Tls12, "RSA+SHA256:RSA-PSS+SHA256", "RSA")]
    [InlineData(Tls13, "RSA+SHA256:RSA-PSS+SHA256", "RSA")]
    [InlineData(Tls13, "", "ECDSA")]
    public async Task OneNameWithTwoKindsOfKeys_ShowsTheOneThatTheClientUnderstands(int version, string signatures, string kind)
    {
        TlsServerPolicy policy = TlsTesting.Server(TlsTesting.ServerTerms(TestIdentities.B, TestIdentities.RsaOfA, TestIdentities.A));
        await using LayerLink link = await TlsTesting.Begin(policy, TlsTesting.Peer(new TlsPeerTerms(false, version) { Signatures = signatures }));
        await link.Secured();

        Assert.Equal((kind == "RSA" ? TestIdentities.RsaOfA : TestIdentities.A).Certificate, link.TlsPeer.PeerCertificate);
    }

    private static TestIdentity Of(string name) => name switch
    {
        "a.test" => TestIdentities.A,
        "b.test" => TestIdentities.B,
        "x.wild.test" => OneOfWild,
        _ => TestIdentities.Wildcard,
    };
}
