using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Tasks;
using NativeProxy.Tests.Layers;
using NativeProxy.Transport;
using NativeProxy.Transport.Tls;
using Xunit;

namespace NativeProxy.Tests.Transport.Tls;

/// <summary>What becomes of a connection after its client has sent some records. Compared by value.</summary>
/// <param name="Heard">Bytes that the owner has heard: as text, or their number and hash.</param>
/// <param name="End">Which way it went.</param>
/// <param name="Failure">What the layer says.</param>
/// <param name="Alert">Number of the alert that the client got; -1 = none.</param>
internal sealed record RecordFate(string Heard, RecordEnd End, LayerFailure Failure, int Alert)
{
    private const int TextBytesMax = 64;

    [ThreadStatic]
    private static TlsServerPolicy? _opening;

    [ThreadStatic]
    private static TlsServerPolicy? _leaving;

    /// <summary>A policy whose records are the product's, or OpenSSL's. One of each for a thread: they are dear.</summary>
    public static TlsServerPolicy Policy(bool opensRecords)
    {
        TlsServerPolicy policy = opensRecords ? _opening ??= Make(true) : _leaving ??= Make(false);

        // Else it learns from many short cases that nothing is gained by it.
        policy.Note(isBrief: false);
        return policy;
    }

    /// <summary>A connection whose handshake is done, and that is opened by whom the policy says.</summary>
    public static async Task<(LayerLink Link, RawClient Client)> Open(bool opensRecords, string suite = RawClient.Aes128)
    {
        long before = TlsLoop.BytesOfThread;
        var client = new RawClient(suite);
        LayerLink link = await TlsTesting.Begin(Policy(opensRecords), client);
        await link.Secured();
        await link.Settle();
        bool isTakenOver = opensRecords && suite != RawClient.Ccm;
        Assert.Equal(isTakenOver ? TlsLoop.RecordsBytes : TlsLoop.LibraryBytes, TlsLoop.BytesOfThread - before);
        link.PeerSpeaks = false;
        return (link, client);
    }

    /// <summary>Lets a client say something, and sees what becomes of it.</summary>
    /// <param name="opensRecords">Who opens the records.</param>
    /// <param name="say">Puts records into the output.</param>
    /// <param name="cut">Makes segments of the output; null = one.</param>
    /// <param name="suite">The cipher.</param>
    /// <param name="ends">FIN follows.</param>
    /// <param name="isEarly">It speaks without a pause behind its last flight, which is the beginning of the output.</param>
    public static async Task<RecordFate> Of(bool opensRecords, Action<RawClient> say, Func<byte[], IEnumerable<byte[]>>? cut = null,
        string suite = RawClient.Aes128, bool ends = false, bool isEarly = false)
    {
        (LayerLink link, RawClient client) = isEarly ? await BeforeLastFlight(opensRecords, suite) : await Open(opensRecords, suite);
        await using (link)
        {
            say(client);
            byte[] wire = link.TakePeerOutput();
            foreach (byte[] segment in cut is null ? [wire] : cut(wire))
            {
                TryShip(link, segment);
                if (cut is not null)
                    await link.Settle();
            }
            await Quiet(link, client);
            if (ends)
            {
                link.ShipEnd();
                await Quiet(link, client);
            }
            return await Judge(link, client);
        }
    }

    /// <summary>The client has its keys, and its last flight is still its own.</summary>
    private static async Task<(LayerLink Link, RawClient Client)> BeforeLastFlight(bool opensRecords, string suite)
    {
        var client = new RawClient(suite);
        LayerLink link = await TlsTesting.Begin(Policy(opensRecords), client);
        link.PeerSpeaks = false;
        link.Ship(link.TakePeerOutput());
        await link.Until(() => client.State == RecordState.Secured, "the keys of the client");
        return (link, client);
    }

    private static async Task<RecordFate> Judge(LayerLink link, RawClient client)
    {
        byte[] heard = link.Owner.Received;
        LayerFailure failure = await link.On(static connection => connection.LayerFailure);
        RecordEnd end = RecordEnd.Broken;
        if (link.Owner.Count("end") > 0)
            end = await link.On(static connection => connection.EndIsClean) ? RecordEnd.Announced : RecordEnd.Cut;
        else if (failure == LayerFailure.None)
            end = await GoesOn(link, client) ? RecordEnd.GoesOn : RecordEnd.Stuck;
        Assert.NotEqual(RecordState.Failed, client.State);
        Assert.InRange(client.Records.Count(static record => record.Type == RawClient.AlertType), 0, 1);
        Assert.True(PeerCalls.PeekError() == 0, "an error of OpenSSL is left behind");
        return new RecordFate(TextOf(heard), end, failure, client.Alert);
    }

    /// <summary>The next record is heard, and one in the other direction is opened.</summary>
    private static async Task<bool> GoesOn(LayerLink link, RawClient client)
    {
        int heard = link.Owner.ReceivedBytes;
        int answered = link.PeerReceivedBytes;
        client.Seal("ping"u8);
        TryShip(link, link.TakePeerOutput());
        await Quiet(link, client);
        await link.On(static connection => connection.Send("pong"u8));
        await Quiet(link, client);
        return link.Owner.ReceivedBytes == heard + 4 && link.PeerReceivedBytes == answered + 4;
    }

    /// <summary>Until nothing more is heard on either side.</summary>
    public static async Task Quiet(LayerLink link, RawClient client)
    {
        (int, int, int) before;
        do
        {
            before = (link.Owner.ReceivedBytes, client.Records.Count, link.Owner.Events.Length);
            await link.Settle();
        }
        while (before != (link.Owner.ReceivedBytes, client.Records.Count, link.Owner.Events.Length));
    }

    /// <summary>Who has failed reads no more, so that there may be no room.</summary>
    private static void TryShip(LayerLink link, byte[] wire)
    {
        try
        {
            link.Ship(wire);
        }
        catch (TimeoutException)
        {
        }
    }

    /// <summary>How a fate shows what was heard.</summary>
    public static string TextOf(byte[] heard) =>
        heard.Length <= TextBytesMax ? Encoding.Latin1.GetString(heard) : $"{heard.Length} {Convert.ToHexString(SHA256.HashData(heard)[..8])}";

    private static TlsServerPolicy Make(bool opensRecords) =>
        TlsTesting.Server(TlsTesting.ServerTerms(TestIdentities.A) with
        {
            OpensRecords = opensRecords,
            Terms = new TlsTerms { CipherSuites = string.Join(':', RawClient.Aes128, RawClient.Aes256, RawClient.Chacha, RawClient.Ccm) },
        });
}

/// <summary>How a connection is after what its client has sent.</summary>
internal enum RecordEnd
{
    /// <summary>The next record of either side is heard.</summary>
    GoesOn,

    /// <summary>Nothing is wrong, but the next record is not heard, or breaks it.</summary>
    Stuck,

    /// <summary>The owner has heard of an end with close_notify.</summary>
    Announced,

    /// <summary>The owner has heard of FIN alone.</summary>
    Cut,

    /// <summary>It has failed.</summary>
    Broken,
}
