using System;
using System.IO;
using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using Pipelines.Sockets.Unofficial;

namespace NativeProxy.Pipes;

/// <summary>
/// A connected socket of the control plane as a pair of pipes, and the three ways to end it: in order (<see cref="FinishAsync"/>), at once
/// (<see cref="Dispose"/>), by RST (<see cref="Reset"/>). Owner: one task. Whoever awaits its pipes goes on on the thread pool. Of what comes it
/// holds 64 KiB at most; what is sent is with the kernel when its flush is done, so that no end loses it. Speaks TLS inside once it was asked to
/// (<see cref="SecureAsync"/>): the end in order then begins with close_notify.
/// </summary>
internal sealed class SocketPipe : IDisposable
{
    private static readonly PipeOptions ToReceive = new(
        readerScheduler: PipeScheduler.ThreadPool, writerScheduler: PipeScheduler.ThreadPool, useSynchronizationContext: false);

    /// <summary>A flush waits until nothing is left: the pipe ends with its socket, whatever is still in it.</summary>
    private static readonly PipeOptions ToSend = new(
        readerScheduler: PipeScheduler.ThreadPool, writerScheduler: PipeScheduler.ThreadPool, pauseWriterThreshold: 1, resumeWriterThreshold: 1,
        useSynchronizationContext: false);

    private readonly Socket _socket;
    private readonly IDuplexPipe _pipe;
    private SecureStream? _secure;

    private SocketPipe(Socket socket, IDuplexPipe pipe)
    {
        _socket = socket;
        _pipe = pipe;
        (Input, Output) = (pipe.Input, pipe.Output);
    }

    /// <summary>What the peer sends. Reading throws what <see cref="IsBroken"/> knows when the connection is no more.</summary>
    public PipeReader Input { get; private set; }

    /// <summary>What the peer is sent. A flush waits while the peer does not take it.</summary>
    public PipeWriter Output { get; private set; }

    /// <summary>TLS is spoken.</summary>
    public bool IsSecured { get; private set; }

    /// <summary>The version of TLS and the protocol inside, such as "TLS 1.3, http/1.1"; empty = it is not spoken.</summary>
    public string SecurityText => IsSecured ? _secure!.Agreed : "";

    /// <summary>Why TLS has failed (<see cref="SecureStream.Refusal"/>); empty = it has not.</summary>
    public string Refusal => _secure?.Refusal ?? "";

    /// <summary>Pipes over a connected socket, which they own from now on. An idle one holds no buffer.</summary>
    public static SocketPipe Over(Socket connected) =>
        new(connected, SocketConnection.Create(connected, ToSend, ToReceive, SocketConnectionOptions.ZeroLengthReads));

    /// <summary>Pipes over a connection of one's own; errors as with <see cref="ControlSockets.ConnectAsync"/>.</summary>
    public static async Task<SocketPipe> ConnectAsync(EndPoint server, CancellationToken givenUp) =>
        Over(await ControlSockets.ConnectAsync(server, givenUp));

    /// <summary>Whether an exception says that the connection is no more, or that somebody gave up waiting for it.</summary>
    public static bool IsBroken(Exception e) => e is IOException or SocketException or OperationCanceledException or ObjectDisposedException;

    /// <summary>
    /// Has TLS spoken from now on, as the client; once, behind all that was written. When it is not done the pipes are what they were, and good for
    /// an end only.
    /// </summary>
    /// <param name="options">How.</param>
    /// <param name="givenUp">When to wait no longer.</param>
    public Task<HandshakeEnd> SecureAsync(SslClientAuthenticationOptions options, CancellationToken givenUp) =>
        SecuredBy((_secure = SecureStream.Over(_pipe)).ShakeHandsAsync(options, givenUp));

    /// <summary>The same as the server: before anything was sent.</summary>
    public Task<HandshakeEnd> SecureAsync(SslServerAuthenticationOptions options, CancellationToken givenUp) =>
        SecuredBy((_secure = SecureStream.Over(_pipe)).ShakeHandsAsync(options, givenUp));

    /// <summary>
    /// The end in order: what is written goes out, then FIN; what still comes is dropped until the peer's FIN. False when that did not come in
    /// time, or more bytes came than that: <see cref="Dispose"/> then closes, which is no RST as long as nothing unread has come.
    /// </summary>
    /// <param name="surplusBytesMax">Bytes that may still come.</param>
    /// <param name="givenUp">When to wait no longer.</param>
    public async Task<bool> FinishAsync(long surplusBytesMax, CancellationToken givenUp)
    {
        await EndSecurityAsync();
        await _pipe.Output.CompleteAsync();
        return await SkipToEndAsync(surplusBytesMax, givenUp);
    }

    /// <summary>Drops what comes until the peer's FIN; false when more came than that, or the connection broke, or the wait was given up.</summary>
    public async Task<bool> SkipToEndAsync(long bytesMax, CancellationToken givenUp)
    {
        try
        {
            for (long bytes = 0; bytes <= bytesMax;)
            {
                ReadResult read = await Input.ReadAsync(givenUp);
                bytes += read.Buffer.Length;
                Input.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                    return true;
            }
            return false;
        }
        catch (Exception e) when (IsBroken(e))
        {
            return false;
        }
    }

    /// <summary>Ends the connection by RST: the peer sees that something was cut off.</summary>
    public void Reset()
    {
        try
        {
            _socket.LingerState = new LingerOption(true, 0);
            _socket.Dispose();
        }
        catch (Exception e) when (IsBroken(e))
        {
            // The peer was faster.
        }
        Dispose();
    }

    /// <summary>Closes at once; what has not been handed to the kernel is lost.</summary>
    public void Dispose()
    {
        if (IsSecured)
        {
            Input.Complete();
            Output.Complete();
        }
        _secure?.Dispose();
        _pipe.Input.Complete();
        _pipe.Output.Complete();
        (_pipe as IDisposable)?.Dispose();
    }

    private async Task<HandshakeEnd> SecuredBy(Task<HandshakeEnd> handshake)
    {
        HandshakeEnd end = await handshake;
        if (end != HandshakeEnd.Done)
            return end;
        IsSecured = true;

        // An idle connection holds no buffer.
        Input = PipeReader.Create(_secure!, new StreamPipeReaderOptions(leaveOpen: true, useZeroByteReads: true));
        Output = PipeWriter.Create(_secure!, new StreamPipeWriterOptions(leaveOpen: true));
        return end;
    }

    /// <summary>close_notify, after all that was written.</summary>
    private async Task EndSecurityAsync()
    {
        if (!IsSecured)
            return;
        try
        {
            await Output.CompleteAsync();
            await _secure!.ShutdownAsync();
        }
        catch (Exception e) when (IsBroken(e))
        {
            // The peer was faster.
        }
    }
}
