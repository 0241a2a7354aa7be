using System.Threading.Tasks;
using NativeProxy.Clients;
using NativeProxy.Tests.Transport;
using NativeProxy.Transport;
using Xunit;

namespace NativeProxy.Tests.Transport;

/// <summary>On a real connection, in both engines: what counts is what the peer's machine has acknowledged.</summary>
public class SendWatchTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task HasMoved_ExactlyWhenThePeerHasTakenMoreSinceTheLastLook(bool isEpoll)
    {
        await using ConnectedPair pair = await ConnectedPair.Start(isEpoll);
        SendWatch watch = default;
        watch.Begin(1000);

        await pair.Send("0123456789");
        await pair.Until(static connection => connection.TakenBytes == 10, "the bytes are acknowledged");
        Assert.True(await pair.On(connection => watch.HasMoved(connection)), "nothing is known at the first look");
        Assert.False(await pair.On(connection => watch.HasMoved(connection)));
        await pair.Send("0123456789");
        await pair.Until(static connection => connection.TakenBytes == 20, "the bytes are acknowledged");
        Assert.True(await pair.On(connection => watch.HasMoved(connection)));
        Assert.False(await pair.On(connection => watch.HasMoved(connection)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task WhatOnlyOurKernelTook_IsNotTakenByThePeer(bool isEpoll)
    {
        await using ConnectedPair pair = await ConnectedPair.Start(isEpoll);
        byte[] bytes = new byte[64 * 1024];
        while (await pair.On(connection => connection.Send(bytes)) == SendResult.Sent)
        {
        }

        Assert.InRange(await pair.On(static connection => connection.TakenBytes), 0, await pair.On(static connection => connection.SentBytes) - 1);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(1600, 100)]
    [InlineData(3_600_000, 1000)]
    public void Begin_SaysWhenToLookFirst(long timeoutMs, long firstLookMs) => Assert.Equal(firstLookMs, default(SendWatch).Begin(timeoutMs));
}
