using System.Threading.Tasks;
using NativeProxy.Tests.Layers;
using NativeProxy.Transport.Tls;
using Xunit;
using static NativeProxy.Transport.Tls.TlsTerms;

namespace NativeProxy.Tests.Transport.Tls;

/// <summary>Who goes on with a session, and who must not.</summary>
public sealed class TlsResumptionTests
{
    private static readonly TlsServerTerms Terms = TlsTesting.ServerTerms(TestIdentities.A, TestIdentities.B);

    [Theory]
    [InlineData(Tls12)]
    [InlineData(Tls13)]
    public async Task Ticket_ResumesItsSession(int version)
    {
        TlsServerPolicy policy = TlsTesting.Server(Terms);
        Visit first = await Come(policy, version);
        Visit second = await Come(policy, version, session: first.Session);

        Assert.Equal((false, true), (first.IsResumed, second.IsResumed));
    }

    [Theory]
    [InlineData(Tls12)]
    [InlineData(Tls13)]
    public async Task TicketOfOneLoop_ResumesOnAnotherOneWithTheSameKeys(int version)
    {
        TicketRing ring = TicketRing.Random();
        LinkKind kind = LinkKind.Epoll.WithTls(version);
        Visit first = await Come(TlsTesting.Server(Terms, ring), version, kind: kind);
        Visit second = await Come(TlsTesting.Server(Terms, ring), version, session: first.Session, kind: kind);
        Visit stranger = await Come(TlsTesting.Server(Terms), version, session: first.Session, kind: kind);

        Assert.Equal((true, false), (second.IsResumed, stranger.IsResumed));
    }

    [Theory]
    [InlineData(Tls12)]
    [InlineData(Tls13)]
    public async Task TicketOfAnOldKey_OpensOnce_AndIsRenewed(int version)
    {
        TlsServerPolicy policy = TlsTesting.Server(Terms);
        Visit first = await Come(policy, version);
        policy.Tickets = policy.Tickets.Rotated();
        Visit second = await Come(policy, version, session: first.Session);
        policy.Tickets = policy.Tickets.Rotated();
        Visit old = await Come(policy, version, session: first.Session);
        Visit renewed = await Come(policy, version, session: second.Session);

        Assert.Equal((true, false, true), (second.IsResumed, old.IsResumed, renewed.IsResumed));
    }

    /// <summary>CVE-2025-23419: who has been let in under one name must not come in under another one by what was kept of it.</summary>
    [Theory]
    [InlineData(Tls12, 0)]
    [InlineData(Tls13, 0)]
    [InlineData(Tls12, 100)]
    [InlineData(Tls13, 100)]
    [Trait("promise", "B19")]
    public async Task SessionOfOneName_IsNotResumedUnderAnother(int version, int cached)
    {
        TlsServerPolicy policy = TlsTesting.Server(Terms with { HasTickets = cached == 0, SessionCacheCount = cached });
        Visit first = await Come(policy, version);
        Visit other = await Come(policy, version, "b.test", first.Session);
        Visit nameless = await Come(policy, version, name: null, (await Come(policy, version, "b.test")).Session);
        Visit same = await Come(policy, version, session: (await Come(policy, version)).Session);

        Assert.Equal((false, false, true), (other.IsResumed, nameless.IsResumed, same.IsResumed));
    }

    [Theory]
    [InlineData(Tls12)]
    [InlineData(Tls13)]
    [Trait("promise", "B19")]
    public async Task SessionMadeUnderOtherRulesForClients_IsNotResumed(int version)
    {
        TicketRing ring = TicketRing.Random();
        TlsServerTerms asking = Terms with
        {
            ClientCertificate = ClientCertificateDemand.Optional, Clients = TlsTesting.Trust(), ClientsText = "one",
        };
        TlsServerTerms others = asking with { Clients = TlsTesting.Trust(TestIdentities.Stranger), ClientsText = "two" };
        Visit first = await Come(TlsTesting.Server(Terms, ring), version);
        Visit asked = await Come(TlsTesting.Server(asking, ring), version);

        Assert.False((await Come(TlsTesting.Server(asking, ring), version, session: first.Session)).IsResumed);
        Assert.False((await Come(TlsTesting.Server(Terms, ring), version, session: asked.Session)).IsResumed);
        Assert.False((await Come(TlsTesting.Server(others, ring), version, session: asked.Session)).IsResumed);
        Assert.True((await Come(TlsTesting.Server(asking, ring), version, session: asked.Session)).IsResumed);
    }

    /// <summary>What the client has shown belongs to the session: it must not be lost when that goes on.</summary>
    [Theory]
    [InlineData(Tls12)]
    [InlineData(Tls13)]
    public async Task CertificateOfTheClient_IsKnownInAResumedSession(int version)
    {
        TlsServerPolicy policy = TlsTesting.Server(
            Terms with { ClientCertificate = ClientCertificateDemand.Required, Clients = TlsTesting.Trust(), ClientsText = "one" });
        var terms = new TlsPeerTerms(false, version) { Identity = TestIdentities.Client };
        nint session = 0;
        foreach (bool isResumed in (bool[])[false, true])
        {
            await using LayerLink link = await TlsTesting.Begin(policy, TlsTesting.Peer(terms, session: session));
            await Talk(link);
            session = link.TlsPeer.TakeSession();

            Assert.Equal(isResumed, await link.On(static connection => connection.LayerFacts!.IsResumed));
            Assert.Equal(TestIdentities.Client.Certificate, await link.On(static connection => connection.LayerFacts!.PeerCertificate!));
        }
    }

    [Theory]
    [InlineData(Tls12)]
    [InlineData(Tls13)]
    public async Task PolicyWithoutTickets_GivesNone(int version)
    {
        TlsServerPolicy policy = TlsTesting.Server(Terms with { HasTickets = false });
        Visit first = await Come(policy, version);

        Assert.False((await Come(policy, version, session: first.Session)).IsResumed);
    }

    /// <summary>Between its making and the first keys that it shares a policy may be asked already.</summary>
    [Theory]
    [InlineData(Tls12)]
    [InlineData(Tls13)]
    public async Task PolicyThatWasGivenNoKeys_HasItsOwn(int version)
    {
        TlsServerPolicy policy = TlsServerPolicy.TryMake(Terms, out _)!;
        Visit first = await Come(policy, version);

        Assert.True((await Come(policy, version, session: first.Session)).IsResumed);
    }

    [Theory]
    [InlineData(Tls12)]
    [InlineData(Tls13)]
    public async Task ClientPolicy_GoesOnWithItsSession_AndHasOthersForOtherNames(int version)
    {
        TlsClientPolicy policy = TlsTesting.Client(TlsTesting.ClientTerms());
        TlsClientPolicy other = policy.For("", "127.0.0.1");
        bool[] resumed =
        [
            await Goes(policy, version), await Goes(policy, version), await Goes(other, version), await Goes(other, version),
        ];

        Assert.Equal([false, true, false, true], resumed);
    }

    [Theory]
    [InlineData(Tls12)]
    [InlineData(Tls13)]
    public async Task ClientPolicyThatReusesNothing_BeginsAnew(int version)
    {
        TlsClientPolicy policy = TlsTesting.Client(TlsTesting.ClientTerms() with { ReusesSessions = false });

        Assert.Equal((false, false), (await Goes(policy, version), await Goes(policy, version)));
    }

    private static async Task<bool> Goes(TlsClientPolicy policy, int version)
    {
        var peer = new TlsSession(new TlsPeerTerms(true, version), new RecordOptions(3, LaterTickets: 0));
        await using LayerLink link = await TlsTesting.Begin(policy, peer);
        await Talk(link);
        return await link.On(static connection => connection.LayerFacts!.IsResumed);
    }

    private static async Task<Visit> Come(
        TlsServerPolicy policy, int version, string? name = "a.test", nint session = 0, LinkKind kind = LinkKind.SimulatedReadiness)
    {
        await using LayerLink link = await TlsTesting.Begin(policy, TlsTesting.Peer(new TlsPeerTerms(false, version), name, session), kind);
        await Talk(link);
        bool isResumed = await link.On(static connection => connection.LayerFacts!.IsResumed);
        Assert.Equal(isResumed, link.TlsPeer.IsResumed);
        return new Visit(isResumed, link.TlsPeer.TakeSession());
    }

    /// <summary>Tickets have come when what is behind them has.</summary>
    private static async Task Talk(LayerLink link)
    {
        await link.Secured();
        link.PeerSends("ping");
        await link.UntilReceived(4);
        await link.On(static connection => connection.Send("pong"u8));
        await link.Until(() => link.PeerReceived.Length == 4, "pong");
    }

    private readonly record struct Visit(bool IsResumed, nint Session);
}
