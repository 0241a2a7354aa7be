using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using Xunit;
using Xunit.Abstractions;

namespace NativeProxy.Tests.Http1;

/// <summary>The data rows of h1spec: status ranges of the answer, where [-1, -1] means that the server must wait.</summary>
public class H1SpecVectorTests(ITestOutputHelper output)
{
    private static readonly Dictionary<string, string> Explained = [];

    [Fact]
    public void Requests_AreAnsweredAsH1SpecWants()
    {
        List<(string, string)> found = [];
        JsonElement[] rows = VectorFile.Rows("h1spec", output);
        foreach (JsonElement row in rows)
        {
            MessageStream stream = MessageStream.OfRequests(VectorFile.ToBytes(row.Text("data")));
            int status = stream.IsRejected ? 400 : stream.CompleteCount > 0 ? 200 : -1;
            string body = row.Text("body");
            bool isFine = row.GetProperty("status").EnumerateArray()
                .Any(range => range[0].GetInt32() <= status && status <= range[1].GetInt32());
            if (!isFine || (status == 200 && body.Length > 0 && body != stream.Body))
                found.Add((row.Text("id"), $"{status} {stream.Reason} {stream.Body}"));
        }

        VectorFile.AssertExplained(found, Explained, rows.Length > 0);
    }
}
