using System;
using System.Linq;
using System.Net.Sockets;
using System.Text;
using System.Threading.Tasks;
using NativeProxy.Foundation;
using NativeProxy.Tests.Transport;
using NativeProxy.Transport;
using Xunit;

namespace NativeProxy.Tests.Layers;

/// <summary>The state <see cref="TcpConnectionState.Securing"/>: how it is left, well and badly.</summary>
public sealed class LayerHandshakeTests
{
    public static TheoryData<LinkKind, bool> Links => LinkData.Links;

    public static TheoryData<LinkKind, bool> RecordLinks => LinkData.RecordLinks;

    public static TheoryData<LinkKind, bool> RecordSimulated => LinkData.RecordSimulated;

    public static TheoryData<LinkKind> Engines => LinkData.Engines;

    public static TheoryData<LinkKind> LateSecured => LinkData.LateSecured;

    [Theory]
    [MemberData(nameof(Links))]
    public async Task OwnerHearsOneEventOnceTheHandshakeIsDone(LinkKind kind, bool isServer)
    {
        for (ulong seed = 1; seed <= 8; seed++)
        {
            await using LayerLink link = await LayerLink.Begin(kind, isServer, new RecordOptions(seed));
            link.PeerSpeaks = false;
            await link.Settle();
            Assert.Equal(TcpConnectionState.Securing, await link.On(static connection => connection.State));
            Assert.Empty(link.Signals);
            link.PeerSpeaks = true;
            await link.UntilSeen(link.SecuredEvent);
            await link.Until(() => link.Peer.State == RecordState.Secured, "the other end");

            Assert.Equal([link.SecuredEvent], link.Signals);
            Assert.Equal(TcpConnectionState.Open, await link.On(static connection => connection.State));
            Assert.Equal(LayerFailure.None, await link.On(static connection => connection.LayerFailure));
        }
    }

    /// <summary>All that the other end sends comes in two pieces per flight, cut at each place of the flight in turn.</summary>
    [Theory]
    [MemberData(nameof(RecordSimulated))]
    public async Task FlightsCutAnywhere_SecureTheConnection(LinkKind kind, bool isServer)
    {
        int longest = 1;
        for (int cut = 1; cut <= longest; cut += cut < 600 ? 1 : 7)
        {
            await using LayerLink link = await LayerLink.Begin(kind, isServer, new RecordOptions(2));
            link.PeerSpeaks = false;
            while (link.Owner.Events.Length == 0 || link.Peer.State == RecordState.Securing)
            {
                await link.Until(() => link.Peer.Output.WrittenCount > 0 || link.Owner.Events.Length > 0, "the next flight");
                byte[] flight = link.TakePeerOutput();
                longest = Math.Max(longest, flight.Length);
                link.Ship(flight.AsSpan(0, Math.Min(cut, flight.Length)));
                await link.Settle();
                link.Ship(flight.AsSpan(Math.Min(cut, flight.Length)));
                await link.Settle();
            }
            link.PeerSpeaks = true;
            await link.On(static connection => connection.StartReceive());
            link.PeerSends("hello");
            await link.UntilReceived(5);
        }
        Assert.True(longest > 40);
    }

    [Theory]
    [MemberData(nameof(Links))]
    public async Task FlightsThatComeByteByByte_SecureTheConnection(LinkKind kind, bool isServer)
    {
        await using LayerLink link = await LayerLink.Begin(kind, isServer, new RecordOptions(3));
        link.PeerSpeaks = false;
        while (link.Owner.Events.Length == 0 || link.Peer.State == RecordState.Securing)
        {
            await link.Until(() => link.Peer.Output.WrittenCount > 0 || link.Owner.Events.Length > 0, "the next flight");
            foreach (byte one in link.TakePeerOutput())
            {
                link.Ship([one]);
                await link.On(static _ => { });
            }
            await link.Settle();
        }
    }

    /// <summary>What comes with the last flight is heard after the event that says that the connection is secured, if it is asked for.</summary>
    [Theory]
    [MemberData(nameof(Engines))]
    public async Task DataBehindTheLastFlight_ComesAfterTheEventOfTheHandshake(LinkKind kind)
    {
        foreach (bool isServer in (bool[])[true, false])
        {
            await using LayerLink link = await LayerLink.Begin(kind, isServer, new RecordOptions(6, Tickets: 1));
            link.Script = what =>
            {
                if (what == link.SecuredEvent)
                    link.Connection.Send("mine"u8);
            };
            link.PeerSpeaks = false;
            while (link.Peer.State != RecordState.Secured)
            {
                await link.Until(() => link.Peer.Output.WrittenCount > 0 || link.Peer.State == RecordState.Secured, "the next flight");
                if (link.Peer.State == RecordState.Secured)
                    link.Peer.Seal("yours"u8);
                link.Ship(link.TakePeerOutput());
            }
            link.PeerSpeaks = true;
            link.PeerSends(", and more");
            if (!isServer)
                await link.On(static connection => connection.StartReceive());
            await link.UntilReceived(isServer ? 15 : 10);
            await link.Until(() => link.PeerReceived.Length == 4, "what was sent when it was secured");

            Assert.Equal(link.SecuredEvent, link.Owner.Events[0]);
            Assert.EndsWith(", and more", Encoding.Latin1.GetString(link.Owner.Received), StringComparison.Ordinal);
        }
    }

    /// <summary>An accepted connection whose first bytes are not the layer's: those that have come behind them are given to it.</summary>
    [Theory]
    [MemberData(nameof(Engines))]
    public async Task FirstBytesBehindAPreface_AreTheLayers_WhereverTheyAreCut(LinkKind kind)
    {
        const string Preface = "PROXY UNKNOWN\r\n";
        for (int cut = 0; cut < 40; cut++)
        {
            await using LayerLink link = await LayerLink.Begin(kind, isServer: true, new RecordOptions(2), isSecured: false);
            link.PeerSpeaks = false;
            link.Script = what =>
            {
                if (what == "received" && link.Connection.State == TcpConnectionState.Open && link.Owner.Count("secured") == 0)
                    link.Connection.Secure(link.Security, link.Owner.Received.AsSpan(Math.Min(Preface.Length, link.Owner.ReceivedBytes)));
            };
            byte[] flight = link.TakePeerOutput();
            int split = Math.Min(cut * 7, flight.Length);
            link.Ship([.. Encoding.Latin1.GetBytes(Preface), .. flight[..split]]);
            await link.UntilSeen("received");
            await link.Settle();
            link.Ship(flight.AsSpan(split));
            link.PeerSpeaks = true;
            await link.UntilSeen("secured");
            link.PeerSends("hello");
            await link.Until(() => Encoding.Latin1.GetString(link.Owner.Received).EndsWith("hello", StringComparison.Ordinal), "hello");

            Assert.Equal(["secured"], link.Signals);
        }
    }

    [Theory]
    [MemberData(nameof(RecordLinks))]
    public async Task BytesThatAreNoHandshake_FailIt_AndTheOtherEndIsTold(LinkKind kind, bool isServer)
    {
        await using LayerLink link = await LayerLink.Begin(kind, isServer);
        link.PeerSpeaks = false;
        link.Ship("GET / HTTP/1.1\r\nHost: a\r\n\r\n"u8);
        await link.UntilSeen("failed ConnectionAborted");

        Assert.Equal(["failed ConnectionAborted"], link.Signals);
        Assert.Equal(LayerFailure.BadRecord, await link.On(static connection => connection.LayerFailure));
        Assert.Equal(ClosedBy.Proxy, await link.On(static connection => connection.EndedBy));
        await link.On(static connection => connection.Close());
        await link.Until(() => link.Peer.State == RecordState.Failed, "the alert");
        Assert.True(link.Peer.HasAlert);
    }

    [Theory]
    [MemberData(nameof(Links))]
    public async Task AlertWithinTheHandshake_FailsIt(LinkKind kind, bool isServer)
    {
        await using LayerLink link = await LayerLink.Begin(kind, isServer);
        link.Peer.GiveUp("the test says so");
        await link.UntilSeen("failed ConnectionAborted");

        Assert.Equal(LayerFailure.Alert, await link.On(static connection => connection.LayerFailure));
        Assert.Equal(ClosedBy.Peer, await link.On(static connection => connection.EndedBy));
    }

    [Theory]
    [MemberData(nameof(Links))]
    public async Task FinWithinTheHandshake_FailsIt(LinkKind kind, bool isServer)
    {
        await using LayerLink link = await LayerLink.Begin(kind, isServer);
        link.PeerSpeaks = false;
        link.ShipEnd();
        await link.UntilSeen("failed ConnectionAborted");

        Assert.Equal(["failed ConnectionAborted"], link.Signals);
        Assert.Equal(LayerFailure.EarlyEnd, await link.On(static connection => connection.LayerFailure));
        Assert.Equal(ClosedBy.Peer, await link.On(static connection => connection.EndedBy));
        Assert.False(await link.On(static connection => connection.EndIsClean));
    }

    [Theory]
    [MemberData(nameof(Links))]
    public async Task ResetWithinTheHandshake_FailsItAsAnyReset(LinkKind kind, bool isServer)
    {
        await using LayerLink link = await LayerLink.Begin(kind, isServer);
        link.PeerSpeaks = false;
        link.PeerReads = false;
        link.ShipReset();
        await link.UntilSeen("failed ConnectionReset");

        Assert.Equal(["failed ConnectionReset"], link.Signals);
        Assert.Equal(LayerFailure.None, await link.On(static connection => connection.LayerFailure));
        Assert.Equal(ClosedBy.PeerReset, await link.On(static connection => connection.EndedBy));
    }

    [Theory]
    [MemberData(nameof(Links))]
    public async Task CloseWithinTheHandshake_AnnouncesNothing(LinkKind kind, bool isServer)
    {
        await using LayerLink link = await LayerLink.Begin(kind, isServer);
        link.PeerSpeaks = false;
        await link.Settle();
        await link.On(static connection => connection.Close());
        await link.UntilSeen("closed");
        await link.Until(() => link.PeerEnd is not null, "the end at the other end");

        Assert.Equal(["closed"], link.Signals);
        Assert.Equal(RecordState.Securing, link.Peer.State);
    }

    [Theory]
    [MemberData(nameof(Links))]
    public async Task AbortWithinTheHandshake_Resets(LinkKind kind, bool isServer)
    {
        await using LayerLink link = await LayerLink.Begin(kind, isServer);
        link.PeerSpeaks = false;
        await link.Settle();
        await link.On(static connection => connection.Abort());
        await link.UntilSeen("closed");
        await link.Until(() => link.PeerEnd is not null, "the end at the other end");

        Assert.Equal(SocketError.ConnectionReset, link.PeerEnd);
    }

    /// <summary>A handshake that has no buffer to go on with must not hang.</summary>
    [Theory]
    [MemberData(nameof(LateSecured))]
    public async Task DataBehindTheLastFlightThatFindsNoBuffer_FailsTheConnection(LinkKind kind)
    {
        await using LayerLink link = await LayerLink.Begin(kind, isServer: true, new RecordOptions(6), bufferBytes: 0);
        link.PeerSpeaks = false;
        while (link.Peer.State != RecordState.Secured)
        {
            await link.Until(() => link.Peer.Output.WrittenCount > 0, "the next flight");
            if (link.Peer.State == RecordState.Secured)
                link.Peer.Seal("request"u8);
            link.Ship(link.TakePeerOutput());
        }
        await link.UntilSeen("failed NoBufferSpaceAvailable");

        Assert.Equal(["secured", "failed NoBufferSpaceAvailable"], link.Signals);
        Assert.Equal(ClosedBy.Proxy, await link.On(static connection => connection.EndedBy));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task RefusedConnect_GivesItsLayerBack(bool isEpoll)
    {
        using var test = new LoopUnderTest(isEpoll: isEpoll);
        using Socket port = Peers.RefusingPort();
        var security = new RecordSecurity(new RecordOptions(1));
        var owner = new RecordingOwner();
        TcpConnection connection = await test.Run(
            () => test.Loop.Connect((System.Net.IPEndPoint)port.LocalEndPoint!, owner, SocketTuning.Default, security));
        await owner.Until(static seen => seen.Count("failed ConnectionRefused") == 1);
        await test.Run(connection.Close);
        await owner.UntilClosed();

        Assert.Equal(0, security.LentCount);
        await test.AssertEmpty();
    }

    [Fact]
    public void MovesOfAConnection_AreTheLawfulOnes()
    {
        string[] moves =
        [
            .. from state in Enum.GetValues<TcpConnectionState>()
               from next in Enum.GetValues<TcpConnectionState>()
               where state.MayBecome(next)
               select $"{state} {next}",
        ];

        Assert.Equal(
            [
                "Free Connecting", "Free Open", "Connecting Securing", "Connecting Open", "Connecting Closing", "Securing Open",
                "Securing Flushing", "Securing Closing", "Open Securing", "Open Flushing", "Open Closing", "Flushing Closing", "Closing Free",
            ],
            moves);
    }
}
