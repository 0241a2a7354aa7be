using System;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.Foundation;
using NativeProxy.Tests.Layers;
using NativeProxy.Transport;
using NativeProxy.Transport.Tls;
using Xunit;
using static NativeProxy.Transport.Tls.TlsTerms;

namespace NativeProxy.Tests.Transport.Tls;

/// <summary>Each reason for which a handshake fails is told as what it is, and the other end hears the alert that belongs to it.</summary>
public sealed class TlsFailureTests
{
    private const int HandshakeFailure = 40;
    private const int UnknownAuthority = 48;
    private const int ProtocolVersion = 70;
    private const int UnrecognizedName = 112;
    private const int CertificateRequired = 116;
    private const int NoProtocol = 120;

    private static readonly TlsServerTerms AnyTerms = TlsTesting.ServerTerms(TestIdentities.A);

    [Fact]
    public async Task ClientOfAnOldVersion_FailsByTheVersion()
    {
        await Fails(LayerFailure.Version, ProtocolVersion, AnyTerms, new TlsPeerTerms(false, TlsPeerTerms.Tls11));
        await Fails(LayerFailure.Version, ProtocolVersion, AnyTerms with { Terms = new TlsTerms(Tls13) }, new TlsPeerTerms(false, Tls12));
        await Fails(LayerFailure.Version, ProtocolVersion, AnyTerms with { Terms = new TlsTerms(Tls12, Tls12) }, new TlsPeerTerms(false, Tls13));
    }

    [Fact]
    public async Task ServerOfAnOldVersion_SaysSo() =>
        await Fails(
            LayerFailure.Version, TlsTesting.ClientTerms() with { Terms = new TlsTerms(Tls13) }, new TlsPeerTerms(true, Tls12), "protocol version");

    [Fact]
    public async Task ClientWithoutACommonCipher_FailsByTheCipher()
    {
        await Fails(LayerFailure.Cipher, HandshakeFailure, AnyTerms, new TlsPeerTerms(false, Tls12) { Ciphers = "AES128-SHA" });
        TlsServerTerms suite = AnyTerms with { Terms = new TlsTerms { CipherSuites = "TLS_AES_128_GCM_SHA256" } };
        await Fails(LayerFailure.Cipher, HandshakeFailure, suite, new TlsPeerTerms(false, Tls13) { CipherSuites = "TLS_AES_256_GCM_SHA384" });
        TlsServerTerms group = AnyTerms with { Terms = new TlsTerms { Groups = "P-521" } };
        await Fails(LayerFailure.Cipher, HandshakeFailure, group, new TlsPeerTerms(false, Tls13) { Groups = "P-256" });
        var onlyRsa = new TlsPeerTerms(false, Tls13) { Signatures = "RSA-PSS+SHA256" };
        await Fails(LayerFailure.Cipher, HandshakeFailure, AnyTerms, onlyRsa);
    }

    [Theory]
    [InlineData(Tls12)]
    [InlineData(Tls13)]
    public async Task ClientWithAnotherProtocol_FailsByTheProtocol(int version) =>
        await Fails(LayerFailure.Protocol, NoProtocol, AnyTerms, new TlsPeerTerms(false, version) { Protocol = "h3" });

    [Theory]
    [InlineData(Tls12, "other.test")]
    [InlineData(Tls13, "other.test")]
    [InlineData(Tls13, null)]
    public async Task UnknownName_FailsWhereItIsRefused(int version, string? name) =>
        await Fails(LayerFailure.UnknownName, UnrecognizedName, AnyTerms with { RefusesUnknownNames = true }, new TlsPeerTerms(false, version), name);

    [Theory]
    [InlineData(Tls12, HandshakeFailure)]
    [InlineData(Tls13, CertificateRequired)]
    public async Task ClientWithoutACertificate_FailsWhereOneIsRequired(int version, int alert) =>
        await Fails(LayerFailure.NoCertificate, alert, Asking(TlsTesting.Trust()), new TlsPeerTerms(false, version));

    [Theory]
    [InlineData(Tls12)]
    [InlineData(Tls13)]
    public async Task CertificateOfAStrangersAuthority_IsUntrusted(int version)
    {
        TestIdentity strange = TestIdentities.Stranger.Issue(["a.test"]);
        await Fails(LayerFailure.Untrusted, UnknownAuthority, Asking(TlsTesting.Trust()), new TlsPeerTerms(false, version) { Identity = strange });
        await Fails(LayerFailure.Untrusted, TlsTesting.ClientTerms(), new TlsPeerTerms(true, version) { Identity = strange }, "issuer");
    }

    [Theory]
    [InlineData(Tls12)]
    [InlineData(Tls13)]
    public async Task CertificateThatHasRunOut_IsExpired(int version)
    {
        const int ExpiredAlert = 45;
        TestIdentity old = TestIdentities.Authority.Issue(["a.test"], days: 2);
        await Fails(LayerFailure.Expired, ExpiredAlert, Asking(TlsTesting.Trust()), new TlsPeerTerms(false, version) { Identity = old });
        await Fails(LayerFailure.Expired, TlsTesting.ClientTerms(), new TlsPeerTerms(true, version) { Identity = old }, "expired");
    }

    [Theory]
    [InlineData(Tls12, "b.test")]
    [InlineData(Tls13, "sub.a.test")]
    [InlineData(Tls13, "127.0.0.2")]
    public async Task CertificateForAnotherName_IsOfTheWrongName(int version, string name) =>
        await Fails(LayerFailure.WrongName, TlsTesting.ClientTerms(), new TlsPeerTerms(true, version), "mismatch", name);

    [Theory]
    [InlineData("a.test")]
    [InlineData("A.TEST")]
    [InlineData("127.0.0.1")]
    public async Task CertificateForTheNameOrAddress_IsGood(string name)
    {
        TlsClientPolicy policy = TlsClientPolicy.TryMake(TlsTesting.ClientTerms(), "", name, out _)!;
        await using LayerLink link = await TlsTesting.Begin(policy, TlsTesting.Peer(new TlsPeerTerms(true, Tls13)));
        await link.Secured();
    }

    [Theory]
    [InlineData(Tls12)]
    [InlineData(Tls13)]
    public async Task RevokedCertificate_IsRevoked_AlsoWithoutAListOrWithAnOldOne(int version)
    {
        const int RevokedAlert = 44;
        TestIdentity revoked = TestIdentities.Authority.Issue(["a.test"]);
        TestIdentity good = TestIdentities.Authority.Issue(["a.test"]);
        byte[] list = TestIdentities.Authority.Revoke(400, revoked);
        TrustStore store = TlsTesting.Trust(list);
        var client = new TlsPeerTerms(false, version) { Identity = revoked };
        await Fails(LayerFailure.Revoked, RevokedAlert, Asking(store), client);
        TlsClientTerms terms = TlsTesting.ClientTerms() with { Servers = store };
        await Fails(LayerFailure.Revoked, terms, new TlsPeerTerms(true, version) { Identity = revoked }, "revoked");
        TlsClientTerms old = terms with { Servers = TlsTesting.Trust(TestIdentities.Authority.Revoke(2)) };
        await Fails(LayerFailure.Revoked, old, new TlsPeerTerms(true, version) { Identity = good }, "CRL");
        TlsClientTerms other = terms with { Servers = TlsTesting.Trust(TestIdentities.Stranger.Revoke(400)) };
        await Fails(LayerFailure.Revoked, other, new TlsPeerTerms(true, version) { Identity = good }, "CRL");

        await using LayerLink link = await TlsTesting.Begin(
            TlsTesting.Client(terms), TlsTesting.Peer(new TlsPeerTerms(true, version) { Identity = good }));
        await link.Secured();
    }

    [Theory]
    [InlineData(true, "GET / HTTP/1.1\r\n\r\n", LayerFailure.PlainText)]
    [InlineData(true, "\r\n", LayerFailure.PlainText)]
    [InlineData(false, "HTTP/1.1 400 Bad Request\r\n\r\n", LayerFailure.PlainText)]
    [InlineData(true, "\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10", LayerFailure.NoHandshake)]
    [InlineData(false, "\x80\x2e\x04\x00\x02\x00\x15\x00\x00\x00\x10", LayerFailure.NoHandshake)]
    [InlineData(true, "\x15\x03\x03\x00\x02\x02\x28", LayerFailure.NoHandshake)]
    [InlineData(true, "\x17\x03\x03\x00\x02\x02\x28", LayerFailure.NoHandshake)]
    [InlineData(true, "\x16\x03\x01\x50\x00\x01\x00\x00\x00", LayerFailure.BadRecord)]
    [InlineData(false, "\x16\x03\x01\x50\x00\x01\x00\x00\x00", LayerFailure.BadRecord)]
    [InlineData(true, "\x16\x03\x01\x00\x05\x02\x00\x00\x01\x00", LayerFailure.BadRecord)]
    [InlineData(false, "\x15\x03\x03\x00\x02\x02\x50", LayerFailure.Alert)]
    public async Task BytesInsteadOfAHandshake_AreToldFromEachOther(bool isServer, string bytes, object failure)
    {
        await using LayerLink link = await TlsTesting.Begin(TlsTesting.Policy(isServer), TlsTesting.Peer(new TlsPeerTerms(!isServer, Tls13)));
        link.PeerSpeaks = false;
        link.Ship(bytes.Select(static letter => (byte)letter).ToArray());
        await link.UntilSeen("failed ConnectionAborted");

        Assert.Equal(failure, await link.On(static connection => connection.LayerFailure));
        Assert.NotEmpty(await link.On(static connection => connection.LayerFacts!.Detail!));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task FinWithinTheHandshake_IsAnEarlyEnd(bool isServer)
    {
        await using LayerLink link = await TlsTesting.Begin(TlsTesting.Policy(isServer), TlsTesting.Peer(new TlsPeerTerms(!isServer, Tls13)));
        link.PeerSpeaks = false;
        link.ShipEnd();
        await link.UntilSeen("failed ConnectionAborted");

        Assert.Equal(LayerFailure.EarlyEnd, await link.On(static connection => connection.LayerFailure));
    }

    [Theory]
    [MemberData(nameof(LinkData.TlsAlone), MemberType = typeof(LinkData))]
    public async Task AlertOfThePeer_IsToldInItsWords(LinkKind kind, bool isServer)
    {
        await using LayerLink early = await LayerLink.Begin(kind, isServer);
        early.Peer.GiveUp("the test says so");
        await early.UntilSeen("failed ConnectionAborted");
        Assert.Equal(LayerFailure.Alert, await early.On(static connection => connection.LayerFailure));
        Assert.Contains("alert internal error", await early.On(static connection => connection.LayerFacts!.Detail!), StringComparison.Ordinal);

        await using LayerLink late = await LayerLink.Open(kind, isServer);
        late.Peer.GiveUp("the test says so");
        await late.UntilSeen("failed ConnectionAborted");
        Assert.Equal(LayerFailure.Alert, await late.On(static connection => connection.LayerFailure));
        Assert.Contains("alert", await late.On(static connection => connection.LayerFacts!.Detail!), StringComparison.Ordinal);
        Assert.Equal(ClosedBy.Peer, await late.On(static connection => connection.EndedBy));
    }

    [Fact]
    public async Task Renegotiation_IsRefused()
    {
        await using LayerLink link = await LayerLink.Open(LinkKind.SimulatedReadinessTls12, isServer: true);
        link.TlsPeer.Renegotiate();
        await link.Settle();
        await link.Until(() => link.Peer.State == RecordState.Failed, "no_renegotiation");

        Assert.Contains("renegotiation", link.Peer.Problem, StringComparison.Ordinal);
        Assert.Equal(0, link.Owner.ReceivedBytes);
    }

    private static TlsServerTerms Asking(TrustStore store) =>
        AnyTerms with { ClientCertificate = ClientCertificateDemand.Required, Clients = store, ClientsText = "asked" };

    private static async Task Fails(LayerFailure failure, int alert, TlsServerTerms terms, TlsPeerTerms peer, string? name = "a.test")
    {
        await using LayerLink link = await TlsTesting.Begin(TlsTesting.Server(terms), TlsTesting.Peer(peer, name));
        await link.UntilSeen("failed ConnectionAborted");
        await link.Until(() => link.Peer.HasAlert, "the alert");

        Assert.Equal(failure, await link.On(static connection => connection.LayerFailure));
        Assert.Equal(alert, link.TlsPeer.Alert);
        Assert.NotEmpty(await link.On(static connection => connection.LayerFacts!.Detail!));
    }

    private static async Task Fails(LayerFailure failure, TlsClientTerms terms, TlsPeerTerms peer, string detail, string name = "a.test")
    {
        await using LayerLink link = await TlsTesting.Begin(TlsTesting.Client(terms, name), TlsTesting.Peer(peer));
        await link.UntilSeen("failed ConnectionAborted");

        Assert.Equal(failure, await link.On(static connection => connection.LayerFailure));
        Assert.Contains(detail, await link.On(static connection => connection.LayerFacts!.Detail!), StringComparison.Ordinal);
    }
}
