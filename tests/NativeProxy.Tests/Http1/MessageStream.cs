using System;
using NativeProxy.Http;
using NativeProxy.Http1;

namespace NativeProxy.Tests.Http1;

/// <summary>
/// Reads a stream of messages as a session would: head, framing, body, and again. Tells how many messages were complete
/// and why it stopped. For running foreign test vectors through all parsers together.
/// </summary>
internal sealed class MessageStream
{
    private static readonly HeadLimits Limits = new(HeadBytesMax: 64 * 1024, FieldCountMax: 1000, RequestLineBytesMax: 60 * 1024);

    public int CompleteCount { get; private set; }

    /// <summary>None when the stream ended in the middle of a sound message, or cleanly.</summary>
    public RejectReason Reason { get; private set; }

    /// <summary>The last message started a tunnel; what follows is not HTTP.</summary>
    public bool IsTunnel { get; private set; }

    public string Body { get; private set; } = "";

    public bool IsRejected => Reason != RejectReason.None;

    public static MessageStream OfRequests(byte[] bytes)
    {
        MessageStream stream = new();
        RequestHead head = new(fieldCountMax: 1000);
        stream.Run(bytes, rest =>
        {
            ParseOutcome outcome = RequestHeadParser.Parse(rest, Limits, head);
            if (outcome.Status != ParseStatus.Done)
                return (outcome, default);

            RejectReason options = ConnectionHeader.Apply(rest, head.Fields).Reason;
            stream.IsTunnel = head.MethodKind == HttpMethod.Connect;
            return (outcome, options != RejectReason.None ? BodyFraming.Rejected(options) : MessageFraming.OfRequest(rest, head));
        });
        return stream;
    }

    public static MessageStream OfResponses(byte[] bytes, bool upgradeForwarded)
    {
        MessageStream stream = new();
        ResponseHead head = new(fieldCountMax: 1000);
        stream.Run(bytes, rest =>
        {
            ParseOutcome outcome = ResponseHeadParser.Parse(rest, Limits, head);
            return (outcome, outcome.Status == ParseStatus.Done
                ? MessageFraming.OfResponse(rest, head, HttpMethod.Get, upgradeForwarded)
                : default);
        }, isOfServer: true);
        return stream;
    }

    private void Run(byte[] bytes, Func<byte[], (ParseOutcome Head, BodyFraming Framing)> readHead, bool isOfServer = false)
    {
        byte[] rest = bytes;
        while (rest.Length > 0 && !IsTunnel && !IsRejected)
        {
            (ParseOutcome head, BodyFraming framing) = readHead(rest);
            Reason = head.Reason != RejectReason.None ? head.Reason : framing.Reason;
            if (head.Status != ParseStatus.Done || IsRejected)
                return;

            rest = rest[head.ConsumedBytes..];
            int bodyBytes = ReadBody(rest, framing, isOfServer);
            if (bodyBytes < 0)
                return;

            CompleteCount++;
            rest = rest[bodyBytes..];
        }
    }

    /// <returns>Length of the body, or -1 when it is incomplete or refused.</returns>
    private int ReadBody(byte[] rest, BodyFraming framing, bool isOfServer)
    {
        switch (framing.Kind)
        {
            case BodyKind.Length:
                bool isComplete = framing.LengthBytes <= rest.Length;
                Body = Wire.Text(isComplete ? rest.AsSpan(0, (int)framing.LengthBytes) : rest);
                return isComplete ? (int)framing.LengthBytes : -1;
            case BodyKind.Chunked:
                return ReadChunked(rest, isOfServer);
            case BodyKind.UntilClose:
                return -1;
            case BodyKind.Tunnel:
                IsTunnel = true;
                return 0;
            default:
                return 0;
        }
    }

    private int ReadChunked(byte[] rest, bool isOfServer)
    {
        ChunkedBody chunked = isOfServer ? ChunkedBody.DecodeOfServer(rest) : ChunkedBody.Decode(rest);
        Body = chunked.Text;
        Reason = chunked.Reason;
        if (chunked.End != ChunkStep.TrailerStart)
            return -1;

        HeaderTable fields = new(capacity: 100);
        ParseOutcome trailer = TrailerParser.Parse(rest.AsSpan(chunked.ConsumedBytes), 10_000, fields);
        Reason = trailer.Reason;
        return trailer.Status == ParseStatus.Done ? chunked.ConsumedBytes + trailer.ConsumedBytes : -1;
    }
}
