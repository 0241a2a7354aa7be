using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.Tests.Layers;
using NativeProxy.Transport.Tls;
using Xunit;
using Xunit.Abstractions;

namespace NativeProxy.Tests.Transport.Tls;

/// <summary>Tests that measure the memory of the process run alone.</summary>
[CollectionDefinition(nameof(MemoryOfTheProcess), DisableParallelization = true)]
public sealed class MemoryOfTheProcess;

/// <summary>
/// Connections leave no memory behind, OpenSSL's included, which no pool of ours counts.
/// NATIVEPROXY_FUZZ_ROUNDS makes it long: 24,000 say it clearly.
/// </summary>
[Collection(nameof(MemoryOfTheProcess))]
public sealed class TlsMemoryTests(ITestOutputHelper output)
{
    /// <summary>Less than a session, or a buffer of a record, for every handshake of the long run.</summary>
    private const int GrowthKbMax = 6 * 1024;

    private const int RoundsMax = 24_000;

    /// <summary>What leaks does so in every turn; the heap of a process with gigabytes of other tests behind it may grow in one.</summary>
    private const int TurnsMax = 3;

    [Fact]
    public async Task Handshakes_LeaveNoMemoryBehind_AndTheirLayersAreUsedAgain()
    {
        int rounds = int.TryParse(Environment.GetEnvironmentVariable("NATIVEPROXY_FUZZ_ROUNDS"), CultureInfo.InvariantCulture, out int given)
            ? Math.Min(given, RoundsMax) : 2000;
        TlsServerPolicy server = TlsTesting.Server(TlsTesting.ServerTerms(TestIdentities.A));
        TlsClientPolicy client = TlsTesting.Client(TlsTesting.ClientTerms());
        await Handshakes(server, client, 400);
        TlsLayer[] before = Layers();
        long growth = long.MaxValue;
        for (int turn = 0; turn < TurnsMax && growth > GrowthKbMax; turn++)
        {
            long warm = ResidentKb();
            await Handshakes(server, client, rounds);
            long after = ResidentKb();
            output.WriteLine($"{rounds} handshakes: {warm} KB, then {after} KB");
            growth = after - warm;
        }

        Assert.InRange(growth, long.MinValue, GrowthKbMax);
        Assert.Equal(before, Layers());
    }

    /// <summary>In a world of its own for each few, so that nothing of the simulation piles up; all on this thread.</summary>
    private static async Task Handshakes(TlsServerPolicy server, TlsClientPolicy client, int count)
    {
        for (int i = 0; i < count; i++)
        {
            bool isServer = i % 2 == 0;

            // Both kinds: those that are taken over from OpenSSL, and those of a listener that has learned that it is not worth while.
            if (i < count / 2)
                server.Note(isBrief: false);
            var terms = new TlsPeerTerms(!isServer, i % 4 < 2 ? TlsTerms.Tls13 : TlsTerms.Tls12);
            await using LayerLink link = await TlsTesting.Begin(isServer ? server : client, TlsTesting.Peer(terms));
            await link.Secured();
            link.PeerSends("ping");
            await link.UntilReceived(4);
            if (i % 3 == 0)
                await link.On(static connection => connection.Close());
        }
    }

    /// <summary>Those that wait on this thread: one of each side goes round.</summary>
    private static TlsLayer[] Layers()
    {
        TlsLayer[] lent = [TlsLoop.OfThread.Lend(isServer: true), TlsLoop.OfThread.Lend(isServer: false)];
        foreach (TlsLayer layer in lent.Reverse())
            TlsLoop.OfThread.Return(layer);
        return lent;
    }

    private static long ResidentKb()
    {
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        GC.WaitForPendingFinalizers();
        string line = File.ReadLines("/proc/self/status").First(static line => line.StartsWith("RssAnon:", StringComparison.Ordinal));
        return long.Parse(line["RssAnon:".Length..^"kB".Length], CultureInfo.InvariantCulture);
    }
}
