using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using Xunit;

namespace NativeProxy.EndToEnd.Harness;

/// <summary>One response as a client reads it: by its framing, strictly. Immutable.</summary>
/// <param name="Head">The head as received, with the blank line.</param>
/// <param name="Body">The content without its framing, Latin-1.</param>
/// <param name="RawBody">The body with its framing.</param>
/// <param name="Trailers">The lines of the trailer section.</param>
internal sealed record HttpResponse(string Head, string Body, string RawBody, string Trailers)
{
    public int Status => int.Parse(Head.AsSpan(9, 3), CultureInfo.InvariantCulture);

    public bool IsChunked => Field("Transfer-Encoding") == "chunked";

    /// <summary>The Connection field, or null.</summary>
    public string? Connection => Field("Connection");

    /// <summary>The value of a field, null when there is none; fails when there are several.</summary>
    public string? Field(string name) => FieldOf(Head, name);

    /// <summary>The value of a field of any head, null when there is none; fails when there are several.</summary>
    public static string? FieldOf(string head, string name) => FieldsOf(head, name).SingleOrDefault();

    public static IEnumerable<string> FieldsOf(string head, string name) =>
        from line in head.Split("\r\n").Skip(1)
        where line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase)
        select line[(name.Length + 1)..].Trim();

    /// <summary>Reads one final response; interim ones must have been read before.</summary>
    public static async Task<HttpResponse> Read(TestSocket socket, string method)
    {
        string head = await socket.ReadHead();
        Assert.Matches("^HTTP/1\\.1 [1-9][0-9][0-9] ", head);
        int status = int.Parse(head.AsSpan(9, 3), CultureInfo.InvariantCulture);
        Assert.True(status >= 200, "an interim response came: " + head);
        if (method == "HEAD" || status is 204 or 304)
            return new HttpResponse(head, "", "", "");
        if (FieldOf(head, "Transfer-Encoding") is { } coding)
        {
            Assert.Equal("chunked", coding);
            Assert.Null(FieldOf(head, "Content-Length"));
            return await ReadChunked(socket, head);
        }
        string body;
        if (FieldOf(head, "Content-Length") is { } length)
        {
            body = await socket.Read(int.Parse(length, NumberStyles.None, CultureInfo.InvariantCulture));
        }
        else
        {
            Assert.Equal("close", FieldOf(head, "Connection"));
            (body, StreamEnd end) = await socket.ReadToEnd();
            Assert.Equal(StreamEnd.Fin, end);
        }
        return new HttpResponse(head, body, body, "");
    }

    private static async Task<HttpResponse> ReadChunked(TestSocket socket, string head)
    {
        var body = new StringBuilder();
        var raw = new StringBuilder();
        while (true)
        {
            string size = await socket.ReadThrough("\r\n");
            raw.Append(size);
            Assert.Matches("^[0-9A-Fa-f]+\r\n$", size);
            int count = int.Parse(size.AsSpan(0, size.Length - 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            if (count == 0)
                break;
            string data = await socket.Read(count);
            Assert.Equal("\r\n", await socket.Read(2));
            body.Append(data);
            raw.Append(data).Append("\r\n");
        }
        var trailers = new StringBuilder();
        string line;
        while ((line = await socket.ReadThrough("\r\n")) != "\r\n")
            trailers.Append(line);
        return new HttpResponse(head, body.ToString(), raw.Append(trailers).Append("\r\n").ToString(), trailers.ToString());
    }
}
