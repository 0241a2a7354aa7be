using System;
using System.Buffers.Binary;
using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.Hosting;
using NativeProxy.Tests.Transport;
using NativeProxy.Transport;
using Xunit;

namespace NativeProxy.Tests.Hosting;

public sealed class ControlLineTests : IDisposable
{
    private readonly Socket _raw;
    private readonly ControlLine _line;

    public ControlLineTests()
    {
        (_raw, Socket ours) = SocketPair.Create();
        _raw.ReceiveTimeout = ours.ReceiveTimeout = 30_000;
        _line = new ControlLine(ours);
    }

    [Fact]
    public void Frames_ArriveInOrderWithTheirPayloads()
    {
        using var other = new ControlLine(_raw);
        byte[] settings = Peers.Pattern(1000);
        Assert.True(other.Send(ControlCommand.Settings, settings));
        Assert.True(other.Send(ControlCommand.ReopenLogs));
        Assert.True(other.Send(ControlCommand.Drain));

        Assert.Equal((true, ControlCommand.Settings), Receive(out byte[] payload));
        Assert.Equal(settings, payload);
        Assert.Equal((true, ControlCommand.ReopenLogs), Receive(out payload));
        Assert.Empty(payload);
        Assert.Equal((true, ControlCommand.Drain), Receive(out _));
    }

    [Fact]
    public async Task FrameLargerThanTheSocketBuffer_ArrivesWhole()
    {
        using var other = new ControlLine(_raw);
        byte[] settings = Peers.Pattern(3_000_000);

        Task<bool> sent = Task.Run(() => other.Send(ControlCommand.Settings, settings));

        Assert.Equal((true, ControlCommand.Settings), Receive(out byte[] payload));
        Assert.Equal(settings, payload);
        Assert.True(await sent);
    }

    [Fact]
    public async Task FrameInSingleBytes_IsPutTogether()
    {
        byte[] frame = [(byte)ControlCommand.Settings, 3, 0, 0, 0, (byte)'a', (byte)'b', (byte)'c'];
        Task sending = Task.Run(() =>
        {
            foreach (byte one in frame)
                _raw.Send([one]);
        });

        Assert.Equal((true, ControlCommand.Settings), Receive(out byte[] payload));

        Assert.Equal("abc"u8.ToArray(), payload);
        await sending;
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    [InlineData((16 * 1024 * 1024) + 1)]
    [InlineData(int.MaxValue)]
    public void LengthThatNoFrameHas_IsRefusedWithoutWaitingForIt(int length)
    {
        byte[] head = new byte[5];
        head[0] = (byte)ControlCommand.Settings;
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(1), length);
        _raw.Send(head);

        Assert.False(_line.TryReceive(out _, out byte[] payload));
        Assert.Empty(payload);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(7)]
    public void EndInsideAFrame_IsTheEnd(int bytes)
    {
        byte[] frame = [(byte)ControlCommand.Settings, 3, 0, 0, 0, (byte)'a', (byte)'b', (byte)'c'];
        _raw.Send(frame.AsSpan(0, bytes));
        _raw.Dispose();

        Assert.False(_line.TryReceive(out _, out _));
    }

    [Fact]
    public void SendToAnEndThatIsGone_IsFalse()
    {
        _raw.Dispose();

        Assert.False(_line.Send(ControlCommand.Drain));
    }

    /// <summary>The supervisor tells all workers something while one that crashed waits for its restart.</summary>
    [Fact]
    public void SendOnALineThatIsClosed_IsFalse()
    {
        _line.Dispose();

        Assert.False(_line.Send(ControlCommand.ReopenLogs));
    }

    public void Dispose()
    {
        _line.Dispose();
        _raw.Dispose();
    }

    private (bool IsReceived, ControlCommand Command) Receive(out byte[] payload) => (_line.TryReceive(out ControlCommand command, out payload), command);
}
