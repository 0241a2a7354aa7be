using System;
using System.Collections.Generic;
using System.Text.Json;
using NativeProxy.Http;
using NativeProxy.Http1;
using Xunit;
using Xunit.Abstractions;

namespace NativeProxy.Tests.Http1;

/// <summary>
/// The gadgets of smuggler: each is a spelling of Transfer-Encoding that some parser overlooks and another one honours.
/// Behind a Content-Length each must be refused, unless it is another field to everyone; alone it must be refused or
/// mean exactly "chunked".
/// </summary>
public class SmugglerVectorTests(ITestOutputHelper output)
{
    private static readonly Dictionary<string, string> AcceptedWithLength = new()
    {
        ["xprespace-09"] = "a tab inside the value of X",
        ["xprespace-20"] = "a space inside the value of X",
        ["xprespace-a0"] = "obs-text inside the value of X",
        ["xprespace-ff"] = "obs-text inside the value of X",
    };

    private static readonly Dictionary<string, string> AcceptedAlone = new(AcceptedWithLength)
    {
        // RFC 9110 5.5 and 5.1: optional blanks around the value, names and codings in any case.
        ["tabprefix1"] = "HTAB before the value",
        ["valueprefix1"] = "two SP before the value",
        ["tabsuffix"] = "HTAB behind the value",
        ["midspace-09"] = "HTAB before the value",
        ["midspace-20"] = "SP before the value",
        ["endspace-09"] = "HTAB behind the value",
        ["endspace-20"] = "SP behind the value",
        ["sarcasm"] = "mixed case",
        ["yelling"] = "upper case",

        // The inserted byte completes a CRLF: two ordinary field lines.
        ["rxprespace-0a"] = "two field lines",
        ["endspacerx-0a"] = "two field lines",
        ["xnprespace-0d"] = "two field lines",
        ["endspacexn-0d"] = "two field lines",
    };

    [Fact]
    public void GadgetBehindContentLength_IsRefused() => AssertRefused("Content-Length: 5\r\n", AcceptedWithLength);

    [Fact]
    public void GadgetAlone_IsRefused() => AssertRefused("", AcceptedAlone);

    private void AssertRefused(string length, Dictionary<string, string> explained)
    {
        List<(string, string)> found = [];
        JsonElement[] rows = VectorFile.Rows("smuggler", output);
        RequestHead head = new(fieldCountMax: 10);
        foreach (JsonElement row in rows)
        {
            byte[] bytes = VectorFile.ToBytes($"POST / HTTP/1.1\r\nHost: a\r\n{length}{row.Text("data")}\r\n\r\n");
            ParseOutcome outcome = RequestHeadParser.Parse(bytes, Wire.Limits, head);
            Assert.NotEqual(ParseStatus.NeedMore, outcome.Status);
            BodyFraming framing = outcome.Status == ParseStatus.Done ? MessageFraming.OfRequest(bytes, head) : default;
            if (outcome.Status == ParseStatus.Done && framing.Reason == RejectReason.None)
            {
                Assert.True(framing.Kind is not BodyKind.None || row.Text("id").StartsWith("xprespace", StringComparison.Ordinal));
                found.Add((row.Text("id"), $"{framing} {row.Text("data")}"));
            }
        }

        VectorFile.AssertExplained(found, explained, rows.Length > 0);
    }
}
