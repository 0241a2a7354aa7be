using System;
using System.Text;
using NativeProxy.Logging;
using Xunit;

namespace NativeProxy.Tests.Logging;

/// <summary>What is secret is in no line, whatever the layout.</summary>
public sealed class LineRedactionTests
{
    private static readonly LineRedaction Redaction = LineRedaction.Of(["User-Agent"], ["token", "api key"])!;

    [Theory]
    [InlineData("/a?token=s3cret", "/a?token=REDACTED")]
    [InlineData("/a?x=1&token=s3cret&y=2", "/a?x=1&token=REDACTED&y=2")]
    [InlineData("/a?TOKEN=s3cret;x=1", "/a?TOKEN=REDACTED;x=1")]
    [InlineData("/a?%74oken=s3cret", "/a?%74oken=REDACTED")]
    [InlineData("/a?%54Oken=s3cret#f", "/a?%54Oken=REDACTED#f")]
    [InlineData("/a?api+key=s3cret&api%20key=s3cret", "/a?api+key=REDACTED&api%20key=REDACTED")]
    [InlineData("/a?x=1?token=s3cret", "/a?x=1?token=REDACTED")]
    [InlineData("/a?token=s3=cret==", "/a?token=REDACTED")]
    [InlineData("http://host/a?token=s3cret", "http://host/a?token=REDACTED")]
    [InlineData("/a?token=", "/a?token=")]
    [InlineData("/a?token", "/a?token")]
    [InlineData("/a?tokens=1&toke=2&=3", "/a?tokens=1&toke=2&=3")]
    [InlineData("/token=1", "/token=1")]
    [InlineData("/a?", "/a?")]
    public void ValuesOfSecretParameters_AreReplaced(string target, string shown)
    {
        AccessRecord record = SampleRecords.Get(target);
        record.Referer = Encoding.Latin1.GetBytes("http://a" + target);

        Assert.Equal($"{shown} http://a{shown}", TemplateTrial.Line("{target} {referer}", record, Redaction));
    }

    [Fact]
    public void NoLayout_ShowsWhatIsSecret()
    {
        AccessRecord record = SampleRecords.Get("/a?token=s3cret");
        record.UserAgent = "s3cret"u8;
        record.Referer = "http://b/?token=s3cret"u8;
        var captures = new CaptureList(["Location"], [], []);
        byte[] values = TemplateTrial.Capture(captures, "GET / HTTP/1.1\r\nHost: a\r\nLocation: /b?token=s3cret\r\n\r\n");
        LogText text = new();
        Redaction.Apply(ref record);
        var view = new CaptureView(values, captures, Redaction);

        HaproxyFormat.Append(text, record, SampleRecords.Names(), view);
        JsonFormat.Append(text, record, SampleRecords.Names(), view);
        CombinedFormat.Append(text, record);
        TemplateTrial.Of("{request} {query} {user_agent} {referer}").Template.Append(text, record, SampleRecords.Names(), default);

        string lines = Encoding.UTF8.GetString(text.Bytes);
        Assert.DoesNotContain("s3cret", lines, StringComparison.Ordinal);
        Assert.Contains("/b?token=REDACTED", lines, StringComparison.Ordinal);
        Assert.Contains("\"user_agent\":\"REDACTED\"", lines, StringComparison.Ordinal);
        Assert.Contains("GET /a?token=REDACTED HTTP/1.1", lines, StringComparison.Ordinal);
    }

    /// <summary>A line that could not be read is cut at its last blank, perhaps in the middle of the value.</summary>
    [Fact]
    public void RestOfAValueBehindABlank_IsNotShownAsAVersion()
    {
        AccessRecord record = SampleRecords.Get("/a?token=s3");
        record.Version = "cret"u8;

        Assert.DoesNotContain("cret", TemplateTrial.Line("{request}", record, Redaction), StringComparison.Ordinal);
    }

    [Fact]
    public void WithoutSecrets_NobodyLooks()
    {
        Assert.Null(LineRedaction.Of(["Cookie", "Authorization"], []));
        Assert.NotNull(LineRedaction.Of(["referer"], []));
    }
}
