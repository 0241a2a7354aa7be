using System;
using System.Collections.Generic;
using System.Text.Json;
using System.Text.RegularExpressions;
using NativeProxy.Http;
using Xunit;
using Xunit.Abstractions;

namespace NativeProxy.Tests.Http1;

/// <summary>
/// The test cases of llhttp: how many messages are complete, and whether the input is an error. llhttp does not ask for
/// Host and takes a fragment in the target; where these are the only faults of a row we add a Host and drop the "#hey"
/// that many rows have, since they are about something else.
/// </summary>
public class LlhttpVectorTests(ITestOutputHelper output)
{
    private const int ErrorDataAfterClose = 5; // a session's business: the parser of ours does not know the connection
    private const int ErrorPauseOnUpgrade = 22; // not an error: llhttp hands over to another protocol

    private static readonly Dictionary<string, string> ExplainedRequests = new()
    {
        // llhttp judges framing inside the head; ours does so when the head is complete, which these rows never are.
        ["content-length#77 Error on Content-Length overflow"] = "the head is incomplete",
        ["content-length#102 Error on duplicate Content-Length"] = "the head is incomplete",
        ["invalid#492 Invalid HTTP version"] = "the request line is incomplete; at its end it is a 505",

        ["invalid#68 HTTP protocol and ANNOUNCE method"] = "RFC 9110 9.1: any token is a method; llhttp keeps a list",
        ["invalid#358 Invalid method"] = "RFC 9110 9.1: any token is a method; llhttp keeps a list",
        ["method#374 SOURCE request with ICE"] = "RFC 9112 2.3: only HTTP/ is HTTP",
        ["method#404 OPTIONS request with RTSP"] = "RFC 9112 2.3: only HTTP/ is HTTP",
        ["method#432 ANNOUNCE request with RTSP"] = "RFC 9112 2.3: only HTTP/ is HTTP",
        ["sample#316 No HTTP version"] = "RFC 9112 3: the version is not optional; HTTP/0.9 is gone",
        ["method#137 M-SEARCH request"] = "RFC 9112 3.2.4: the asterisk form is for OPTIONS only",
        ["uri#167 Fragment in URI"] = "RFC 9112 3.2: no fragment in a request target",
        ["transfer-encoding#753 POST with chunked as last transfer-encoding"] = "only chunked is decoded: a 501",
        ["transfer-encoding#795 POST with chunked as last transfer-encoding (multiple headers)"] = "only chunked is decoded: a 501",
        ["uri#224 host:port and basic auth"] = "RFC 9110 4.2.4: userinfo in an http URI is an error",
    };

    private static readonly Dictionary<string, string> ExplainedResponses = new()
    {
        ["connection#494 HTTP 304 with Content-Length"] = "RFC 9112 2.2: only a server skips empty lines, before a request",
        ["connection#588 HTTP 100 first, then 400"] = "RFC 9112 2.2: only a server skips empty lines, before a request",
        ["pipelining#6 Should parse multiple events"] = "RFC 9112 2.2: only a server skips empty lines, before a request",
        ["sample#697 Response starting with CRLF"] = "RFC 9112 2.2: only a server skips empty lines, before a request",
        ["sample#42 RTSP response"] = "RFC 9112 2.3: only HTTP/ is HTTP",
        ["sample#62 ICE response"] = "RFC 9112 2.3: only HTTP/ is HTTP",
        ["sample#647 HTTP version 0.9"] = "HTTP/0.9 has no status line",

        // RFC 9112 6.1, RFC 9110 8.6: a 1xx must have neither field; readers differ about what follows.
        ["connection#333 HTTP 101 response with Upgrade and Transfer-Encoding header"] = "a 101 that announces a body",

        // Old servers reserve the digits of a size; blanks behind it end no line elsewhere, and the client gets chunks of ours. In requests refused.
        ["transfer-encoding#6 Trailing space on chunked body"] = "blanks behind a chunk size, tolerated from servers",

        // RFC 9112 6.3 rule 4 lets such a body last until close; a proxy that passes it on would pass on a body whose end
        // the client may see elsewhere.
        ["transfer-encoding#45 chunked before other transfer-encoding"] = "chunked is not last",
        ["transfer-encoding#76 multiple transfer-encoding where chunked is not the last one"] = "chunked is not last",
        ["transfer-encoding#114 chunkedchunked transfer-encoding does not enable chunked enconding"] = "unknown coding",
    };

    private static readonly Regex RequestLineEnd = new(@" HTTP/1\.[0-9]\r\n", RegexOptions.CultureInvariant);

    [Fact]
    public void Requests_AreReadAsLlhttpReadsThem()
    {
        List<(string, string)> found = [];
        JsonElement[] rows = VectorFile.Rows("llhttp_request", output);
        foreach (JsonElement row in rows)
        {
            byte[] bytes = VectorFile.ToBytes(row.Text("data").Replace("#hey", "", StringComparison.Ordinal));
            Compare(row, MessageStream.OfRequests(WithHosts(bytes)), found);
        }

        VectorFile.AssertExplained(found, ExplainedRequests, rows.Length > 0);
    }

    [Fact]
    public void Responses_AreReadAsLlhttpReadsThem()
    {
        List<(string, string)> found = [];
        JsonElement[] rows = VectorFile.Rows("llhttp_response", output);
        foreach (JsonElement row in rows)
            Compare(row, MessageStream.OfResponses(VectorFile.ToBytes(row.Text("data")), upgradeForwarded: true), found);

        VectorFile.AssertExplained(found, ExplainedResponses, rows.Length > 0);
    }

    private static void Compare(JsonElement row, MessageStream stream, List<(string, string)> found)
    {
        int error = row.GetProperty("error").GetInt32();
        int complete = row.GetProperty("complete").GetInt32();
        bool isError = error is not (0 or ErrorDataAfterClose or ErrorPauseOnUpgrade);

        // llhttp stops behind the message that closes or upgrades; we may read on, so only that message counts.
        bool isSame = error is ErrorDataAfterClose or ErrorPauseOnUpgrade
            ? stream.CompleteCount >= complete
            : stream.CompleteCount == complete && stream.IsRejected == isError;
        if (!isSame)
            found.Add((row.Text("id"), $"{stream.CompleteCount} complete, {stream.Reason} (llhttp: {complete}, {error} {row.Text("reason")})"));
    }

    /// <summary>Adds Host behind each request line whose head is rejected for nothing but its absence.</summary>
    private static byte[] WithHosts(byte[] bytes)
    {
        for (int added = 0; added < 10 && MessageStream.OfRequests(bytes).Reason == RejectReason.MissingHost; added++)
            bytes = WithOneMoreHost(bytes);

        return bytes;
    }

    private static byte[] WithOneMoreHost(byte[] bytes)
    {
        int complete = MessageStream.OfRequests(bytes).CompleteCount;
        string text = Wire.Text(bytes);
        foreach (Match version in RequestLineEnd.Matches(text))
        {
            byte[] more = Wire.Bytes(text.Insert(version.Index + version.Length, "Host: a\r\n"));
            MessageStream stream = MessageStream.OfRequests(more);
            if (stream.CompleteCount > complete || stream.Reason is not (RejectReason.MissingHost or RejectReason.DuplicateHost))
                return more;
        }

        return bytes;
    }
}
