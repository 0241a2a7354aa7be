using System;
using System.Collections.Immutable;
using System.Linq;
using System.Text;
using NativeProxy.Buffers;
using NativeProxy.Config;
using NativeProxy.Exchanges.Logged;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Logging;
using NativeProxy.Tests.Http1;
using Xunit;

namespace NativeProxy.Tests.Logging;

/// <summary>Short ways from a template or a list of headers to lines.</summary>
internal static class TemplateTrial
{
    public static readonly string[] Secrets = ["Authorization", "Cookie", "Set-Cookie", "Proxy-Authorization"];

    /// <summary>The template and the list of what it captures.</summary>
    public static (LineTemplate Template, CaptureList Captures) Of(string template)
    {
        Assert.True(LogTemplateText.TryParse(template, out ImmutableArray<AccessFieldPart> parts, out string problem, out _), problem);
        var captures = new CaptureList(NamesOf(parts, AccessField.RequestHeader), NamesOf(parts, AccessField.ResponseHeader), Secrets);
        return (new LineTemplate(parts, captures), captures);
    }

    /// <summary>The line without its end, which it has exactly once.</summary>
    public static string Line(string template, AccessRecord record, LineRedaction? redaction = null)
    {
        (LineTemplate parsed, CaptureList captures) = Of(template);
        LogText text = new();
        redaction?.Apply(ref record);
        parsed.Append(text, record, SampleRecords.Names(), new CaptureView(record.Captures, captures, redaction));
        return Checked(text);
    }

    public static string Checked(LogText text)
    {
        string line = Encoding.UTF8.GetString(text.Bytes);
        Assert.Equal(line.Length - 1, line.IndexOf('\n'));
        return line[..^1];
    }

    /// <summary>What an exchange with these heads captures.</summary>
    public static byte[] Capture(CaptureList list, string request, string? response = null)
    {
        var pools = new BufferPools(1024 * 1024);
        var captures = new ExchangeCaptures();
        byte[] bytes = Wire.Bytes(request);
        Assert.Equal("Done", Wire.Verdict(Wire.Request(request, out RequestHead head)));
        captures.TakeRequest(pools, list, bytes, head.Fields);
        bytes.AsSpan().Clear();
        if (response is not null)
        {
            bytes = Wire.Bytes(response);
            Assert.Equal("Done", Wire.Verdict(Wire.Response(response, out ResponseHead answer)));
            captures.TakeResponse(bytes, answer.Fields);
            bytes.AsSpan().Clear();
        }
        byte[] values = captures.Values.ToArray();
        captures.Release(pools);
        Assert.Equal(0, pools.LentCount);
        return values;
    }

    private static string[] NamesOf(ImmutableArray<AccessFieldPart> parts, AccessField field) =>
        [.. parts.Where(part => part.Field == field).Select(static part => part.Text)];
}
