using System;
using System.Buffers.Binary;
using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.Hosting.Channels;
using NativeProxy.Tests.Transport;
using NativeProxy.Transport.Sockets;
using Xunit;

namespace NativeProxy.Tests.Hosting;

public sealed class ControlChannelTests : IDisposable
{
    private readonly Socket _raw;
    private readonly ControlChannel _line;

    public ControlChannelTests()
    {
        (_raw, Socket ours) = SocketPair.Create();
        _raw.ReceiveTimeout = 30_000;
        _line = new ControlChannel(ours);
    }

    [Fact]
    public async Task Frames_ArriveInOrderWithTheirPayloads()
    {
        using var other = new ControlChannel(_raw);
        byte[] settings = Peers.Pattern(1000);
        Assert.True(other.TrySend(ControlCommand.Settings, settings));
        Assert.True(other.TrySend(ControlCommand.ReopenLogs));
        Assert.True(other.TrySend(ControlCommand.Refused, new AnswerMessage(7, "why not")));

        ControlMessage message = (await Receive())!.Value;
        Assert.Equal(ControlCommand.Settings, message.Command);
        Assert.Equal(settings, message.Payload);
        message = (await Receive())!.Value;
        Assert.Equal(ControlCommand.ReopenLogs, message.Command);
        Assert.Empty(message.Payload);
        message = (await Receive())!.Value;
        Assert.Equal((ControlCommand.Refused, new AnswerMessage(7, "why not")), (message.Command, AnswerMessage.Decode(message.Payload)));
    }

    [Fact]
    public async Task FrameLargerThanTheSocketBuffer_ArrivesWhole_AndTheSenderDoesNotWaitForIt()
    {
        using var other = new ControlChannel(_raw);
        byte[] settings = Peers.Pattern(16_000_000);

        Assert.True(other.TrySend(ControlCommand.Settings, settings));

        Assert.Equal(settings, (await Receive())!.Value.Payload);
    }

    /// <summary>A worker that hangs does not read; the supervisor must neither wait for it nor keep everything that it says.</summary>
    [Fact]
    public void EndThatDoesNotRead_CountsAsGoneOnceTooMuchWaits()
    {
        byte[] settings = new byte[64_000_000];
        int sent = 0;
        while (sent < 100 && _line.TrySend(ControlCommand.Prepare, settings))
            sent++;

        Assert.InRange(sent, 2, 4);
    }

    [Fact]
    public async Task FrameInSingleBytes_IsPutTogether()
    {
        byte[] frame = [(byte)ControlCommand.Settings, 3, 0, 0, 0, (byte)'a', (byte)'b', (byte)'c'];
        foreach (byte one in frame)
            _raw.Send([one]);

        ControlMessage message = (await Receive())!.Value;
        Assert.Equal((ControlCommand.Settings, "abc"), (message.Command, message.Text));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    [InlineData((96 * 1024 * 1024) + 1)]
    [InlineData(int.MaxValue)]
    public async Task LengthThatNoFrameHas_IsRefusedWithoutWaitingForIt(int length)
    {
        byte[] head = new byte[5];
        head[0] = (byte)ControlCommand.Settings;
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(1), length);
        _raw.Send(head);

        Assert.Null(await Receive());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(7)]
    public async Task EndInsideAFrame_IsTheEnd(int bytes)
    {
        byte[] frame = [(byte)ControlCommand.Settings, 3, 0, 0, 0, (byte)'a', (byte)'b', (byte)'c'];
        _raw.Send(frame.AsSpan(0, bytes));
        _raw.Dispose();

        Assert.Null(await Receive());
    }

    [Fact]
    public async Task SendToAnEndThatIsGone_IsFalseOnceItIsKnown()
    {
        _raw.Dispose();
        Assert.Null(await Receive());

        // The first bytes find out.
        while (_line.TrySend(ControlCommand.Drain))
            await Task.Yield();
    }

    /// <summary>The supervisor tells all workers something while one that crashed waits for its restart.</summary>
    [Fact]
    public async Task LineThatIsClosed_SendsNothingAndEnds()
    {
        _line.Dispose();

        Assert.Null(await Receive());
        while (_line.TrySend(ControlCommand.ReopenLogs))
            await Task.Yield();
    }

    public void Dispose()
    {
        _line.Dispose();
        _raw.Dispose();
    }

    private Task<ControlMessage?> Receive() => _line.ReceiveAsync().WaitAsync(LoopUnderTest.Deadline);
}
