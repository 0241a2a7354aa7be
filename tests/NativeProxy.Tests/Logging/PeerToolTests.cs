using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text;
using NativeProxy.Logging;
using Xunit;

namespace NativeProxy.Tests.Logging;

/// <summary>The tools of the peers read our lines, hostile ones included.</summary>
[Trait("promise", "B4")]
public sealed class PeerToolTests
{
    private static readonly string[] Targets = ["/", "/a?b=c", "/\"x\"", "/a b", "/{x}|y", "/\u00e9\n", "/%22"];

    [ToolTheory("halog")]
    [InlineData("", "-4")]
    [InlineData("Nov 22 10:11:12 host nativeproxy[7]: ", "1")]
    [InlineData("<134>1 2026-11-22T10:11:12.123Z host nativeproxy 7 access - ", "3")]
    public void HaproxyLines_AreReadByHalog(string prefix, string skipped)
    {
        string lines = Lines(static (LogText text, in AccessRecord record) => HaproxyFormat.Append(text, record, SampleRecords.Names()), prefix);

        (string output, string errors) = Run("halog", ["-srv", "-s", skipped], lines);

        Assert.Contains($"{Targets.Length} lines in, 1 lines out, 0 parsing errors", errors, StringComparison.Ordinal);
        Assert.Contains($"app/a 0 {Targets.Length} 0 0 0 0 {Targets.Length} {Targets.Length} 100.0 1 2", output, StringComparison.Ordinal);
    }

    [ToolTheory("halog")]
    [InlineData("-4")]
    public void HaproxyLinesWithCaptures_AreReadByHalog(string skipped)
    {
        var list = new CaptureList(["X-A"], ["Server"], []);
        byte[] values = TemplateTrial.Capture(list, "GET / HTTP/1.1\r\nHost: a\r\nX-A: a \"b\" | {c}\r\n\r\n");
        string lines = Lines(
            (LogText text, in AccessRecord record) =>
                HaproxyFormat.Append(text, record, SampleRecords.Names(), new CaptureView(values, list, null)),
            "");

        (string output, _) = Run("halog", ["-u", "-s", skipped], lines);

        Assert.Contains(" /a", output, StringComparison.Ordinal);
    }

    [ToolTheory("goaccess")]
    [InlineData("COMBINED")]
    public void CombinedLines_AreReadByGoaccess(string format)
    {
        string lines = Lines(static (LogText text, in AccessRecord record) => CombinedFormat.Append(text, record), "");

        (string output, _) = Run("goaccess", ["-", "--log-format=" + format, "--no-global-config", "-o", "json"], lines);

        Assert.Contains($"\"valid_requests\": {Targets.Length},\"failed_requests\": 0", output, StringComparison.Ordinal);
    }

    private delegate void Append(LogText text, in AccessRecord record);

    private static string Lines(Append append, string prefix)
    {
        LogText text = new();
        foreach (string target in Targets)
        {
            text.Append(Encoding.ASCII.GetBytes(prefix));
            append(text, SampleRecords.Get(target));
        }
        return Encoding.UTF8.GetString(text.Bytes);
    }

    private static (string Output, string Errors) Run(string tool, string[] arguments, string input)
    {
        var start = new ProcessStartInfo(ToolTheoryAttribute.PathOf(tool)!, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        string output = process.StandardOutput.ReadToEnd();
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (output, errors);
    }
}

/// <summary>A test that needs a program of somebody else, and says so where there is none.</summary>
internal sealed class ToolTheoryAttribute : TheoryAttribute
{
    public ToolTheoryAttribute(string tool)
    {
        if (PathOf(tool) is null)
            Skip = tool + " is not installed here";
    }

    public static string? PathOf(string tool) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Append("/usr/sbin").Select(directory => Path.Combine(directory, tool)).FirstOrDefault(File.Exists);
}
