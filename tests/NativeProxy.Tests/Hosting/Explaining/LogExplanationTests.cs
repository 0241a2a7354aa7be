using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using NativeProxy.Foundation;
using NativeProxy.Hosting.Explaining;
using NativeProxy.Logging;
using NativeProxy.Tests.Logging;
using Xunit;

namespace NativeProxy.Tests.Hosting.Explaining;

/// <summary>What `log explain` says of lines, of all layouts, and of lines that are none.</summary>
public sealed class LogExplanationTests
{
    private const string Line = "127.0.0.1:40000 [22/Nov/2026:10:11:12.123] web app/a 0/0/1/2/3 200 150 - - ---- 1/1/1/1/0 0/0 \"GET / HTTP/1.1\" "
        + "cc=12/3/4500 sc=7/2/1200/reused da=10.0.0.7:9001 rt=none rs=- why=-";

    private const string Signs = "\u001b\0\r{}[]\"/-=: 9x\u00e9";

    [Fact]
    public void EveryReason_HasWords()
    {
        Assert.All(
            Enumerable.Range(1, CloseReasons.Count - 1),
            static i => Assert.NotNull(CloseReasonWords.Of(isServer: false, CloseReasons.CodeOf((CloseReason)i))));
        Assert.All(
            Enumerable.Range(1, ServerCloseReasons.Count - 1),
            static i => Assert.NotNull(CloseReasonWords.Of(isServer: true, ServerCloseReasons.CodeOf((ServerCloseReason)i))));
        Assert.Null(CloseReasonWords.Of(isServer: true, "bad_request"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Nov 22 10:11:12 host nativeproxy[7]: ")]
    [InlineData("<134>1 2026-11-22T10:11:12.123Z host nativeproxy 7 access - ")]
    public void HaproxyLine_IsTakenApart_WhateverStandsBeforeIt(string prefix)
    {
        LogLine line = LogLine.TryRead(prefix + Line)!;

        Assert.Equal((LogLineKind.Access, "haproxy"), (line.Kind, line.Layout));
        Assert.Equal(
            ("127.0.0.1", "200", "reused", "1200", ""),
            (line["client"], line["status"], line["server_connection"], line["server_idle_ms"], line["route"]));
    }

    /// <summary>The two layouts that say most say the same.</summary>
    [Fact]
    public void JsonLine_HasTheNamesOfTheHaproxyLine()
    {
        LogText json = new();
        LogText haproxy = new();
        JsonFormat.Append(json, SampleRecords.Get(), SampleRecords.Names());
        HaproxyFormat.Append(haproxy, SampleRecords.Get(), SampleRecords.Names());

        LogLine one = LogLine.TryRead(TemplateTrial.Checked(json))!;
        LogLine other = LogLine.TryRead(TemplateTrial.Checked(haproxy))!;

        string[] names = [.. other.Fields.Select(static field => field.Name).Except(["time", "request", "close_reason", "reject"])];
        Assert.True(names.Length > 25);
        Assert.All(names, name => Assert.Equal(other[name], one[name]));
        Assert.All(other.Fields, static field => Assert.NotEqual("", field.Name == "request" ? "x" : LogFieldWords.Of(field.Name)));
    }

    /// <summary>One list of values does not say which side it is of.</summary>
    [Fact]
    public void OneListOfFields_MayBeOfEitherSide()
    {
        string said = Said(Line.Replace(" 0/0 \"", " 0/0 {nginx} \"", StringComparison.Ordinal));

        Assert.Contains("  nginx    (captured fields: of the request, or of the answer where only those", said, StringComparison.Ordinal);
        Assert.DoesNotContain("captured_too", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("---- 1/", "200", "nobody's: all went well", "nothing")]
    [InlineData("SH-- 1/", "502", "the server's", "keepalive.idle_timeout of the upstream: it must be below the idle time of the server")]
    [InlineData("sH-- 1/", "504", "the server's", "timeouts.response")]
    [InlineData("CD-- 1/", "200", "the client's", "total_ms")]
    [InlineData("PR-- 1/", "400", "the client's, or of whoever set the rule that refused it", "the rule obs_fold")]
    [InlineData("PH-- 1/", "502", "the server's: what it answered was refused", "the rule obs_fold")]
    [InlineData("KD-- 1/", "200", "the operator's: the proxy was stopped", "runtime.drain_timeout")]
    [InlineData("RR-- 1/", "503", "the proxy's: something it has to share ran out", "runtime.buffer_bytes")]
    [InlineData("---- 1/", "502", "the server's: that status is its own answer", "the log of the server")]
    public void LettersAndStatus_SayWhoseDoingItWas(string state, string status, string whose, string look)
    {
        string line = Line.Replace("---- 1/", state, StringComparison.Ordinal).Replace(" 200 ", $" {status} ", StringComparison.Ordinal)
            .Replace("why=-", state[0] == 'P' ? "why=obs_fold" : "why=-", StringComparison.Ordinal);

        string said = Said(line);

        Assert.Contains($"whose doing\n  {whose}\n", said, StringComparison.Ordinal);
        Assert.Contains(look, said[said.IndexOf("look at\n", StringComparison.Ordinal)..], StringComparison.Ordinal);
    }

    /// <summary>Whoever writes JSON may write any letters, or one.</summary>
    [Theory]
    [InlineData("P", "the client's, or of whoever set the rule that refused it")]
    [InlineData("S", "the server's")]
    [InlineData("-", "the server's: that status is its own answer")]
    [InlineData("PH", "the server's: what it answered was refused")]
    public void StateOfFewerLetters_IsExplainedAsFarAsItTells(string state, string whose)
    {
        string said = Said($"{{\"status\":502,\"state\":\"{state}\"}}");

        Assert.Contains($"whose doing\n  {whose}\n", said, StringComparison.Ordinal);
    }

    [Fact]
    public void ClosedConnections_AreExplainedInBothLayouts()
    {
        const string Text = "10.0.0.1:9001 [22/Nov/2026:04:41:58.102] closed server app/a sc=2 rs=server_fin by=peer uses=41 "
            + "ms=1/2210/5003/0/7214 bytes=3567/5330";
        const string Json = "{\"event\":\"closed\",\"time\":\"2026-11-22T04:41:58.102Z\",\"side\":\"server\",\"connection_id\":2,\"reason\":"
            + "\"server_fin\",\"closed_by\":\"peer\",\"uses\":41,\"life_ms\":7214}";
        foreach (string line in (string[])[Text, Json])
        {
            string said = Said(line);
            Assert.Contains(
                "a connection to a server was closed: the server closed it\n  it lived 7214 ms and served 41 requests; the server ended it first",
                said, StringComparison.Ordinal);
            Assert.Contains("look at\n  while idle harmless", said, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void CombinedLine_IsExplainedAsFarAsItTells()
    {
        string said = Said("127.0.0.1 - - [22/Nov/2026:10:11:12 +0000] \"GET /x HTTP/1.1\" 502 40 \"-\" \"curl/8.0\"");

        Assert.Contains("127.0.0.1 asked: GET /x HTTP/1.1\n", said, StringComparison.Ordinal);
        Assert.Contains("the server's or the proxy's: this layout does not tell", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("hello")]
    [InlineData("{\"a\":1}")]
    [InlineData("{\"status\":}")]
    [InlineData("[22/Nov/2026:10:11:12]")]
    [InlineData("{{{{{{{{{{")]
    [InlineData("{\"status\":200,\"route\":\"\\ud800\"}")]
    [InlineData("{\"status\":200,\"\\ud800\":1}")]
    public void OtherLines_AreNotExplained(string line) => Assert.Null(LogLine.TryRead(line));

    /// <summary>Cut, changed and hostile lines end in an answer or none, and no sign of theirs reaches the terminal.</summary>
    [Fact]
    public void BrokenLines_AreSurvived()
    {
        int seed = Environment.TickCount;
        var random = new Random(seed);
        LogText json = new();
        JsonFormat.Append(json, SampleRecords.Get(), SampleRecords.Names());
        string[] sources =
        [
            Line, TemplateTrial.Checked(json),
            "10.0.0.1:1 [22/Nov/2026:04:41:58.102] closed client web cc=2 rs=x by=y uses=1 ms=1/2/3/4/5 bytes=3/5",
        ];
        for (int round = 0; round < 3000; round++)
        {
            List<char> letters = [.. sources[random.Next(sources.Length)]];
            for (int changes = random.Next(4); changes >= 0; changes--)
            {
                int at = random.Next(letters.Count);
                if (random.Next(2) == 0)
                    letters[at] = Signs[random.Next(Signs.Length)];
                else
                    letters.RemoveRange(at, Math.Min(random.Next(20), letters.Count - at - 1));
            }
            string said = Said(string.Concat(letters));
            Assert.False(said.Any(static sign => char.IsControl(sign) && sign != '\n'), $"seed {seed}");
        }
    }

    [Fact]
    public void Command_SaysHowManyLinesItDoesNotKnow()
    {
        var output = new StringWriter();
        Assert.Equal(1, LogCommand.Explain(new StringReader($"hello\n\n{Line}\n{Line}\n"), output));
        Assert.Equal(2, output.ToString().Split("what happened").Length - 1);
        Assert.Equal(0, LogCommand.Explain(new StringReader(Line), new StringWriter()));
        Assert.Equal(1, LogCommand.Explain(new StringReader(""), new StringWriter()));
    }

    private static string Said(string line)
    {
        var output = new StringWriter { NewLine = "\n" };
        if (LogLine.TryRead(line) is { } read)
            LogExplanation.Write(output, read);
        return output.ToString();
    }
}
