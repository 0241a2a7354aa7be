using System;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Tasks;
using NativeProxy.Tests.Layers;
using NativeProxy.Transport;
using NativeProxy.Transport.Tls;
using Xunit;
using static NativeProxy.Tests.Transport.Tls.RawClient;

namespace NativeProxy.Tests.Transport.Tls;

/// <summary>What the product sends as records of TLS 1.3, and what it forgets.</summary>
public sealed class RecordStreamTests
{
    private const byte FatalLevel = 2;

    /// <summary>RFC 8446 5.5: a key seals no more than so many records.</summary>
    [Theory]
    [InlineData(Aes128)]
    [InlineData(Aes256)]
    [InlineData(Chacha)]
    public async Task KeyThatHasSealedTheMostRecords_IsFollowedByANewOne(string suite)
    {
        const int Rest = 3;
        byte[] secret = RandomNumberGenerator.GetBytes(suite == Aes256 ? 48 : 32);
        var client = new RawClient(suite, secret, secret, RecordSuite.RecordsMax - Rest);
        LinkEnds ends = LinkEnds.Tls(RecordFate.Policy(opensRecords: true), client);
        await using LayerLink link = await LayerLink.Begin(LinkKind.SimulatedReadiness, isServer: true, ends, isSecured: false);
        var stream = new RecordStream();
        await link.On(connection =>
        {
            stream.Note(true, Hex(secret));
            stream.Note(false, Hex(secret));
            Assert.True(stream.TryBegin(RecordSuite.Of(suite), RecordSuite.RecordsMax - Rest));
            var sizes = new RecordSizes(10);
            LayerOutput output = connection.Loop.Layers.Output;
            output.Begin(connection, mayHold: false);
            stream.Seal(Encoding.ASCII.GetBytes(new string('a', 55)), ref sizes, output);
            output.End();
            stream.Release(connection.Loop.Pools);
        });
        await link.Until(() => link.PeerReceivedBytes == 55, "all of it");

        byte[] types = [.. client.Records.Select(static record => record.Type)];
        Assert.Equal([ContentType, ContentType, ContentType, HandshakeType, ContentType, ContentType, ContentType], types);
        Assert.Equal([KeyUpdateMessage, 0, 0, 1, 0], client.Records[Rest].Content);
    }

    [Fact]
    public void StreamWithoutBothSecretsOrASuite_DoesNotBegin()
    {
        TlsTesting.Trust();
        byte[] hex = Hex(new byte[32]);
        RecordSuite suite = RecordSuite.Of(Aes128)!;
        Assert.False(new RecordStream().TryBegin(suite, 0));
        foreach (bool fromClient in (bool[])[true, false])
        {
            var half = new RecordStream();
            half.Note(fromClient, hex);
            Assert.False(half.TryBegin(suite, 0));
            half.Note(!fromClient, "not hexadecimal"u8);
            Assert.False(half.TryBegin(suite, 0));
            half.Note(!fromClient, new byte[98]);
            Assert.False(half.TryBegin(suite, 0));
            half.Note(!fromClient, hex);
            Assert.False(half.TryBegin(null, 0));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task BehindCloseNotify_NothingIsSent(bool opensRecords)
    {
        (LayerLink link, RawClient client) = await RecordFate.Open(opensRecords);
        await using (link)
        {
            await link.On(static connection => connection.ShutdownSend());
            await RecordFate.Quiet(link, client);
            client.UpdateKey(asks: 1);
            client.Seal("still heard"u8);
            link.Ship(link.TakePeerOutput());
            await link.UntilReceived(11);
            client.Ship([23, 3, 3, 0, 30, .. new byte[30]]);
            link.Ship(link.TakePeerOutput());
            await link.UntilSeen("failed ConnectionAborted");
            await RecordFate.Quiet(link, client);

            Assert.Equal([1, 0], client.Records[^1].Content);
            Assert.Equal(0, client.CountOf(KeyUpdateMessage));
        }
    }

    /// <summary>Not even where the connection would still take it.</summary>
    [Fact]
    public async Task AlertBehindAnAnnouncedEnd_IsNotSealed()
    {
        byte[] secret = RandomNumberGenerator.GetBytes(32);
        var client = new RawClient(Aes128, secret, secret, 0);
        LinkEnds ends = LinkEnds.Tls(RecordFate.Policy(opensRecords: true), client);
        await using LayerLink link = await LayerLink.Begin(LinkKind.SimulatedReadiness, isServer: true, ends, isSecured: false);
        var stream = new RecordStream();
        await link.On(connection =>
        {
            stream.Note(true, Hex(secret));
            stream.Note(false, Hex(secret));
            Assert.True(stream.TryBegin(RecordSuite.Of(Aes128), 0));
            LayerOutput output = connection.Loop.Layers.Output;
            output.Begin(connection, mayHold: false);
            stream.AnnounceEnd(output);
            Assert.Equal(0, stream.Open(new byte[30], new byte[100], new byte[100], output));
            output.End();
            Assert.Equal(RecordOutcome.Broken, stream.Outcome);
            stream.Release(connection.Loop.Pools);
        });
        await RecordFate.Quiet(link, client);

        Assert.Equal([1, 0], Assert.Single(client.Records).Content);
    }

    /// <summary>Nothing is sent behind an alert either: what follows what is wrong is not looked at.</summary>
    [Fact]
    public async Task BehindAnAlert_NothingIsSent()
    {
        (LayerLink link, RawClient client) = await RecordFate.Open(opensRecords: true);
        await using (link)
        {
            client.Send(AlertType, [1]);
            client.UpdateKey(asks: 1);
            client.Send(AlertType, [1]);
            link.Ship(link.TakePeerOutput());
            await link.UntilSeen("failed ConnectionAborted");
            await link.On(static connection => connection.ShutdownSend());
            await RecordFate.Quiet(link, client);

            Assert.Equal(FatalLevel, client.Records[^1].Content[0]);
            Assert.Equal(0, client.CountOf(KeyUpdateMessage));
        }
    }

    /// <summary>RFC 8446 4.6.3. Some wait for it before they go on.</summary>
    [Fact]
    public async Task RequestForNewKeys_IsAnsweredAtOnce()
    {
        (LayerLink link, RawClient client) = await RecordFate.Open(opensRecords: true);
        await using (link)
        {
            for (int round = 1; round <= 3; round++)
            {
                client.Seal("be"u8);
                client.UpdateKey(asks: 1);
                client.Seal("gun"u8);
                link.Ship(link.TakePeerOutput());
                await link.UntilReceived(5 * round);
                await RecordFate.Quiet(link, client);
                Assert.Equal(round, client.CountOf(KeyUpdateMessage));
                await link.On(static connection => connection.Send("done"u8));
                await link.Until(() => link.PeerReceivedBytes == 4 * round, "the content");
                Assert.Equal(round, client.CountOf(KeyUpdateMessage));
            }
        }
    }

    /// <summary>One answer is enough for all that come behind so many, as long as no content goes out.</summary>
    [Fact]
    public async Task RequestsForNewKeysBehindManyOthers_GetOneAnswer_WithTheNextContent()
    {
        const int AtOnce = 32;
        (LayerLink link, RawClient client) = await RecordFate.Open(opensRecords: true);
        await using (link)
        {
            for (int round = 1; round <= 3; round++)
            {
                for (int request = 0; request < AtOnce + round; request++)
                {
                    client.UpdateKey(asks: 1);
                    client.Seal("x"u8);
                }
                client.UpdateKey(asks: 0);
                link.Ship(link.TakePeerOutput());
                await RecordFate.Quiet(link, client);
                Assert.Equal((round * (AtOnce + 1)) - 1, client.CountOf(KeyUpdateMessage));
                await link.On(static connection => connection.Send("new"u8));
                await link.On(static connection => connection.Send("key"u8));
                await link.Until(() => link.PeerReceivedBytes == 6 * round, "the content");
                Assert.Equal(round * (AtOnce + 1), client.CountOf(KeyUpdateMessage));
            }
        }
    }

    /// <summary>Answers that nobody reads are not to pile up.</summary>
    [Fact]
    public async Task RequestsForNewKeysWithoutEnd_FillNoQueue()
    {
        (LayerLink link, RawClient client) = await RecordFate.Open(opensRecords: true);
        await using (link)
        {
            int before = client.Records.Count;
            link.PeerReads = false;
            for (int round = 1; round <= 3000; round++)
            {
                client.UpdateKey(asks: 1);
                client.Seal("x"u8);
                link.Ship(link.TakePeerOutput());
                await link.UntilReceived(round);
            }
            link.PeerReads = true;
            await RecordFate.Quiet(link, client);
            Assert.Equal(before + 32, client.Records.Count);
        }
    }

    /// <summary>Who listens to a stream for long renews keys often, and says nothing.</summary>
    [Fact]
    public async Task NewKeysBetweenContentOfTheOtherDirection_AreNoFlood()
    {
        (LayerLink link, RawClient client) = await RecordFate.Open(opensRecords: true);
        await using (link)
        {
            for (int round = 1; round <= 100; round++)
            {
                client.UpdateKey(asks: 1);
                link.Ship(link.TakePeerOutput());
                await RecordFate.Quiet(link, client);
                await link.On(static connection => connection.Send("piece"u8));
                await link.Until(() => link.PeerReceivedBytes == 5 * round, "the next piece");
            }
            client.Seal("heard"u8);
            link.Ship(link.TakePeerOutput());
            await link.UntilReceived(5);
        }
    }

    [Fact]
    public void KeyThatIsReleased_KnowsNothingOfItsSecret()
    {
        TlsTesting.Trust();
        byte[] secret = RandomNumberGenerator.GetBytes(48);
        byte[] vector = RawKey.Expand(HashAlgorithmName.SHA384, secret, "iv", 12);
        var key = default(RecordKey);
        key.Note(Hex(secret));
        key.Begin(RecordSuite.Of(Aes256)!, seals: true, 0);
        Assert.True(BytesOf(ref key).IndexOf(secret) >= 0 && BytesOf(ref key).IndexOf(vector) >= 0);
        byte[] record = new byte[RecordKey.AddedBytes + 3];
        key.Seal(ContentType, "abc"u8, record);
        Assert.Equal("abc"u8.ToArray(), new RawKey(Aes256, secret).Open(record).Content);
        key.Update();
        byte[] next = RawKey.Expand(HashAlgorithmName.SHA384, secret, "traffic upd", 48);
        Assert.True(BytesOf(ref key).IndexOf(next) >= 0 && BytesOf(ref key).IndexOf(secret) < 0);
        key.Release();

        Assert.False(key.HasSecret);
        Assert.Equal(-1, BytesOf(ref key).IndexOfAnyExcept((byte)0));
    }

    private static ReadOnlySpan<byte> BytesOf(ref RecordKey key) =>
        MemoryMarshal.CreateReadOnlySpan(ref Unsafe.As<RecordKey, byte>(ref key), Unsafe.SizeOf<RecordKey>());

    private static byte[] Hex(byte[] bytes) => Encoding.ASCII.GetBytes(Convert.ToHexStringLower(bytes));
}
