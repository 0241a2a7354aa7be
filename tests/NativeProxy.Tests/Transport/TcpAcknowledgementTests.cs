using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.Transport;
using Xunit;

namespace NativeProxy.Tests.Transport;

/// <summary>What the kernel tells about received bytes once the peer has ended the connection, in both engines.</summary>
[Trait("promise", "B2")]
public class TcpAcknowledgementTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task BytesThatThePeerRead_AreAcknowledgedWithItsFin(bool isEpoll)
    {
        await using ConnectedPair pair = await ConnectedPair.Start(isEpoll);
        Assert.Equal(0, await pair.On(static connection => connection.AcknowledgedBytes));
        await pair.Send("0123456789");
        pair.Peer.ReadExactly(10);
        pair.Peer.Dispose();
        await pair.Owner.UntilSeen("end");

        Assert.True(pair.Connection.FinSeen);
        Assert.Equal(10, await pair.On(static connection => connection.AcknowledgedBytes));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task BytesThatCameAfterThePeersEnd_AreNot(bool isEpoll)
    {
        await using ConnectedPair pair = await ConnectedPair.Start(isEpoll);
        pair.Peer.Dispose();
        await pair.Owner.UntilSeen("end");
        Assert.Equal(SendResult.Sent, await pair.Send("0123456789"));
        await pair.Settle();

        Assert.True(pair.Connection.FinSeen);
        Assert.Equal(0, await pair.On(static connection => connection.AcknowledgedBytes));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Reset_IsNoFin(bool isEpoll)
    {
        await using ConnectedPair pair = await ConnectedPair.Start(isEpoll);
        pair.Peer.Reset();
        await pair.Owner.Until(static seen => seen.Count("connected") < seen.Events.Length);

        Assert.True(pair.Connection.EndOfStreamSeen);
        Assert.False(pair.Connection.FinSeen);
    }
}
