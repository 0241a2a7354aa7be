using System;
using System.Buffers;
using System.IO.Pipelines;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.Http;
using NativeProxy.Http1;

namespace NativeProxy.Pipes;

/// <summary>How a request of the control plane was answered, as far as the head of the answer.</summary>
internal enum AnswerHeadState : byte
{
    /// <summary>The head of the final answer is there.</summary>
    Whole,

    /// <summary>The connection has ended before, or the time is over.</summary>
    Missing,

    /// <summary>What came is no head of HTTP.</summary>
    Malformed,
}

/// <summary>The head of an answer to a request of the control plane: its status, and how its body is found. Immutable.</summary>
/// <param name="State">What came of it.</param>
/// <param name="StatusCode">Of the final answer; 0 without one.</param>
/// <param name="Body">What is to be read of its body.</param>
internal sealed record HttpAnswerHead(AnswerHeadState State, int StatusCode, BodySkip Body)
{
    private const int HeadBytesMax = 16 * 1024;
    private const int FieldCountMax = 256;

    private static readonly HeadLimits Limits = new(HeadBytesMax, FieldCountMax, HeadBytesMax);

    /// <summary>Sends a request and waits for the head of the final answer.</summary>
    /// <param name="pipe">The connection.</param>
    /// <param name="request">The whole request.</param>
    /// <param name="isHead">Answers to it have no body.</param>
    /// <param name="over">The time is over.</param>
    public static async Task<HttpAnswerHead> Ask(SocketPipe pipe, ReadOnlyMemory<byte> request, bool isHead, CancellationToken over)
    {
        var head = new ResponseHead(FieldCountMax);
        try
        {
            await pipe.Output.WriteAsync(request, over);
            while (true)
            {
                ReadResult read = await pipe.Input.ReadAsync(over);
                HttpAnswerHead? answer = Judge(read.Buffer, head, isHead, out SequencePosition consumed);
                pipe.Input.AdvanceTo(consumed, answer is null ? read.Buffer.End : consumed);
                if (answer is not null)
                    return answer;
                if (read.IsCompleted)
                    return Without(AnswerHeadState.Missing);
            }
        }
        catch (Exception e) when (SocketPipe.IsBroken(e))
        {
            return Without(AnswerHeadState.Missing);
        }
    }

    private static HttpAnswerHead Without(AnswerHeadState state) => new(state, 0, new BodySkip(BodyFraming.None));

    /// <summary>Reads heads, interim ones too, up to the final one; null while it is not there.</summary>
    private static HttpAnswerHead? Judge(in ReadOnlySequence<byte> received, ResponseHead head, bool isHead, out SequencePosition consumed)
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
                return Without(AnswerHeadState.Malformed);
            rest = rest.Slice(consumed);
            if (head.StatusCode < 200)
                continue;
            BodyFraming framing = MessageFraming.OfResponse(bytes, head, isHead ? HttpMethod.Head : HttpMethod.Get, upgradeForwarded: false);
            return new HttpAnswerHead(AnswerHeadState.Whole, head.StatusCode, new BodySkip(framing));
        }
    }
}
