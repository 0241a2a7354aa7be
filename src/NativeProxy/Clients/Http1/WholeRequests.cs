using System;
using NativeProxy.Http;
using NativeProxy.Http1;

namespace NativeProxy.Clients.Http1;

/// <summary>
/// The requests that have come whole before the client's FIN and wait to be served: these are answered, and what is left behind them is the
/// beginning of one that will never be whole. Looked at once, when the FIN comes. Thread: the loop. Never answers, never begins anything.
/// </summary>
internal readonly struct WholeRequests
{
    /// <summary>How many there are. One that will be refused counts, and is the last.</summary>
    public int Count { get; private init; }

    /// <summary>As <see cref="RequestFacts.IsByHalfCloser"/> says it, of the first of them.</summary>
    public bool AreByHalfCloser { get; private init; }

    /// <summary>Counts them.</summary>
    /// <param name="bytes">All that is left of the client's input, from where a request begins.</param>
    /// <param name="frontend">Whose limits hold, and whose scratch is used.</param>
    public static WholeRequests In(ReadOnlySpan<byte> bytes, Frontend frontend)
    {
        int count = 0;
        bool areByHalfCloser = false;
        while (TrySkip(ref bytes, frontend, out bool isByHalfCloser))
            areByHalfCloser = count++ == 0 ? isByHalfCloser : areByHalfCloser;
        return new WholeRequests { Count = count, AreByHalfCloser = areByHalfCloser };
    }

    /// <summary>Skips one request. False when it is not whole. Behind one that will be refused, or CONNECT, nothing is a request.</summary>
    private static bool TrySkip(ref ReadOnlySpan<byte> bytes, Frontend frontend, out bool isByHalfCloser)
    {
        RequestHead head = frontend.Scratch.Request;
        isByHalfCloser = false;
        ParseOutcome outcome = RequestHeadParser.Parse(bytes, frontend.HeadLimits, head);
        if (outcome.Status == ParseStatus.NeedMore)
            return false;
        if (outcome.Status == ParseStatus.Rejected)
        {
            bytes = default;
            return true;
        }
        ConnectionOptions options = ConnectionHeader.Apply(bytes, head.Fields);
        BodyFraming framing = MessageFraming.OfRequest(bytes, head);
        isByHalfCloser = RequestFacts.IsOfHalfCloser(head, options);
        bool isLast = options.Reason != RejectReason.None || framing.Reason != RejectReason.None || head.MethodKind == HttpMethod.Connect;
        bytes = isLast ? default : bytes[outcome.ConsumedBytes..];
        return isLast || TrySkipBody(ref bytes, framing, frontend.Scratch);
    }

    private static bool TrySkipBody(ref ReadOnlySpan<byte> bytes, BodyFraming framing, WireScratch scratch)
    {
        BodyReader body = default;
        body.Begin(framing);
        while (!body.IsComplete)
        {
            int used = body.Read(bytes, scratch, out _);
            bytes = body.Fault == RejectReason.None ? bytes[used..] : default;
            if (body.Fault != RejectReason.None || used == 0)
                return body.Fault != RejectReason.None;
        }
        return true;
    }
}
