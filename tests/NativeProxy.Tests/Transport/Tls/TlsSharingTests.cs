using System;
using System.Collections.Generic;
using System.Text;
using System.Threading.Tasks;
using NativeProxy.Tests.Layers;
using NativeProxy.Transport.Tls;
using Xunit;

namespace NativeProxy.Tests.Transport.Tls;

/// <summary>Connections of one thread share the source and the sink of their bytes, and keep no buffer between two calls.</summary>
public sealed class TlsSharingTests
{
    private const int LinkCount = 40;

    /// <summary>Each gets its records in two parts, with all others served in between: a part of a record stays with its connection.</summary>
    [Theory]
    [InlineData(TlsTerms.Tls13, true)]
    [InlineData(TlsTerms.Tls12, true)]
    [InlineData(TlsTerms.Tls13, false)]
    public async Task ManyConnectionsThatGetRecordsInParts_TakeTurns_AndLoseNothing(int version, bool isServer)
    {
        var links = new List<LayerLink>();
        for (int i = 0; i < LinkCount; i++)
        {
            TlsSession peer = TlsTesting.Peer(new TlsPeerTerms(!isServer, version));
            links.Add(await TlsTesting.Begin(TlsTesting.Policy(isServer), peer));
            await links[i].Secured();
            links[i].PeerSpeaks = false;
        }
        int lengthBytes = 0;
        for (int round = 0; round < 4; round++)
        {
            var rest = new List<byte[]>();
            foreach (LayerLink link in links)
            {
                link.Peer.Seal(Text(links.IndexOf(link), round));
                byte[] wire = link.TakePeerOutput();
                link.Ship(wire.AsSpan(0, wire.Length / 2));
                rest.Add(wire[(wire.Length / 2)..]);
                await link.Settle();
            }
            lengthBytes += Text(0, round).Length;
            for (int i = 0; i < LinkCount; i++)
            {
                links[i].Ship(rest[i]);
                await links[i].UntilReceived(lengthBytes);
                await links[i].On(static connection => connection.Send("pong"u8));
                await links[i].Until(() => links[i].PeerReceivedBytes == 4 * (round + 1), "the answer");
            }
        }
        for (int i = 0; i < LinkCount; i++)
        {
            byte[] expected = [.. Text(i, 0), .. Text(i, 1), .. Text(i, 2), .. Text(i, 3)];
            Assert.Equal(expected, links[i].Owner.Received);
            await links[i].DisposeAsync();
        }
    }

    private static byte[] Text(int link, int round) =>
        Encoding.ASCII.GetBytes($"round {round} of {link:D4}: {new string((char)('a' + (link % 26)), 700)}");
}
