using System;
using System.IO.Pipelines;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.Config;
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
        HttpAnswerHead head = await HttpAnswerHead.Ask(pipe, Encoding.Latin1.GetBytes(Request), IsHead, over);
        CheckResult result = head.State switch
        {
            AnswerHeadState.Whole => new CheckResult(OutcomeOf(head.StatusCode), head.StatusCode),
            AnswerHeadState.Malformed => new CheckResult(CheckOutcome.BadResponse),
            _ => WithoutAnswer(over),
        };
        BodySkip body = head.Body;
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
                if (tell is not null && (body.IsKeptFull || body.Kept.Span.IndexOf(text) >= 0))
                {
                    tell(body.Kept.Span.IndexOf(text) >= 0);
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
        tell?.Invoke(body.Kept.Span.IndexOf(text) >= 0);
        return isWhole;
    }
}
