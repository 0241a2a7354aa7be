using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.Transport;
using Xunit;

namespace NativeProxy.Tests.Transport;

/// <summary>Who ended a connection first is known when it is gone, on both engines.</summary>
[Trait("promise", "S1.8")]
public class FirstEndTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task OurClose_IsOurs(bool isEpoll)
    {
        using var test = new LoopUnderTest(isEpoll: isEpoll);
        (TcpConnection connection, RecordingOwner owner, Socket peer) = await test.Connect();
        using Socket closing = peer;
        await test.Run(connection.Close);
        await owner.UntilClosed();
        Assert.Equal(FirstEnd.Proxy, connection.FirstEnd);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task OurHalfClose_IsOurs_WhenThePeerFollows(bool isEpoll)
    {
        using var test = new LoopUnderTest(isEpoll: isEpoll);
        (TcpConnection connection, RecordingOwner owner, Socket peer) = await test.Connect();
        await test.Run(connection.ShutdownSend);
        Assert.Empty(peer.ReadToEnd());
        peer.Dispose();
        await owner.Until(static seen => seen.Count("end") == 1);
        await test.Run(connection.Close);
        await owner.UntilClosed();
        Assert.Equal(FirstEnd.Proxy, connection.FirstEnd);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ThePeersFin_IsThePeers(bool isEpoll)
    {
        using var test = new LoopUnderTest(isEpoll: isEpoll);
        (TcpConnection connection, RecordingOwner owner, Socket peer) = await test.Connect();
        peer.Dispose();
        await owner.Until(static seen => seen.Count("end") == 1);
        await test.Run(connection.Close);
        await owner.UntilClosed();
        Assert.Equal(FirstEnd.Peer, connection.FirstEnd);
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(false, false)]
    [InlineData(true, true)]
    [InlineData(true, false)]
    public async Task Reset_IsNobodys_WhoeverSendsIt(bool isEpoll, bool byPeer)
    {
        using var test = new LoopUnderTest(isEpoll: isEpoll);
        (TcpConnection connection, RecordingOwner owner, Socket peer) = await test.Connect();
        using Socket closing = peer;
        if (byPeer)
        {
            peer.Reset();
            await owner.Until(static seen => seen.Count("failed ConnectionReset") == 1);
            await test.Run(connection.Close);
        }
        else
        {
            await test.Run(connection.Abort);
        }
        await owner.UntilClosed();
        Assert.Equal(FirstEnd.Reset, connection.FirstEnd);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ConnectThatFails_HasNoSide(bool isEpoll)
    {
        using var test = new LoopUnderTest(isEpoll: isEpoll);
        using Socket refusing = Peers.RefusingPort();
        var owner = new RecordingOwner();
        TcpConnection connection = await test.Run(() => test.Loop.Connect((System.Net.IPEndPoint)refusing.LocalEndPoint!, owner, SocketTuning.Default));
        await owner.Until(static seen => seen.Count("failed ConnectionRefused") == 1);
        await test.Run(connection.Close);
        await owner.UntilClosed();
        Assert.Equal(FirstEnd.None, connection.FirstEnd);
        Assert.Equal((0, 0), await test.Run(() => (test.Loop.ConnectionCount, test.Loop.ClosingCount)));
    }
}
