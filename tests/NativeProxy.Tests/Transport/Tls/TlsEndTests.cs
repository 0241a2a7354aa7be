using System;
using System.Net.Sockets;
using System.Text;
using System.Threading.Tasks;
using NativeProxy.Tests.Layers;
using NativeProxy.Transport;
using Xunit;

namespace NativeProxy.Tests.Transport.Tls;

/// <summary>How TLS ends: announced by close_notify, or not.</summary>
public sealed class TlsEndTests
{
    /// <summary>Who cuts a stream can send FIN, but nobody else's close_notify.</summary>
    [Theory]
    [MemberData(nameof(LinkData.TlsLinks), MemberType = typeof(LinkData))]
    [Trait("promise", "B20")]
    public async Task CloseNotify_IsACleanEnd_AndFinAloneIsNot(LinkKind kind, bool isServer)
    {
        foreach (bool announces in (bool[])[true, false])
        {
            await using LayerLink link = await LayerLink.Open(kind, isServer);
            link.PeerSends("last");
            if (announces)
                link.PeerAnnouncesEnd();
            link.ShipEnd();
            await link.UntilSeen("end");

            Assert.Equal("last", Encoding.Latin1.GetString(link.Owner.Received));
            Assert.Equal(announces, await link.On(static connection => connection.EndIsClean));
            Assert.Equal([link.SecuredEvent, "end"], link.Signals);
        }
    }

    /// <summary>A record whose end was cut off is not the owner's, wherever the cut is; FIN behind it is no end.</summary>
    [Theory]
    [MemberData(nameof(LinkData.TlsAlone), MemberType = typeof(LinkData))]
    [Trait("promise", "B20")]
    public async Task FinAnywhereInARecordOrInCloseNotify_IsNoCleanEnd(LinkKind kind, bool isServer)
    {
        int length = int.MaxValue;
        for (int cut = 1; cut < length; cut++)
        {
            await using LayerLink link = await LayerLink.Open(kind, isServer, new RecordOptions(2, LaterTickets: 0));
            link.PeerSpeaks = false;
            link.TlsPeer.Write("part"u8);
            link.Peer.AnnounceEnd();
            byte[] wire = link.TakePeerOutput();
            length = wire.Length;
            link.Ship(wire.AsSpan(0, cut));
            link.ShipEnd();
            await link.UntilSeen("end");

            Assert.False(await link.On(static connection => connection.EndIsClean));
            Assert.True(link.Owner.ReceivedBytes is 0 or 4);
        }
    }

    [Theory]
    [MemberData(nameof(LinkData.TlsLinks), MemberType = typeof(LinkData))]
    public async Task HalfCloseOfEitherSide_LeavesTheOtherDirectionOpen(LinkKind kind, bool isServer)
    {
        await using LayerLink ours = await LayerLink.Open(kind, isServer);
        await ours.On(static connection => connection.ShutdownSend());
        await ours.Until(() => ours.Peer.State == RecordState.Ended, "close_notify");
        ours.PeerSends("one");
        ours.PeerSends("two");
        await ours.UntilReceived(6);
        ours.PeerAnnouncesEnd();
        await ours.UntilSeen("end");
        Assert.True(await ours.On(static connection => connection.EndIsClean));
        Assert.Equal(LayerFailure.None, await ours.On(static connection => connection.LayerFailure));

        await using LayerLink theirs = await LayerLink.Open(kind, isServer);
        theirs.PeerAnnouncesEnd();
        await theirs.UntilSeen("end");
        await theirs.On(static connection => connection.Send("one"u8));
        await theirs.On(static connection => connection.Send("two"u8));
        await theirs.Until(() => theirs.PeerReceived.Length == 6, "what comes behind the end");
        await theirs.On(static connection => connection.ShutdownSend());
        await theirs.Until(() => theirs.Peer.State == RecordState.Ended && theirs.PeerEnd == SocketError.Success, "close_notify and FIN");
    }

    /// <summary>New keys that are asked for when this side has nothing more to say must not spoil what it hears.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task NewKeysBehindAHalfClose_AreNoFailure(bool isServer)
    {
        await using LayerLink link = await LayerLink.Open(LinkKind.SimulatedReadinessTls13, isServer);
        await link.On(static connection => connection.ShutdownSend());
        await link.Until(() => link.Peer.State == RecordState.Ended, "close_notify");
        link.TlsPeer.UpdateKeys();
        link.PeerSends("still heard");
        await link.UntilReceived(11);

        Assert.Equal(LayerFailure.None, await link.On(static connection => connection.LayerFailure));
    }

    [Theory]
    [MemberData(nameof(LinkData.TlsLinks), MemberType = typeof(LinkData))]
    public async Task AbortOrResetInEachFlight_LeavesNothingBehind(LinkKind kind, bool isServer)
    {
        foreach (bool isPeers in (bool[])[true, false])
        {
            for (int flights = 0; flights < 4; flights++)
            {
                await using LayerLink link = await LayerLink.Begin(kind, isServer);
                link.PeerSpeaks = false;
                for (int flight = 0; flight < flights; flight++)
                {
                    await link.Settle();
                    byte[] wire = link.TakePeerOutput();
                    if (wire.Length > 0)
                        link.Ship(wire);
                }
                if (isPeers)
                    link.ShipReset();
                else
                    await link.On(static connection => connection.Abort());
                await link.Settle();
            }
        }
    }
}
