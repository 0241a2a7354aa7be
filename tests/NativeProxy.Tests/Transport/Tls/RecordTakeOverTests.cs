using System;
using System.Threading.Tasks;
using NativeProxy.Tests.Layers;
using NativeProxy.Transport;
using NativeProxy.Transport.Tls;
using Xunit;
using static NativeProxy.Tests.Transport.Tls.AlertNumber;

namespace NativeProxy.Tests.Transport.Tls;

/// <summary>After which handshakes the product opens the records, and what of the handshake is still known then.</summary>
public sealed class RecordTakeOverTests
{

    private static readonly TlsPeerTerms Client13 = new(false, TlsTerms.Tls13);

    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 100)]
    [InlineData(true, 100)]
    public async Task SessionThatGoesOn_IsTakenOver_AndGoesOnAgain(bool hasTickets, int cached)
    {
        TlsServerPolicy policy = TlsTesting.Server(
            TlsTesting.ServerTerms(TestIdentities.A) with { HasTickets = hasTickets, SessionCacheCount = cached });
        nint session = 0;
        for (int visit = 0; visit < 4; visit++)
        {
            long before = TlsLoop.BytesOfThread;
            await using LayerLink link = await TlsTesting.Begin(policy, TlsTesting.Peer(Client13, session: session));
            await Talk(link);
            session = link.TlsPeer.TakeSession();

            Assert.Equal(visit > 0, await link.On(static connection => connection.LayerFacts!.IsResumed));
            Assert.Equal(TlsLoop.RecordsBytes, TlsLoop.BytesOfThread - before);
        }
    }

    /// <summary>Tickets wait for what follows shortly; an alert in the same call must not: the owner may abort.</summary>
    [Fact]
    public async Task AlertBehindTheLastFlight_IsOutBeforeTheOwnerHearsOfIt()
    {
        var client = new RawClient();
        await using LayerLink link = await TlsTesting.Begin(RecordFate.Policy(true), client);
        link.PeerSpeaks = false;
        link.Ship(link.TakePeerOutput());
        await link.Until(() => client.State == RecordState.Secured, "the keys of the client");
        long flight = await link.On(static connection => connection.SentBytes);
        long atFailure = 0;
        link.Script = what => atFailure = what == "failed" ? link.Connection.SentBytes : atFailure;
        client.Ship([23, 3, 3, 0, 40, .. new byte[40]]);
        link.Ship(link.TakePeerOutput());
        await link.Until(() => client.Alert == BadRecordMac, "the alert");

        Assert.InRange(atFailure, flight + 1, long.MaxValue);
    }

    /// <summary>The take-over costs a part of the handshake, and later requests alone bring it in.</summary>
    [Fact]
    public async Task ConnectionsOfOneRequestEach_StayWithOpenSsl_UntilOneBringsMore()
    {
        const int Many = 256;
        TlsServerPolicy policy = TlsTesting.Server(TlsTesting.ServerTerms(TestIdentities.A));
        for (int i = 0; i < Many; i++)
        {
            Assert.True(policy.OpensRecords);
            await using LayerLink link = await TlsTesting.Begin(policy, TlsTesting.Peer(Client13));
            await Talk(link);
        }
        Assert.False(policy.OpensRecords);

        long before = TlsLoop.BytesOfThread;
        await using LayerLink left = await TlsTesting.Begin(policy, TlsTesting.Peer(Client13));
        await Talk(left);
        Assert.Equal(TlsLoop.LibraryBytes, TlsLoop.BytesOfThread - before);
        left.PeerSends("another");
        await left.UntilReceived(11);
        Assert.True(policy.OpensRecords);
    }

    /// <summary>Tickets are records of our direction, under the key that the product goes on with.</summary>
    [Theory]
    [InlineData(true, 0, 1)]
    [InlineData(false, 0, 0)]
    [InlineData(false, 100, 1)]
    public async Task TicketsBehindTheHandshake_AreCounted(bool hasTickets, int cached, int expected)
    {
        TlsServerTerms terms = TlsTesting.ServerTerms(TestIdentities.A) with { HasTickets = hasTickets, SessionCacheCount = cached };
        var client = new RawClient();
        await using LayerLink link = await TlsTesting.Begin(TlsTesting.Server(terms), client);
        await Talk(link);

        Assert.Equal(expected, client.CountOf(RawClient.TicketMessage));
        Assert.Equal(expected + 1, client.Records.Count);
    }

    [Theory]
    [InlineData((int)ClientCertificateDemand.Optional, true)]
    [InlineData((int)ClientCertificateDemand.Optional, false)]
    [InlineData((int)ClientCertificateDemand.Required, true)]
    public async Task CertificateOfTheClient_IsKnownWhenItsSslIsGone(int demand, bool shows)
    {
        TlsServerPolicy policy = TlsTesting.Server(TlsTesting.ServerTerms(TestIdentities.A) with
        {
            ClientCertificate = (ClientCertificateDemand)demand, Clients = TlsTesting.Trust(), ClientsText = "one",
        });
        var client = new RawClient(terms: Client13 with { Identity = shows ? TestIdentities.Client : null });
        long before = TlsLoop.BytesOfThread;
        await using LayerLink link = await TlsTesting.Begin(policy, client);
        await Talk(link);

        Assert.Equal(TlsLoop.RecordsBytes, TlsLoop.BytesOfThread - before);
        Assert.Equal(
            shows ? TestIdentities.Client.Certificate : null, await link.On(static connection => connection.LayerFacts!.PeerCertificate));
        Assert.Equal("a.test", await link.On(static connection => connection.LayerFacts!.ServerName));
        Assert.Equal("TLSv1.3", await link.On(static connection => connection.LayerFacts!.Version));
        Assert.Equal(RawClient.Aes128, await link.On(static connection => connection.LayerFacts!.Cipher));
    }

    /// <summary>HelloRetryRequest: the first key share is of a group that the server does not have, so that there is a flight more.</summary>
    [Theory]
    [InlineData(RawClient.Aes128)]
    [InlineData(RawClient.Aes256)]
    [InlineData(RawClient.Chacha)]
    public async Task HandshakeThatBeginsTwice_IsTakenOver(string suite)
    {
        TlsServerPolicy policy = TlsTesting.Server(TlsTesting.ServerTerms(TestIdentities.A) with { Terms = new TlsTerms { Groups = "X25519" } });
        var client = new RawClient(suite, Client13 with { Groups = "P-384:X25519" });
        long before = TlsLoop.BytesOfThread;
        await using LayerLink link = await TlsTesting.Begin(policy, client);
        await Talk(link);

        Assert.Equal(TlsLoop.RecordsBytes, TlsLoop.BytesOfThread - before);
        Assert.Equal(1, client.CountOf(RawClient.TicketMessage));
    }

    /// <summary>What is counted of the memory of connections goes back with each of them, however it ends.</summary>
    [Fact]
    public async Task ConnectionsOfEveryKindThatEnd_AreCountedNoMore()
    {
        long before = TlsLoop.BytesOfThread;
        foreach (string suite in (string[])[RawClient.Aes128, RawClient.Aes256, RawClient.Chacha, RawClient.Ccm])
        {
            foreach (bool opensRecords in (bool[])[true, false])
            {
                await RecordFate.Of(opensRecords, static client => client.Seal("good"u8), suite: suite);
                await RecordFate.Of(opensRecords, static client => client.Ship(new byte[100]), suite: suite);
                await RecordFate.Of(opensRecords, static client => client.AnnounceEnd(), suite: suite, ends: true);
                await RecordFate.Of(opensRecords, static client => client.Seal("good"u8), suite: suite, isEarly: true);
                Assert.Equal(before, TlsLoop.BytesOfThread);
            }
        }
        await using (LayerLink other = await TlsTesting.Begin(RecordFate.Policy(true), TlsTesting.Peer(new TlsPeerTerms(false, TlsTerms.Tls12))))
        {
            await Talk(other);
            Assert.Equal(TlsLoop.LibraryBytes, TlsLoop.BytesOfThread - before);
        }
        Assert.Equal(before, TlsLoop.BytesOfThread);
    }

    /// <summary>Nobody else is to suffer when the pools have no block for a part of a record.</summary>
    [Fact]
    public async Task PartOfARecordThatFindsNoBuffer_BreaksItsOwnConnectionOnly()
    {
        var neighbourClient = new RawClient();
        var neighbour = (SimulatedLink)await LayerLink.Begin(
            LinkKind.SimulatedReadiness, isServer: true, LinkEnds.Tls(RecordFate.Policy(true), neighbourClient), bufferBytes: 0);
        await using (neighbour)
        {
            await Talk(neighbour);
            var client = new RawClient();
            SimulatedLink link = await SimulatedLink.BeginBeside(
                neighbour, isServer: true, LinkEnds.Tls(TlsTesting.Server(TlsTesting.ServerTerms(TestIdentities.A)), client));
            await using (link)
            {
                await Talk(link);
                client.Seal("whole"u8);
                byte[] part = client.Key.Seal(RawClient.ContentType, "part"u8);
                client.Ship(part.AsSpan(0, 20));
                link.PeerSpeaks = false;
                link.Ship(link.TakePeerOutput());
                await link.UntilSeen("failed NoBufferSpaceAvailable");

                Assert.Equal("pingwhole"u8.ToArray(), link.Owner.Received);
                Assert.Equal(LayerFailure.None, await link.On(static connection => connection.LayerFailure));
            }
            int heard = neighbour.Owner.ReceivedBytes;
            neighbour.PeerSends("still here");
            await neighbour.UntilReceived(heard + 10);
            Assert.Equal(RecordState.Secured, neighbourClient.State);
        }
    }

    /// <summary>A layer that is lent again knows nothing of the connection before, of whatever kind that was.</summary>
    [Fact]
    public async Task LayerThatIsLentAgain_BeginsAnew()
    {
        Action<RawClient>[] before =
        [
            static client => client.Send(RawClient.HandshakeType, [RawClient.KeyUpdateMessage, 0]),
            static client => client.Ship(client.Key.Seal(RawClient.ContentType, "part"u8).AsSpan(0, 9)),
            static client => client.Send(RawClient.AlertType, [2, 40]),
            static client =>
            {
                for (int i = 0; i < 32; i++)
                    client.Send(RawClient.ContentType, []);
            },
            static client => client.AnnounceEnd(),
        ];
        foreach (Action<RawClient> say in before)
        {
            await RecordFate.Of(true, say);
            RecordFate next = await RecordFate.Of(true, static client =>
            {
                client.UpdateKey(asks: 1);
                client.Seal("heard"u8);
            });
            Assert.Equal(new RecordFate("heard", RecordEnd.GoesOn, LayerFailure.None, -1), next);
        }
    }

    private static async Task Talk(LayerLink link)
    {
        await link.Secured();
        link.PeerSends("ping");
        await link.UntilReceived(4);
        await link.On(static connection => connection.Send("pong"u8));
        await link.Until(() => link.PeerReceivedBytes == 4, "pong");
    }
}
