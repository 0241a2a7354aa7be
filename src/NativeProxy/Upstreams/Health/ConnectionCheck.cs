using System;
using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Pipes;

namespace NativeProxy.Upstreams.Health;

/// <summary>
/// Checks a server over a connection of its own, which is never pooled: that it accepts one, or, with a request to send, that it answers. The
/// connection ends in order: the answer is read to its end, then FIN, then the server's FIN is awaited. Only what is cut short ends by RST.
/// Immutable; runs on the thread pool.
/// </summary>
internal sealed class ConnectionCheck : HealthCheck
{
    private const int HeadBytesMax = 16 * 1024;

    /// <summary>A body beyond this is not waited for.</summary>
    private const int BodyBytesMax = 256 * 1024;

    private const int FieldCountMax = 256;

    private static readonly HeadLimits Limits = new(HeadBytesMax, FieldCountMax, HeadBytesMax);

    private readonly IPEndPoint _endPoint;
    private readonly byte[] _request;

    /// <param name="endPoint">The server.</param>
    /// <param name="request">What to ask; empty = the connection alone is the check.</param>
    public ConnectionCheck(IPEndPoint endPoint, byte[] request)
    {
        _endPoint = endPoint;
        _request = request;
    }

    /// <summary>The request of an http check; both texts are visible ASCII.</summary>
    public static byte[] RequestFor(string path, string host) =>
        Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: nativeproxy-health\r\nAccept: */*\r\nConnection: close\r\n\r\n");

    public override bool IsSameAs(HealthCheck other) =>
        other is ConnectionCheck check && check._endPoint.Equals(_endPoint) && check._request.AsSpan().SequenceEqual(_request);

    public override async Task RunAsync(Action<CheckResult> report, CancellationToken over)
    {
        SocketPipe pipe;
        try
        {
            pipe = await SocketPipe.ConnectAsync(_endPoint, over);
        }
        catch (Exception e) when (SocketPipe.IsBroken(e))
        {
            report(new CheckResult(e switch
            {
                OperationCanceledException => CheckOutcome.ConnectTimeout,
                SocketException { SocketErrorCode: SocketError.ConnectionRefused } => CheckOutcome.ConnectionRefused,
                _ => CheckOutcome.ServerUnreachable,
            }));
            return;
        }
        using (pipe)
        {
            if (!await ConverseAsync(pipe, report, over))
                pipe.Reset();
        }
    }

    /// <summary>What is said on the connection. False when it was cut short.</summary>
    private async Task<bool> ConverseAsync(SocketPipe pipe, Action<CheckResult> report, CancellationToken over)
    {
        var body = new BodySkip(BodyFraming.None);
        if (_request.Length == 0)
        {
            report(new CheckResult(CheckOutcome.Connected));
        }
        else
        {
            (CheckResult result, body) = await AskAsync(pipe, over);
            report(result);
            if (result.Outcome != CheckOutcome.Answered)
                return result.Outcome == CheckOutcome.ClosedWithoutResponse;
            if (!await SkipAsync(pipe, body, over))
                return false;
        }

        // A server that does not close in turn has had its FIN all the same, and nothing of it is unread.
        await pipe.FinishAsync(BodyBytesMax, over);
        return true;
    }

    /// <summary>Asks and waits for the head of the final response; with it comes what is to be read of its body.</summary>
    private async Task<(CheckResult Result, BodySkip Body)> AskAsync(SocketPipe pipe, CancellationToken over)
    {
        var head = new ResponseHead(FieldCountMax);
        var body = new BodySkip(BodyFraming.None);
        try
        {
            await pipe.Output.WriteAsync(_request, over);
            while (true)
            {
                ReadResult read = await pipe.Input.ReadAsync(over);
                CheckResult? result = Judge(read.Buffer, head, ref body, out SequencePosition consumed);
                pipe.Input.AdvanceTo(consumed, result is null ? read.Buffer.End : consumed);
                if (result is { } known)
                    return (known, body);
                if (read.IsCompleted)
                    return (new CheckResult(CheckOutcome.ClosedWithoutResponse), body);
            }
        }
        catch (Exception e) when (SocketPipe.IsBroken(e))
        {
            return (new CheckResult(over.IsCancellationRequested ? CheckOutcome.ResponseTimeout : CheckOutcome.ClosedWithoutResponse), body);
        }
    }

    /// <summary>Reads heads, interim ones too, up to the final one; null while it is not there.</summary>
    private static CheckResult? Judge(in ReadOnlySequence<byte> received, ResponseHead head, ref BodySkip body, out SequencePosition consumed)
    {
        ReadOnlySequence<byte> rest = received;
        while (true)
        {
            ReadOnlySpan<byte> bytes = SequenceBytes.First(rest, HeadBytesMax);
            ParseOutcome outcome = ResponseHeadParser.Parse(bytes, Limits, head);
            consumed = rest.GetPosition(outcome.ConsumedBytes);
            if (outcome.Status == ParseStatus.NeedMore)
                return null;
            if (outcome.Status == ParseStatus.Rejected)
                return new CheckResult(CheckOutcome.BadResponse);
            rest = rest.Slice(consumed);
            if (head.StatusCode < 200)
                continue;
            body = new BodySkip(MessageFraming.OfResponse(bytes, head, HttpMethod.Get, upgradeForwarded: false));
            return new CheckResult(CheckOutcome.Answered, head.StatusCode);
        }
    }

    /// <summary>Reads a body to its end, or to that of the connection. False when it is too long, or takes too long.</summary>
    private static async Task<bool> SkipAsync(SocketPipe pipe, BodySkip body, CancellationToken over)
    {
        try
        {
            for (long left = BodyBytesMax; !body.IsComplete;)
            {
                ReadResult read = await pipe.Input.ReadAsync(over);
                long used = body.Take(read.Buffer);
                pipe.Input.AdvanceTo(read.Buffer.GetPosition(used), body.IsComplete ? read.Buffer.GetPosition(used) : read.Buffer.End);
                left -= used;
                if (left < 0 || body.IsBroken)
                    return false;
                if (read.IsCompleted)
                    return true;
            }
            return true;
        }
        catch (Exception e) when (SocketPipe.IsBroken(e))
        {
            return false;
        }
    }
}
