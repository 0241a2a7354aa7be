using System;
using System.Buffers;
using System.Text;
using NativeProxy.Recording;
using Xunit;

namespace NativeProxy.Tests.Recording;

/// <summary>What of a connection gets into a record: heads without secrets, frames, lengths of bodies; in whatever pieces it came.</summary>
public sealed class RecordedStreamTests
{
    private const string Requests =
        "GET /1 HTTP/1.1\r\nHost: a\r\nCookie: secret\r\n\r\nPOST /2 HTTP/1.1\r\nContent-Length: 6\r\nHost: a\r\n\r\nsecret"
        + "POST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nsecret\r\n0\r\nCookie: secret\r\n\r\n"
        + "HEAD /4 HTTP/1.1\r\nHost: a\r\n\r\n";

    private const string Responses =
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nSet-Cookie: secret\r\nContent-Length: 6\r\n\r\nsecretHTTP/1.1 204 No\r\n\r\n"
        + "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6 \r\nsecret\r\n0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n"
        + "HTTP/1.1 200 OK\r\n\r\nsecret to the end";

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(50)]
    [InlineData(10_000)]
    public void Record_HasHeadsAndFrames_AndNoSecret(int pieceBytes)
    {
        var connections = new RecordedConnections(new Redaction(isOn: true, hidesQueries: false, []), hasBodies: false);
        string record = Take(connections, pieceBytes);
        Assert.DoesNotContain("secret", record, StringComparison.Ordinal);
        Assert.Equal(Expected(Requests, "<17>") + Expected(Responses, "<17>"), record);
    }

    [Fact]
    public void WithBodies_AllOfThemAreThere()
    {
        string record = Take(new RecordedConnections(Redaction.Off, hasBodies: true), pieceBytes: 7);
        Assert.Equal(Requests + Responses, record);
    }

    [Fact]
    public void BrokenHead_IsTheLastThatIsShown()
    {
        var connections = new RecordedConnections(new Redaction(isOn: true, hidesQueries: false, []), hasBodies: false);
        Assert.Equal("GET / HTTP/1.1\r\nCookie : ******\r\n\r\n<6>",
            Text(connections, "GET / HTTP/1.1\r\nCookie : secret\r\n\r\nsecret", RecordDirection.FromPeer, 1000, opens: true));
    }

    /// <summary>Each secret that is a body as its length, those in fields as stars.</summary>
    private static string Expected(string text, string rest) => text.Replace("Cookie: secret", "Cookie: ******", StringComparison.Ordinal)
        .Replace("secret to the end", rest, StringComparison.Ordinal).Replace("secret", "<6>", StringComparison.Ordinal);

    private static string Take(RecordedConnections connections, int pieceBytes) =>
        Text(connections, Requests, RecordDirection.FromPeer, pieceBytes, opens: true)
        + Text(connections, Responses, RecordDirection.ToPeer, pieceBytes, opens: false);

    /// <summary>The bytes of the entries; of what is left out how much, together.</summary>
    private static string Text(RecordedConnections connections, string stream, RecordDirection direction, int pieceBytes, bool opens)
    {
        var entries = new ArrayBufferWriter<byte>();
        if (opens)
            new RecordEntry(RecordKind.Open, false, RecordDirection.None, 0, 7, "listener: web\n"u8).WriteTo(entries);
        byte[] bytes = Encoding.ASCII.GetBytes(stream);
        for (int from = 0; from < bytes.Length; from += pieceBytes)
        {
            ReadOnlySpan<byte> piece = bytes.AsSpan(from, Math.Min(pieceBytes, bytes.Length - from));
            new RecordEntry(RecordKind.Bytes, false, direction, 0, 7, piece).WriteTo(entries);
        }
        var output = new ArrayBufferWriter<byte>();
        connections.Take(entries.WrittenSpan, output);
        var text = new StringBuilder();
        long gap = 0;
        ReadOnlySpan<byte> rest = output.WrittenSpan;
        while (RecordEntry.TryRead(ref rest, out RecordEntry entry))
        {
            if (entry.Kind == RecordKind.Gap)
                gap += entry.GapBytes;
            if (entry.Kind != RecordKind.Bytes)
                continue;
            text.Append(gap > 0 ? $"<{gap}>" : "").Append(Encoding.ASCII.GetString(entry.Payload));
            gap = 0;
        }
        return text.Append(gap > 0 ? $"<{gap}>" : "").ToString();
    }
}
