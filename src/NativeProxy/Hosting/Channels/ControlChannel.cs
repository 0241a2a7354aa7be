using System;
using System.Buffers;
using System.Buffers.Binary;
using System.IO;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Pipelines.Sockets.Unofficial;

namespace NativeProxy.Hosting.Channels;

/// <summary>What supervisor and worker say to each other.</summary>
internal enum ControlCommand : byte
{
    /// <summary>
    /// To a worker that has just started. Payload: <see cref="SettingsMessage"/>. It serves and answers <see cref="Ready"/>, or
    /// <see cref="Refused"/>.
    /// </summary>
    Settings = 1,

    /// <summary>Finish running exchanges, then exit.</summary>
    Drain = 2,

    /// <summary>Open the access log anew.</summary>
    ReopenLogs = 3,

    /// <summary>Servers have gone up or down; the shared board says which.</summary>
    FollowHealth = 4,

    /// <summary>After <see cref="Drain"/>: cut what is left, then exit.</summary>
    Cut = 5,

    /// <summary>
    /// Other settings, payload as above: get everything ready that can fail, and answer <see cref="Ready"/> or <see cref="Refused"/>.
    /// </summary>
    Prepare = 6,

    /// <summary>Go over to what was prepared, and answer <see cref="Done"/>.</summary>
    Commit = 7,

    /// <summary>Forget what was prepared: another worker has refused it.</summary>
    Discard = 8,

    /// <summary>Accept on the sockets of a worker that is not there, too. Payload: <see cref="AdoptMessage"/>.</summary>
    Adopt = 9,

    /// <summary>Leave the sockets of that worker to it again. Payload: its number in ASCII.</summary>
    Release = 10,

    /// <summary>
    /// There are other servers, or they have other addresses. Payload: lines of <see cref="ServersInForce"/> for the settings in force.
    /// </summary>
    Servers = 11,

    /// <summary>Session tickets are sealed and opened with these keys from now on. Payload: a line of <c>TicketRings</c>.</summary>
    Tickets = 12,

    /// <summary>
    /// The process that comes after this one serves: leave the addresses and the idle connections to it, finish running exchanges, then exit.
    /// Payload: the time for it in ms, in ASCII. A line for the connections goes ahead.
    /// </summary>
    HandOn = 13,

    /// <summary>Take over the connections that come on a line, which goes ahead.</summary>
    TakeClients = 14,

    /// <summary>From the process before, to the one that comes after it: <see cref="Handover"/>. It answers when it serves.</summary>
    TakeOver = 15,

    /// <summary>The process before has heard that this one serves, and does no more.</summary>
    Yours = 16,

    /// <summary>What an operator asks. Payload: a number, a blank, the question.</summary>
    Ask = 17,

    /// <summary>Lines of the worker itself are written from this level on. Payload: its name.</summary>
    LogLevel = 18,

    /// <summary>From a worker. Payload: <see cref="AnswerMessage"/>.</summary>
    Ready = 100,

    /// <summary>From a worker. Payload: <see cref="AnswerMessage"/> with the reason.</summary>
    Refused = 101,

    /// <summary>From a worker. Payload: <see cref="AnswerMessage"/>.</summary>
    Done = 102,

    /// <summary>From a worker. Payload: the number of an <see cref="Ask"/>, a blank, the answer.</summary>
    Answered = 103,
}

/// <summary>One frame.</summary>
internal readonly record struct ControlMessage(ControlCommand Command, byte[] Payload)
{
    public string Text => Encoding.UTF8.GetString(Payload);
}

/// <summary>
/// One end of the line between supervisor and worker: frames of one command byte, four length bytes and a payload, over a pipe on a Unix
/// socket. The end of the stream means that the other side is gone. One reader; any thread sends, and never waits for the other side.
/// </summary>
internal sealed class ControlChannel : IDisposable
{
    private const int HeadBytes = 5;

    /// <summary>Two settings files, the addresses of all servers, and the files of TLS (<see cref="Config.TlsFiles.BytesMax"/>).</summary>
    private const int PayloadBytesMax = 96 * 1024 * 1024;

    /// <summary>What may wait for the other side to read it; beyond that it counts as gone. Two such messages fit.</summary>
    private const int WaitingBytesMax = 2 * (PayloadBytesMax + HeadBytes);

    private readonly SocketConnection _connection;
    private readonly Lock _sending = new();

    public ControlChannel(Socket socket) => _connection = SocketConnection.Create(
        socket, new PipeOptions(pauseWriterThreshold: WaitingBytesMax, resumeWriterThreshold: WaitingBytesMax / 2), PipeOptions.Default,
        name: "control channel");

    /// <summary>Sends one frame; false when the other side is gone, does not read any more, or this one is closed.</summary>
    public bool TrySend(ControlCommand command, ReadOnlySpan<byte> payload = default)
    {
        try
        {
            lock (_sending)
            {
                PipeWriter output = _connection.Output;
                Span<byte> head = output.GetSpan(HeadBytes);
                head[0] = (byte)command;
                BinaryPrimitives.WriteInt32LittleEndian(head[1..], payload.Length);
                output.Advance(HeadBytes);
                output.Write(payload);
                ValueTask<FlushResult> flush = output.FlushAsync();
                return flush.IsCompletedSuccessfully && !flush.Result.IsCompleted;
            }
        }
        catch (Exception e) when (IsEnd(e))
        {
            return false;
        }
    }

    /// <summary>Sends one frame with an answer.</summary>
    public bool TrySend(ControlCommand command, AnswerMessage answer) => TrySend(command, answer.Encode());

    /// <summary>Waits for one frame; null when the other side is gone or sends what is no frame.</summary>
    public async Task<ControlMessage?> ReceiveAsync()
    {
        try
        {
            byte[]? head = await TakeAsync(HeadBytes);
            if (head is null)
                return null;
            int length = BinaryPrimitives.ReadInt32LittleEndian(head.AsSpan(1));
            if (length is < 0 or > PayloadBytesMax)
                return null;
            byte[]? payload = length == 0 ? [] : await TakeAsync(length);
            return payload is null ? null : new ControlMessage((ControlCommand)head[0], payload);
        }
        catch (Exception e) when (IsEnd(e))
        {
            return null;
        }
    }

    public void Dispose() => _connection.Dispose();

    /// <summary>The next bytes, so many; null when the stream ends before.</summary>
    private async Task<byte[]?> TakeAsync(int count)
    {
        ReadResult read = await _connection.Input.ReadAtLeastAsync(count);
        if (read.Buffer.Length < count)
        {
            _connection.Input.AdvanceTo(read.Buffer.End);
            return null;
        }
        ReadOnlySequence<byte> taken = read.Buffer.Slice(0, count);
        byte[] bytes = taken.ToArray();
        _connection.Input.AdvanceTo(taken.End);
        return bytes;
    }

    /// <summary>The shapes in which a pipe says that its socket is gone or closed.</summary>
    private static bool IsEnd(Exception e) => e is IOException or SocketException or OperationCanceledException or InvalidOperationException;
}
