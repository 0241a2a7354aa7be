using System;
using System.Collections.Generic;
using System.Globalization;
using System.Threading.Tasks;
using NativeProxy.Tests.Layers;
using NativeProxy.Transport.Tls;
using Xunit;
using Xunit.Abstractions;

namespace NativeProxy.Tests.Transport.Tls;

/// <summary>
/// Flights and records of a real other end, changed, against both sides, while a second connection of the same loop talks on: whatever comes,
/// nothing breaks but the connection that it came on. Short by default; NATIVEPROXY_FUZZ_ROUNDS makes it long, NATIVEPROXY_FUZZ_SEED repeats a run.
/// </summary>
public sealed class TlsFuzzTests(ITestOutputHelper output)
{
    /// <summary>A neighbour, and the world that it lives in, grow old: after so many mutants there is another one.</summary>
    private const int MutantsOfANeighbour = 50;

    private const int FlightsMax = 6;

    [Fact]
    public async Task ChangedFlightsAndRecords_BreakTheirOwnConnectionOnly()
    {
        int seed = Setting("NATIVEPROXY_FUZZ_SEED", Random.Shared.Next());
        int rounds = Setting("NATIVEPROXY_FUZZ_ROUNDS", 2000);
        output.WriteLine($"seed {seed}, {rounds} rounds");
        var random = new Random(seed);
        for (int round = 0; round < rounds; round += MutantsOfANeighbour)
        {
            LinkKind kind = Kind(random);
            bool isServer = random.Next(2) == 0;
            var neighbour = (SimulatedLink)await LayerLink.Open(kind, isServer, new RecordOptions((ulong)random.Next()));
            await using (neighbour)
            {
                for (int i = round; i < Math.Min(rounds, round + MutantsOfANeighbour); i++)
                {
                    try
                    {
                        await TryMutant(neighbour, random);
                    }
                    catch (Exception failure)
                    {
                        throw new InvalidOperationException($"seed {seed}, round {i}", failure);
                    }
                }
            }
        }
    }

    private static async Task TryMutant(SimulatedLink neighbour, Random random)
    {
        LinkKind kind = Kind(random);
        bool isServer = random.Next(2) == 0;
        LinkEnds ends = LinkEnds.For(kind, isServer, new RecordOptions((ulong)random.Next()));
        await using (SimulatedLink link = await SimulatedLink.BeginBeside(neighbour, isServer, ends))
        {
            link.PeerSpeaks = false;
            int changedFlight = random.Next(FlightsMax);
            for (int flight = 0; flight < FlightsMax; flight++)
            {
                await link.Settle();
                if (link.Peer.State == RecordState.Secured && link.Owner.Count(link.SecuredEvent) == 1)
                    await SpeakOn(link, random);
                byte[] wire = link.TakePeerOutput();
                if (flight >= changedFlight && random.Next(3) != 0)
                    wire = TlsMutation.Of(wire, random);
                if (link.PeerEnd is null)
                    TryShip(link, wire);
                await Check(neighbour, random);
                Assert.True(PeerCalls.PeekError() == 0, "an error of OpenSSL is left behind");
            }
            if (random.Next(4) == 0 && link.PeerEnd is null)
                link.ShipEnd();
            await link.Settle();
        }
        Assert.True(PeerCalls.PeekError() == 0, "an error of OpenSSL is left behind");
        Assert.Null(TlsLoop.OfThread.Current);
    }

    /// <summary>Who has failed reads no more, so that there may be no room.</summary>
    private static void TryShip(SimulatedLink link, byte[] wire)
    {
        try
        {
            link.Ship(wire);
        }
        catch (TimeoutException)
        {
        }
    }

    /// <summary>Both sides say something, the other end with all that it can.</summary>
    private static async Task SpeakOn(SimulatedLink link, Random random)
    {
        link.Peer.Seal(new byte[random.Next(1, 3000)]);
        if (random.Next(4) == 0 && link.TlsPeer.Is13)
            link.TlsPeer.UpdateKeys();
        if (random.Next(4) == 0)
            link.Peer.AnnounceEnd();
        await link.On(static connection =>
        {
            connection.StartReceive();
            if (connection.State == NativeProxy.Transport.TcpConnectionState.Open)
                connection.Send("something"u8);
        });
    }

    /// <summary>The neighbour hears what was said to it, to the byte, and nothing else.</summary>
    private static async Task Check(SimulatedLink neighbour, Random random)
    {
        byte[] said = new byte[random.Next(1, 200)];
        random.NextBytes(said);
        int heard = neighbour.Owner.ReceivedBytes;
        int answered = neighbour.PeerReceivedBytes;
        neighbour.PeerSends(said);
        await neighbour.On(connection => connection.Send(said));
        await neighbour.UntilReceived(heard + said.Length);
        await neighbour.Until(() => neighbour.PeerReceivedBytes >= answered + said.Length, "the answer of the neighbour");

        Assert.Equal(said, neighbour.Owner.Received[heard..]);
        Assert.Equal(said, neighbour.PeerReceived[answered..]);
    }

    private static LinkKind Kind(Random random) =>
        random.Next(2) == 0 ? LinkKind.SimulatedReadinessTls12 : LinkKind.SimulatedReadinessTls13;

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out int value) ? value : otherwise;
}

/// <summary>Changes a flight as an attacker, or a broken machine on the way, would.</summary>
internal static class TlsMutation
{
    public static byte[] Of(byte[] wire, Random random)
    {
        if (wire.Length == 0)
            return random.Next(2) == 0 ? [] : Noise(random);
        byte[] changed = [.. wire];
        for (int i = 1 + random.Next(3); i > 0 && changed.Length > 0; i--)
            changed = Once(changed, random);
        return changed;
    }

    private static byte[] Once(byte[] wire, Random random)
    {
        int at = random.Next(wire.Length);
        switch (random.Next(9))
        {
            case 0:
                wire[at] ^= (byte)(1 << random.Next(8));
                return wire;
            case 1:
                wire[at] = (byte)random.Next(256);
                return wire;
            case 2:
                return wire[..at];
            case 3:
                return [.. wire, .. wire];
            case 4:
                return [.. wire[..at], .. Noise(random), .. wire[at..]];
            case 5:
                return [.. wire[..at], .. wire[Math.Min(wire.Length, at + 1 + random.Next(20))..]];
            case 6:
                return InRecords(wire, records => (records[0], records[^1]) = (records[^1], records[0]));
            case 7:
                return InRecords(wire, records => records.Insert(random.Next(records.Count), records[random.Next(records.Count)]));
            default:
                return InRecords(wire, records => ChangeLength(records[random.Next(records.Count)], random));
        }
    }

    /// <summary>The length of the record, or one within a message of the handshake.</summary>
    private static void ChangeLength(byte[] record, Random random)
    {
        int at = random.Next(2) == 0 ? 3 : 6;
        if (record.Length > at + 2)
            record[at + random.Next(2)] = (byte)random.Next(256);
    }

    private static byte[] InRecords(byte[] wire, Action<List<byte[]>> change)
    {
        var records = new List<byte[]>();
        for (int at = 0; at < wire.Length;)
        {
            int end = at + 5 > wire.Length ? wire.Length : Math.Min(wire.Length, at + 5 + ((wire[at + 3] << 8) | wire[at + 4]));
            records.Add(wire[at..end]);
            at = end;
        }
        change(records);
        return [.. System.Linq.Enumerable.SelectMany(records, static record => record)];
    }

    private static byte[] Noise(Random random)
    {
        byte[] noise = new byte[1 + random.Next(100)];
        random.NextBytes(noise);
        if (random.Next(2) == 0)
            noise[0] = (byte)random.Next(20, 25);
        return noise;
    }
}
