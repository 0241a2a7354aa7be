using System;
using System.Globalization;
using System.IO;
using System.Text;
using NativeProxy.Foundation;
using NativeProxy.Hosting.Operating;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.ProxyProtocol;
using NativeProxy.Recording;

namespace NativeProxy.Hosting.Replaying;

/// <summary>
/// Gives saved messages to the parsers again, byte by byte, with the limits that they were read by: prints after how many bytes what was said.
/// Stateless.
/// </summary>
internal static class MessageReplay
{
    private const int FieldsMax = 1024;

    /// <param name="output">Takes the lines.</param>
    /// <param name="payload">Of an entry with a message.</param>
    public static void Write(TextWriter output, ReadOnlySpan<byte> payload)
    {
        int end = payload.IndexOf("\n\n"u8);
        if (end < 0)
        {
            output.WriteLine("message: cut within its lines");
            return;
        }
        ReadOnlySpan<byte> lines = payload[..end];
        ReadOnlySpan<byte> bytes = payload[(end + 2)..];
        if (bytes.Length > MessageRing.MessageBytesMax)
        {
            output.WriteLine("message: longer than any that was kept");
            return;
        }
        string part = Text(lines, "part: "u8);
        long from = RecordEntry.NumberOf(lines, "kept_from: "u8);
        long place = RecordEntry.NumberOf(lines, "place: "u8);
        long length = RecordEntry.NumberOf(lines, "bytes: "u8);
        output.WriteLine($"{part.Replace('_', ' ')}, refused as {Text(lines, "rule: "u8)} at byte {place} of {length}");
        MessageDump.Write(output, bytes, from, place);
        if (from > 0)
            output.WriteLine("  its beginning was not kept: the parsers cannot be asked again");
        else if (RecordEntry.NumberOf(lines, "begins_with_head: "u8) == 0 && part is "request" or "response" or "unasked")
            output.WriteLine("  it may be the end of a body that is longer than its head said: the parsers cannot be asked again");
        else if (RecordEntry.NumberOf(lines, "begins_with_head: "u8) == 0)
            output.WriteLine("  its head came before: the parsers cannot be asked again; a greater part is there when it comes in one piece");
        else
            Ask(output, part, lines, bytes);
    }

    private static void Ask(TextWriter output, string part, ReadOnlySpan<byte> lines, ReadOnlySpan<byte> bytes)
    {
        var limits = new HeadLimits(
            Bounded(RecordEntry.NumberOf(lines, "header_bytes: "u8), WireScratch.ResponseHeadBytesMax, 1 << 20),
            Bounded(RecordEntry.NumberOf(lines, "header_count: "u8), WireScratch.ResponseFieldsMax, FieldsMax),
            Bounded(RecordEntry.NumberOf(lines, "request_line_bytes: "u8), 1 << 20, int.MaxValue),
            RecordEntry.NumberOf(lines, "non_ascii_target: "u8) == 1);
        switch (part)
        {
            case "request" or "request_body":
                AskRequest(output, bytes, limits);
                break;
            case "response" or "response_body" or "unasked":
                Enum.TryParse(Text(lines, "method: "u8), out HttpMethod method);
                AskResponse(output, bytes, limits, method, RecordEntry.NumberOf(lines, "offers_upgrade: "u8) == 1);
                break;
            case "proxy_header":
                AskProxyHeader(output, bytes);
                break;
            default:
                output.WriteLine("  nothing that a parser could be asked about");
                break;
        }
    }

    private static void AskRequest(TextWriter output, ReadOnlySpan<byte> bytes, in HeadLimits limits)
    {
        var head = new RequestHead(limits.FieldCountMax);
        ParseOutcome outcome = ParseOutcome.NeedMore;
        int length = 0;
        while (outcome.Status == ParseStatus.NeedMore && length < bytes.Length)
            outcome = RequestHeadParser.Parse(bytes[..++length], limits, head);
        output.WriteLine($"  RequestHeadParser after byte {length}: {Say(outcome)}");
        if (outcome.Status != ParseStatus.Done)
            return;
        ConnectionOptions options = ConnectionHeader.Apply(bytes, head.Fields);
        output.WriteLine($"  ConnectionHeader: {Say(options.Reason)}");
        BodyFraming framing = MessageFraming.OfRequest(bytes, head);
        output.WriteLine($"  MessageFraming: {Say(framing)}");
        if (framing.Reason == RejectReason.None)
            AskBody(output, bytes, outcome.ConsumedBytes, framing, default);
    }

    private static void AskResponse(TextWriter output, ReadOnlySpan<byte> bytes, in HeadLimits limits, HttpMethod method, bool offersUpgrade)
    {
        var head = new ResponseHead(limits.FieldCountMax);
        ParseOutcome outcome = ParseOutcome.NeedMore;
        int length = 0;
        while (outcome.Status == ParseStatus.NeedMore && length < bytes.Length)
            outcome = ResponseHeadParser.Parse(bytes[..++length], limits, head);
        output.WriteLine($"  ResponseHeadParser after byte {length}: {Say(outcome)}");
        if (outcome.Status != ParseStatus.Done)
            return;
        BodyFraming framing = MessageFraming.OfResponse(bytes, head, method, offersUpgrade);
        output.WriteLine($"  MessageFraming: status {head.StatusCode}, {Say(framing)}");
        ConnectionOptions options = ConnectionHeader.Apply(bytes, head.Fields);
        output.WriteLine($"  ConnectionHeader: {Say(options.Reason)}");
        if (framing.Reason == RejectReason.None)
            AskBody(output, bytes, outcome.ConsumedBytes, framing, ChunkedDecoder.OfServer);
    }

    /// <summary>One byte after the other, but for an unfinished trailer section, which is asked for again as a whole.</summary>
    private static void AskBody(TextWriter output, ReadOnlySpan<byte> bytes, int start, BodyFraming framing, ChunkedDecoder decoder)
    {
        var scratch = new WireScratch(WireScratch.ResponseHeadBytesMax, WireScratch.ResponseFieldsMax, receiveBytesMax: 64 * 1024);
        var body = default(BodyReader);
        body.Begin(framing, decoder: decoder);
        int used = start;
        for (int length = start + 1; length <= bytes.Length && !body.IsComplete && body.Fault == RejectReason.None; length++)
            used += body.Read(bytes[used..length], scratch, out _);
        string end = body.Fault != RejectReason.None ? $"rejected, {RejectReasons.CodeOf(body.Fault)}"
            : body.IsComplete ? "complete" : "more is needed";
        output.WriteLine($"  BodyReader at byte {used}: {end}");
        if (body.IsComplete && used < bytes.Length)
            output.WriteLine($"  {bytes.Length - used} bytes behind it");
    }

    private static void AskProxyHeader(TextWriter output, ReadOnlySpan<byte> bytes)
    {
        int length = 0;
        ProxyHeaderStatus status = ProxyHeaderStatus.NeedMore;
        while (status == ProxyHeaderStatus.NeedMore && length < bytes.Length)
            status = ProxyHeaderParser.Parse(bytes[..++length]).Status;
        output.WriteLine($"  ProxyHeaderParser after byte {length}: {CodeText.Of(status.ToString())}");
    }

    private static string Say(ParseOutcome outcome) => outcome.Status switch
    {
        ParseStatus.Done => $"done, {outcome.ConsumedBytes} bytes",
        ParseStatus.NeedMore => "more is needed",
        _ => $"rejected, {RejectReasons.CodeOf(outcome.Reason)}",
    };

    private static string Say(RejectReason reason) => reason == RejectReason.None ? "fine" : $"rejected, {RejectReasons.CodeOf(reason)}";

    private static string Say(BodyFraming framing) => framing.Reason != RejectReason.None
        ? $"rejected, {RejectReasons.CodeOf(framing.Reason)}"
        : framing.Kind == BodyKind.Length ? $"a body of {framing.LengthBytes} bytes" : $"body: {CodeText.Of(framing.Kind.ToString())}";

    private static string Text(ReadOnlySpan<byte> lines, ReadOnlySpan<byte> name) => MessageDump.FirstLine(RecordEntry.ValueOf(lines, name));

    /// <summary>What a file says may be anything.</summary>
    private static int Bounded(long value, int otherwise, int max) => value is < 1 ? otherwise : (int)Math.Min(value, max);
}
