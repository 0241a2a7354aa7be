using System;
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
        using var test = new LoopUnderTest(isEpoll: isEpoll);
        (TcpConnection connection, RecordingOwner owner, Socket peer) = await test.Connect();
        Assert.Equal(0, await test.Run(() => connection.AcknowledgedBytes));
        await test.Run(() => connection.Send("0123456789"u8));
        byte[] read = new byte[10];
        for (int count = 0; count < read.Length;)
            count += peer.Receive(read.AsSpan(count));
        peer.Dispose();
        await owner.Until(static seen => seen.Count("end") == 1);

        Assert.True(connection.FinSeen);
        Assert.Equal(10, await test.Run(() => connection.AcknowledgedBytes));
        await test.Run(connection.Close);
        await owner.UntilClosed();
        await test.AssertEmpty();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task BytesThatCameAfterThePeersEnd_AreNot(bool isEpoll)
    {
        using var test = new LoopUnderTest(isEpoll: isEpoll);
        (TcpConnection connection, RecordingOwner owner, Socket peer) = await test.Connect();
        peer.Dispose();
        await owner.Until(static seen => seen.Count("end") == 1);
        Assert.Equal(SendResult.Sent, await test.Run(() => connection.Send("0123456789"u8)));
        await test.Settle();

        Assert.True(connection.FinSeen);
        Assert.Equal(0, await test.Run(() => connection.AcknowledgedBytes));
        await test.Run(connection.Abort);
        await owner.UntilClosed();
        await test.AssertEmpty();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Reset_IsNoFin(bool isEpoll)
    {
        using var test = new LoopUnderTest(isEpoll: isEpoll);
        (TcpConnection connection, RecordingOwner owner, Socket peer) = await test.Connect();
        peer.LingerState = new LingerOption(true, 0);
        peer.Dispose();
        await owner.Until(static seen => seen.Count("connected") < seen.Events.Length);

        Assert.True(connection.EndOfStreamSeen);
        Assert.False(connection.FinSeen);
        await test.Run(connection.Abort);
        await owner.UntilClosed();
        await test.AssertEmpty();
    }
}
