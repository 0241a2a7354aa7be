using System.Buffers;
using System.Collections.Generic;
using System.Text;
using NativeProxy.Recording;
using Xunit;

namespace NativeProxy.Tests.Recording;

/// <summary>What is no HTTP, or HTTP no longer, is recorded as lengths, as is what a body has too many, however it comes.</summary>
public sealed class RecordedTalkTests
{
    private const string Upgrade = "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n";

    private readonly RecordedConnections _connections = new(new Redaction(isOn: true, hidesQueries: false, []), hasBodies: false);
    private readonly List<string> _record = [];

    [Theory]
    [InlineData(Upgrade, "HTTP/1.1 101 Yes\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")]
    [InlineData("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n")]
    public void BothDirectionsOfATunnel_AreLengths(string request, string answer)
    {
        Open("listener: web\n");
        FromClient(request);
        FromClient("secret");
        ToClient(answer + "secret");
        FromClient("secret, secret\r\n");
        ToClient("HTTP/1.1 200 secret\r\n\r\n");
        Assert.Equal(["< " + request, "< 6 bytes", "> " + answer, "> 6 bytes", "< 16 bytes", "> 23 bytes"], _record);
    }

    [Fact]
    public void UpgradeThatIsNotDone_IsFollowedByRequests()
    {
        Open("listener: web\n");
        FromClient(Upgrade);
        ToClient("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        FromClient("GET /2 HTTP/1.1\r\nHost: a\r\nCookie: secret\r\n\r\n");
        Assert.Equal("< GET /2 HTTP/1.1\r\nHost: a\r\nCookie: ******\r\n\r\n", _record[^1]);
    }

    [Fact]
    public void ConnectionThatTheProxyDoesNotRead_IsLengths()
    {
        Open("upstream: app\nserver: a\nopaque: 1\n", isOfServer: true);
        Take(RecordDirection.ToPeer, "GET / HTTP/1.1\r\n\r\n", isOfServer: true);
        Take(RecordDirection.FromPeer, "secret", isOfServer: true);
        Assert.Equal(["> 18 bytes", "< 6 bytes"], _record);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\nCookie: secret\n\nsecret", "< GET / HTTP/1.1\nCookie: ******\n\n")]
    [InlineData("GET / HTTP/1.1\nCookie: secret\n\r\nsecret", "< GET / HTTP/1.1\nCookie: ******\n\r\n")]
    public void BodyBehindAHeadWithBareLineFeeds_IsALength(string request, string head)
    {
        Open("listener: web\n");
        FromClient(request);
        Assert.Equal([head, "< 6 bytes"], _record);
    }

    /// <summary>Nor is it the head of anything: a length that is too short.</summary>
    [Theory]
    [InlineData("\"secret\": 1}", 12)]
    [InlineData("secret words\r\nmore\r\n", 20)]
    [InlineData("a secretGET / HTTP/1.1\r\nHost: a\r\n\r\n", 35)]
    public void RestOfABody_IsALength(string rest, int bytes)
    {
        Open("listener: web\n");
        FromClient("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}");
        FromClient(rest);
        Assert.Equal($"< {bytes} bytes", _record[^1]);

        _record.Clear();
        Open("listener: web\nclient: 192.0.2.1:1\nrequests: 1\n");
        FromClient(rest);
        Assert.Equal([$"< {bytes} bytes"], _record);
    }

    [Theory]
    [InlineData("listener: web\nrequests: 0\n", "{\"first\"\r\n\r\n")]
    [InlineData("listener: web\nrequests: 1\n", "GET /not encoded HTTP/1.1\r\nHost: a\r\n\r\n")]
    public void RequestThatIsWrong_IsShown(string facts, string request)
    {
        Open(facts);
        FromClient(request);
        Assert.Equal(["< " + request], _record);
    }

    private void Open(string facts, bool isOfServer = false) =>
        Take(new RecordEntry(RecordKind.Open, isOfServer, RecordDirection.None, 0, 7, Encoding.ASCII.GetBytes(facts)));

    private void FromClient(string text) => Take(RecordDirection.FromPeer, text, isOfServer: false);

    private void ToClient(string text) => Take(RecordDirection.ToPeer, text, isOfServer: false);

    private void Take(RecordDirection direction, string text, bool isOfServer) =>
        Take(new RecordEntry(RecordKind.Bytes, isOfServer, direction, 0, 7, Encoding.ASCII.GetBytes(text)));

    private void Take(in RecordEntry entry)
    {
        var entries = new ArrayBufferWriter<byte>();
        entry.WriteTo(entries);
        var output = new ArrayBufferWriter<byte>();
        _connections.Take(entries.WrittenSpan, output);
        for (System.ReadOnlySpan<byte> rest = output.WrittenSpan; RecordEntry.TryRead(ref rest, out RecordEntry given);)
        {
            string to = given.Direction == RecordDirection.FromPeer ? "< " : "> ";
            if (given.Kind == RecordKind.Gap)
                _record.Add($"{to}{given.GapBytes} bytes");
            else if (given.Kind == RecordKind.Bytes)
                _record.Add(to + Encoding.ASCII.GetString(given.Payload));
        }
    }
}
