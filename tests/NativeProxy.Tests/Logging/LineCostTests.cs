using System;
using NativeProxy.Buffers;
using NativeProxy.Exchanges.Logged;
using NativeProxy.Http;
using NativeProxy.Logging;
using NativeProxy.Tests.Http1;
using Xunit;
using Xunit.Abstractions;

namespace NativeProxy.Tests.Logging;

/// <summary>What a line costs: the loop and the writer allocate nothing for it, whatever it shows, and a default line is copied as it was.</summary>
public sealed class LineCostTests(ITestOutputHelper output)
{
    private const int Count = 2000;

    private readonly LogRing _ring = new(1 << 16);
    private readonly LogNames _names = SampleRecords.Names();
    private readonly LogText _text = new();

    [Fact]
    public void DefaultLine_AllocatesNothing()
    {
        AccessRecord record = Record();
        long bytes = _ring.WrittenPosition;
        Write(record, null, null, null);
        output.WriteLine($"a record of the default line takes {_ring.WrittenPosition - bytes} bytes of the ring");
        Assert.InRange(AllocatedBy(() => Write(Record(), null, null, null)), 0, Count / 10);
    }

    [Fact]
    public void CustomLineWithHeadersAndSecrets_AllocatesNothing()
    {
        (LineTemplate template, CaptureList list) = TemplateTrial.Of(
            "{client} {time} \"{request}\" {status} {total_ms} {request_header.X-A} {request_header.Cookie} {response_header.Server}");
        LineRedaction redaction = LineRedaction.Of([], ["token"])!;
        const string Head = "GET /?token=x HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nCookie: c\r\n\r\n";
        const string Answer = "HTTP/1.1 200 OK\r\nServer: s\r\nContent-Length: 0\r\n\r\n";
        byte[] bytes = Wire.Bytes(Head);
        byte[] answerBytes = Wire.Bytes(Answer);
        Wire.Request(Head, out RequestHead request);
        Wire.Response(Answer, out ResponseHead response);
        var pools = new BufferPools(1024 * 1024);
        var captures = new ExchangeCaptures();

        Assert.InRange(AllocatedBy(() =>
        {
            captures.TakeRequest(pools, list, bytes, request.Fields);
            captures.TakeResponse(answerBytes, response.Fields);
            AccessRecord record = Record();
            record.Target = "/?token=x"u8;
            record.Captures = captures.Values;
            Write(record, list, redaction, template);
            captures.Release(pools);
        }), 0, Count / 10);
        Assert.Contains("GET /?token=REDACTED HTTP/1.1", System.Text.Encoding.ASCII.GetString(_text.Bytes), StringComparison.Ordinal);
        Assert.EndsWith("1 REDACTED s\n", System.Text.Encoding.ASCII.GetString(_text.Bytes), StringComparison.Ordinal);
    }

    private static AccessRecord Record() =>
        new() { Numbers = SampleRecords.Numbers(), Method = "GET"u8, Target = "/"u8, Version = "HTTP/1.1"u8 };

    /// <summary>As loop and writer do.</summary>
    private void Write(in AccessRecord record, CaptureList? list, LineRedaction? redaction, LineTemplate? template)
    {
        Assert.True(AccessRecordCodec.TryWrite(_ring, record));
        _text.Clear();
        while (_ring.TryPeek(out ReadOnlySpan<byte> slot))
        {
            AccessRecord read = AccessRecordCodec.Read(slot);
            redaction?.Apply(ref read);
            var view = new CaptureView(read.Captures, list, redaction);
            if (template is null)
                HaproxyFormat.Append(_text, read, _names, view);
            else
                template.Append(_text, read, _names, view);
            _ring.Release();
        }
    }

    private static long AllocatedBy(Action one)
    {
        for (int i = 0; i < 100; i++)
            one();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < Count; i++)
            one();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
