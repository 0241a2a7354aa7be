using System;
using System.Text;
using NativeProxy.Logging;
using NativeProxy.Tests.Listeners;
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
    [InlineData("/a#token=s3cret&x=1", "/a#token=REDACTED&x=1")]
    [InlineData("/a#f?token=s3cret", "/a#f?token=REDACTED")]
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

    /// <summary>Such a line may be anything, so also a query that was cut by blanks, or the end of a body.</summary>
    [Theory]
    [InlineData("GET?token=s3cret / HTTP/1.1", "REDACTED|REDACTED|HTTP/1.1")]
    [InlineData("GET?token= s3cret HTTP/1.1", "REDACTED|REDACTED|HTTP/1.1")]
    [InlineData("a=1&token=s3cret / HTTP/1.1", "REDACTED|REDACTED|HTTP/1.1")]
    [InlineData("a=1&token=s3cret", "-|REDACTED|-")]
    [InlineData(" s3cret HTTP/1.1", "-|REDACTED|HTTP/1.1")]
    [InlineData("GET /a /b?token=s3cret", "GET|/a|REDACTED")]
    [InlineData("GET /a?token= s3cret", "GET|/a?token=|REDACTED")]
    [InlineData("GET /a?token=s3 HTTP/cret", "GET|/a?token=REDACTED|REDACTED")]
    [InlineData("GET /a?token=s3 HTTP/1.cret", "GET|/a?token=REDACTED|REDACTED")]
    [InlineData("GET /a?token=s3 cret HTTP/1.1", "GET|/a?token=REDACTED|HTTP/1.1")]
    [InlineData("GET /a#token=s3cret HTTP/1.1", "GET|/a#token=REDACTED|HTTP/1.1")]
    [InlineData("GET /a HTTP/3.0", "GET|/a|HTTP/3.0")]
    public void LineThatCouldNotBeRead_ShowsNoPieceOfAQuery(string line, string shown)
    {
        using var trial = new ListenerTrial();
        trial.Write(trial.Connect(), Encoding.ASCII.GetBytes(line + "\r\nHost: a\r\n\r\n"));

        Assert.Equal(shown, trial.NextLine("{method}|{target}|{version}", Redaction));
    }

    /// <summary>Without a blank it is no method, but all of it.</summary>
    [Fact]
    public void LineOfOneWord_IsShownWhole()
    {
        using var trial = new ListenerTrial();
        trial.Write(trial.Connect(), "hello/\r\n\r\n"u8);

        Assert.Equal("-|hello/|-", trial.NextLine("{method}|{target}|{version}"));
    }

    [Theory]
    [InlineData("caf\u00e9", "?caf%C3%A9=s3cret&cafe=1", "?caf%C3%A9=REDACTED&cafe=1")]
    [InlineData("\u00c4", "?%c3%84=s3cret&\u00c4=s3cret", "?%c3%84=REDACTED&\u00c4=REDACTED")]
    [InlineData("%74oken", "?token=s3cret&%74oken=s3cret", "?token=REDACTED&%74oken=REDACTED")]
    [InlineData("a+b", "?a+b=s3cret&A%2bB=s3cret&a%20b=s3cret", "?a+b=REDACTED&A%2bB=REDACTED&a%20b=REDACTED")]
    [InlineData("100%", "?100%=s3cret&100%25=s3cret", "?100%=REDACTED&100%25=REDACTED")]
    public void NamesWithEscapesAndOtherLetters_AreFound(string name, string query, string shown)
    {
        AccessRecord record = SampleRecords.Get();
        record.Referer = Encoding.UTF8.GetBytes(query);
        LineRedaction.Of([], [name])!.Apply(ref record);

        Assert.Equal(shown, Encoding.UTF8.GetString(record.Referer));
    }

    [Fact]
    public void AddressInTheUserAgent_IsLookedAtToo()
    {
        AccessRecord record = SampleRecords.Get();
        record.UserAgent = "bot/1 (+http://b/?token=s3cret;x)"u8;

        Assert.Equal(
            "\"bot/1 (+http://b/?token=REDACTED;x)\"", TemplateTrial.Line("\"{user_agent}\"", record, LineRedaction.Of([], ["token"])));
    }

    [Fact]
    public void WithoutSecrets_NobodyLooks()
    {
        Assert.Null(LineRedaction.Of(["Cookie", "Authorization"], []));
        Assert.NotNull(LineRedaction.Of(["referer"], []));
    }
}
