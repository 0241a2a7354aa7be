using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using Xunit;
using Xunit.Abstractions;

namespace NativeProxy.Tests.Http1;

/// <summary>
/// The requests of http-desync-guardian with its verdicts. We accept what it calls compliant, refuse what it calls
/// ambiguous or severe, and may do either with what it calls acceptable (out of the RFC, harmless by its judgement).
/// Its rows have no Host, so one is added.
/// </summary>
public class DesyncGuardianVectorTests(ITestOutputHelper output)
{
    private static readonly Dictionary<string, string> Explained = new()
    {
        // Valid names of unknown fields (RFC 9110 5.1). They frame nothing here, and go on as they came.
        ["ambiguous: Transfer_Encoding with underscore."] = "an unknown field",
        ["ambiguous: Content_Length with underscore."] = "an unknown field",
        ["ambiguous: Transfer-Encoding with multiple hyphens"] = "an unknown field",
        ["ambiguous: Transfer-Encoding with multiple delimiters"] = "an unknown field",

        // RFC 9112 6.3: the framing does not depend on the method; the body is read and forwarded as such.
        ["ambiguous: Get with a body and Content-Length"] = "framing is independent of the method",
        ["ambiguous: Get with a body and Transfer-Encoding"] = "framing is independent of the method",
        ["ambiguous: Head with a body and Content-Length"] = "framing is independent of the method",
        ["ambiguous: Head with a body and Transfer-Encoding"] = "framing is independent of the method",
        ["real-life-test-cases: Has a CL in GET"] = "framing is independent of the method",
        ["real-life-test-cases: Has a TE in GET"] = "framing is independent of the method",

        // Codings other than chunked: 501, which RFC 9112 6.1 asks for; identity is gone since RFC 7230.
        ["more-compliant-tests: Correct TE OK"] = "only chunked is decoded",
        ["more-compliant-tests: Transfer-Encoding: identity and chunked OK"] = "only chunked is decoded",
        ["more-compliant-tests: Multiple transfer encoding headers in a single request OK"] = "only chunked is decoded",
        ["rfc-compliant: Different Transfer-Encoding headers"] = "only chunked is decoded",
        ["rfc-compliant: Different Transfer-Encoding headers combined"] = "only chunked is decoded",
        ["more-compliant-tests: TE with custom parameters OK"] = "RFC 9112 7.1: chunked has no parameters",
        ["rfc-compliant: Transfer-Encoding with a param: chunked;custom_param"] = "RFC 9112 7.1: chunked has no parameters",

        ["rfc-compliant: Compliant URL"] = "RFC 9112 3.2: no fragment in a request target",
        ["rfc-compliant: International in URI"] = "RFC 3986: no bytes above 0x7f in a URI",
        ["rfc-compliant: Empty URI"] = "RFC 9112 3.2: a target is not empty",
    };

    [Fact]
    public void Requests_AreJudgedAsTheGuardianDoes()
    {
        List<(string, string)> found = [];
        JsonElement[] rows = VectorFile.Rows("desync_guardian", output);
        foreach (JsonElement row in rows)
        {
            MessageStream stream = MessageStream.OfRequests(VectorFile.ToBytes(ToMessage(row)));
            string tier = row.Text("tier");
            bool isFine = tier switch
            {
                "Compliant" => !stream.IsRejected,
                "Acceptable" => true,
                _ => stream.IsRejected,
            };
            if (!isFine)
                found.Add((row.Text("id"), $"{tier} {row.Text("reason")}, we say {stream.Reason}"));
        }

        VectorFile.AssertExplained(found, Explained, rows.Length > 0);
    }

    private static string ToMessage(JsonElement row)
    {
        string[][] fields = [.. row.GetProperty("headers").EnumerateArray()
            .Select(field => new[] { field[0].GetString() ?? "", field[1].GetString() ?? "" })];
        bool hasHost = fields.Any(field => field[0].Equals("Host", StringComparison.OrdinalIgnoreCase));
        return $"{row.Text("method")} {row.Text("uri")} {row.Text("version")}\r\n" + (hasHost ? "" : "Host: a\r\n") +
            string.Concat(fields.Select(field => $"{field[0]}:{field[1]}\r\n")) + "\r\n";
    }
}
