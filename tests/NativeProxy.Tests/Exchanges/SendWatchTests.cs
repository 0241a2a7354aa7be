using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.Clients;
using NativeProxy.Tests.Transport;
using NativeProxy.Transport;
using Xunit;

namespace NativeProxy.Tests.Exchanges;

/// <summary>On a real connection, in both engines: what counts is what the peer's machine has acknowledged.</summary>
public class SendWatchTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task HasMoved_ExactlyWhenThePeerHasTakenMoreSinceTheLastLook(bool isEpoll)
    {
        using var test = new LoopUnderTest(isEpoll: isEpoll);
        (TcpConnection connection, RecordingOwner owner, Socket _) = await test.Connect();
        SendWatch watch = default;
        watch.Begin(1000);

        await test.Run(() => connection.Send("0123456789"u8));
        await test.Until(() => connection.TakenBytes == 10, "the bytes are acknowledged");
        Assert.True(await test.Run(() => watch.HasMoved(connection)), "nothing is known at the first look");
        Assert.False(await test.Run(() => watch.HasMoved(connection)));
        await test.Run(() => connection.Send("0123456789"u8));
        await test.Until(() => connection.TakenBytes == 20, "the bytes are acknowledged");
        Assert.True(await test.Run(() => watch.HasMoved(connection)));
        Assert.False(await test.Run(() => watch.HasMoved(connection)));

        await test.Run(connection.Close);
        await owner.UntilClosed();
        await test.AssertEmpty();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task WhatOnlyOurKernelTook_IsNotTakenByThePeer(bool isEpoll)
    {
        using var test = new LoopUnderTest(isEpoll: isEpoll);
        (TcpConnection connection, RecordingOwner owner, Socket _) = await test.Connect();
        byte[] bytes = new byte[64 * 1024];
        while (await test.Run(() => connection.Send(bytes)) == SendResult.Sent)
        {
        }

        Assert.InRange(await test.Run(() => connection.TakenBytes), 0, await test.Run(() => connection.SentBytes) - 1);
        await test.Run(connection.Abort);
        await owner.UntilClosed();
        await test.AssertEmpty();
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(1600, 100)]
    [InlineData(3_600_000, 1000)]
    public void Begin_SaysWhenToLookFirst(long timeoutMs, long firstLookMs) => Assert.Equal(firstLookMs, default(SendWatch).Begin(timeoutMs));
}
