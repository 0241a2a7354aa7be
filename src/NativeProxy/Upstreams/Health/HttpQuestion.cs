using System;
using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.Config;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Pipes;

namespace NativeProxy.Upstreams.Health;

/// <summary>
/// What a server answers to a request: its status, and perhaps a text in its body. The answer is read to its end, so that the server sees its
/// connection end in order. Immutable.
/// </summary>
/// <param name="Request">The head of the request, as it is sent.</param>
/// <param name="IsHead">Answers to it have no body.</param>
/// <param name="Expected">Statuses that pass.</param>
/// <param name="ExpectBody">Text that must stand at the beginning of the body; empty = any body.</param>
/// <param name="LeavesOn404">A server that answers 404 is up, but wants no new clients.</param>
internal sealed record HttpQuestion(string Request, bool IsHead, StatusSet Expected, string ExpectBody, bool LeavesOn404) : HealthQuestion
{
    private const int HeadBytesMax = 16 * 1024;
    private const int FieldCountMax = 256;

    private static readonly HeadLimits Limits = new(HeadBytesMax, FieldCountMax, HeadBytesMax);

    /// <summary>The question of the settings, whose texts were checked.</summary>
    /// <param name="health">The settings.</param>
    /// <param name="host">The Host field.</param>
    public static HttpQuestion Of(in UpstreamHealthSettings health, string host)
    {
        var request = new StringBuilder();
        request.Append($"{health.Method} {health.Path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: nativeproxy-health\r\nAccept: */*\r\n");
        foreach (NamedText field in health.Headers)
            request.Append($"{field.Name}: {field.Text}\r\n");
        request.Append("Connection: close\r\n\r\n");
        return new HttpQuestion(request.ToString(), health.Method == "HEAD", StatusSet.Of(health.ExpectStatus), health.ExpectBody, health.DrainOn404);
    }

    /// <inheritdoc/>
    public override async Task<bool> AskAsync(SocketPipe pipe, Action<CheckResult> report, CancellationToken over)
    {
        (CheckResult result, BodySkip body) = await ReadHeadAsync(pipe, over);
        bool isDue = result.Outcome == CheckOutcome.Answered && ExpectBody.Length > 0;
        if (isDue)
            body.Keep(TextBytesMax);
        else
            report(result);
        if (result.StatusCode == 0)
            return result.Outcome == CheckOutcome.ClosedWithoutResponse;
        if (!await SkipAsync(pipe, body, isDue ? found => report(Judge(result, found, over)) : null, over))
            return false;

        // A server that does not close in turn has had its FIN all the same, and nothing of it is unread.
        await pipe.FinishAsync(RestBytesMax, over);
        return true;
    }

    /// <summary>Asks and waits for the head of the final response; with it comes what is to be read of its body.</summary>
    private async Task<(CheckResult Result, BodySkip Body)> ReadHeadAsync(SocketPipe pipe, CancellationToken over)
    {
        var head = new ResponseHead(FieldCountMax);
        var body = new BodySkip(BodyFraming.None);
        try
        {
            await SendAsync(pipe, Request, over);
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
            return (WithoutAnswer(over), body);
        }
    }

    /// <summary>Reads heads, interim ones too, up to the final one; null while it is not there.</summary>
    private CheckResult? Judge(in ReadOnlySequence<byte> received, ResponseHead head, ref BodySkip body, out SequencePosition consumed)
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
            HttpMethod method = IsHead ? HttpMethod.Head : HttpMethod.Get;
            body = new BodySkip(MessageFraming.OfResponse(bytes, head, method, upgradeForwarded: false));
            return new CheckResult(OutcomeOf(head.StatusCode), head.StatusCode);
        }
    }

    private CheckOutcome OutcomeOf(int status) =>
        LeavesOn404 && status == 404 ? CheckOutcome.Leaving
        : Expected.Contains(status) ? CheckOutcome.Answered
        : CheckOutcome.WrongStatus;

    /// <param name="head">What the head said.</param>
    /// <param name="found">Whether the text was found in the body.</param>
    /// <param name="over">The time is over.</param>
    private static CheckResult Judge(CheckResult head, bool found, CancellationToken over) =>
        found ? head : new CheckResult(over.IsCancellationRequested ? CheckOutcome.ResponseTimeout : CheckOutcome.WrongBody, head.StatusCode);

    /// <summary>
    /// Reads a body to its end, or to that of the connection. False when it is too long, or takes too long. Tells once whether the expected text has
    /// been found, as soon as that is known.
    /// </summary>
    private async Task<bool> SkipAsync(SocketPipe pipe, BodySkip body, Action<bool>? tell, CancellationToken over)
    {
        byte[] text = Encoding.Latin1.GetBytes(ExpectBody);
        bool isWhole = true;
        try
        {
            for (long left = RestBytesMax; isWhole && !body.IsComplete;)
            {
                ReadResult read = await pipe.Input.ReadAsync(over);
                long used = body.Take(read.Buffer);
                pipe.Input.AdvanceTo(read.Buffer.GetPosition(used), body.IsComplete ? read.Buffer.GetPosition(used) : read.Buffer.End);
                left -= used;
                if (tell is not null && (body.IsKeptFull || body.Kept.AsSpan().IndexOf(text) >= 0))
                {
                    tell(body.Kept.AsSpan().IndexOf(text) >= 0);
                    tell = null;
                }
                isWhole = left >= 0 && !body.IsBroken;
                if (read.IsCompleted)
                    break;
            }
        }
        catch (Exception e) when (SocketPipe.IsBroken(e))
        {
            isWhole = false;
        }
        tell?.Invoke(body.Kept.AsSpan().IndexOf(text) >= 0);
        return isWhole;
    }
}
