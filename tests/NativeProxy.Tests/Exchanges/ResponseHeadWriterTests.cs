using NativeProxy.Config;
using NativeProxy.Exchanges.Rewriting;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Tests.Config;
using NativeProxy.Tests.Http1;
using Xunit;

namespace NativeProxy.Tests.Exchanges;

public class ResponseHeadWriterTests
{
    private static readonly ListenerKeepaliveSettings Settings = SettingsTrial.Parse(SettingsTrial.Minimal).Settings.Listeners[0].Keepalive;

    /// <summary>A kept connection of an HTTP/1.1 client, a body with its length.</summary>
    private static readonly OutgoingResponse Kept = new()
    {
        EmitsChunks = false,
        KeepsLength = true,
        CloseReason = CloseReason.None,
        ClientMinorVersion = 1,
        RequestsLeft = 99,
    };

    [Fact]
    public void PlainResponse_IsPassedByteForByte()
    {
        const string Head = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie:  a=b \r\nServer: x\r\n\r\n";

        Assert.Equal(Head, Rewrite(Head, Kept));
    }

    [Theory]
    [InlineData("HTTP/1.0 404 Not Found", "HTTP/1.1 404 Not Found")]
    [InlineData("HTTP/1.1 204 ", "HTTP/1.1 204 ")]
    [InlineData("HTTP/1.1 599 odd  words", "HTTP/1.1 599 odd  words")]
    public void StatusLine_SpeaksOurVersion(string line, string expected) => Assert.Equal(expected + "\r\n\r\n", Rewrite(line + "\r\n\r\n", Kept));

    [Theory]
    [InlineData("Connection: keep-alive")]
    [InlineData("Connection: close")]
    [InlineData("Keep-Alive: timeout=5, max=100")]
    [InlineData("Proxy-Connection: close")]
    [InlineData("Transfer-Encoding: chunked")]
    [InlineData("Upgrade: h2c")]
    public void HopByHopField_IsGone(string field) =>
        Assert.Equal("HTTP/1.1 200 OK\r\nX: 1\r\n\r\n", Rewrite($"HTTP/1.1 200 OK\r\n{field}\r\nX: 1\r\n\r\n", Kept));

    [Theory]
    [InlineData("HTTP/1.1 200 OK", "Via: 1.1 us")]
    [InlineData("HTTP/1.0 200 OK", "Via: 1.0 us")]
    public void ViaOfAForwardProxy_IsAddedBehindTheOthers(string line, string via) =>
        Assert.Equal($"HTTP/1.1 200 OK\r\nVia: 1.1 a\r\nX: 1\r\n{via}\r\n\r\n",
            Rewrite(line + "\r\nVia: 1.1 a\r\nX: 1\r\n\r\n", Kept with { Via = "us"u8.ToArray() }));

    [Fact]
    public void NominatedFields_AreGone() =>
        Assert.Equal(
            "HTTP/1.1 200 OK\r\nX: 1\r\n\r\n",
            Rewrite("HTTP/1.1 200 OK\r\nx-internal: 7\r\nConnection: X-Internal, set-cookie\r\nX: 1\r\nSet-Cookie: a\r\n\r\n", Kept));

    [Fact]
    public void ContentLength_IsDroppedWhenItDoesNotHold() =>
        Assert.Equal("HTTP/1.1 204 No\r\nX: 1\r\n\r\n",
            Rewrite("HTTP/1.1 204 No\r\nContent-Length: 5\r\nX: 1\r\n\r\n", Kept with { KeepsLength = false }));

    [Fact]
    public void ChunkedBody_IsAnnouncedOnce() =>
        Assert.Equal(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            Rewrite("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", Kept with { EmitsChunks = true, KeepsLength = false }));

    [Theory]
    [InlineData(1, CloseReason.None, ConnectionHeaderPolicy.Http10, "")]
    [InlineData(0, CloseReason.None, ConnectionHeaderPolicy.Http10, "Connection: keep-alive\r\n")]
    [InlineData(1, CloseReason.None, ConnectionHeaderPolicy.Always, "Connection: keep-alive\r\n")]
    [InlineData(1, CloseReason.MaxAge, ConnectionHeaderPolicy.Http10, "Connection: close\r\n")]
    [InlineData(1, CloseReason.MaxAge, ConnectionHeaderPolicy.Always, "Connection: close\r\n")]
    [InlineData(0, CloseReason.Http10, ConnectionHeaderPolicy.Http10, "Connection: close\r\n")]
    public void ConnectionField_FollowsVerdictAndPolicy(int clientMinorVersion, object reason, object policy, string expected) =>
        Assert.Equal(
            $"HTTP/1.1 200 OK\r\n{expected}\r\n",
            Rewrite("HTTP/1.1 200 OK\r\n\r\n", Kept with { ClientMinorVersion = clientMinorVersion, CloseReason = (CloseReason)reason },
                Settings with { ConnectionHeader = (ConnectionHeaderPolicy)policy }));

    [Theory]
    [InlineData(75_000, 99, "Keep-Alive: timeout=75, max=99\r\n")]
    [InlineData(75_000, 0, "Keep-Alive: timeout=75, max=0\r\n")]
    [InlineData(1_500, -1, "Keep-Alive: timeout=1\r\n")]
    public void AdvertisedLimits_AreThoseOfTheConnection(long timeoutMs, int requestsLeft, string expected) =>
        Assert.Equal(
            $"HTTP/1.1 200 OK\r\n{expected}\r\n",
            Rewrite("HTTP/1.1 200 OK\r\n\r\n", Kept with { RequestsLeft = requestsLeft }, Settings with { Advertise = true, TimeoutMs = timeoutMs }));

    [Fact]
    public void ClosingResponse_AdvertisesNothing() =>
        Assert.Equal(
            "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
            Rewrite("HTTP/1.1 200 OK\r\n\r\n", Kept with { CloseReason = CloseReason.MaxRequests }, Settings with { Advertise = true }));

    [Theory]
    [InlineData("", "Date: now\r\n")]
    [InlineData("Connection: date\r\nDate: theirs\r\n", "Date: now\r\n")]
    [InlineData("Date: theirs\r\n", "Date: theirs\r\n")]
    [InlineData("Date: a\r\nDate: b\r\n", "Date: a\r\nDate: b\r\n")]
    public void Date_IsAddedWhereNoneIsPassedOn(string fields, string expected) =>
        Assert.Equal($"HTTP/1.1 200 OK\r\n{expected}\r\n", Rewrite($"HTTP/1.1 200 OK\r\n{fields}\r\n", Kept with { Date = "now"u8.ToArray() }));

    [Fact]
    public void InterimResponse_LosesHopByHopAndFramingFields()
    {
        const string Head = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nConnection: x-b\r\nX-B: 1\r\nContent-Length: 3\r\n\r\n";
        (byte[] bytes, ResponseHead head, int headEnd) = Parse(Head);
        var writer = new HeadWriter(new byte[1000]);

        ResponseHeadWriter.WriteInterim(ref writer, bytes, head, headEnd, default);

        Assert.Equal("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", Wire.Text(writer.Written));
    }

    [Fact]
    public void Switch_NamesTheProtocolOfTheServer()
    {
        const string Head = "HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: k\r\n\r\n";
        (byte[] bytes, ResponseHead head, int headEnd) = Parse(Head);
        var writer = new HeadWriter(new byte[1000]);

        ResponseHeadWriter.WriteSwitch(ref writer, bytes, head, headEnd, default);

        Assert.Equal("HTTP/1.1 101 Switching\r\nSec-WebSocket-Accept: k\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
            Wire.Text(writer.Written));
    }

    private static (byte[] Bytes, ResponseHead Head, int HeadEnd) Parse(string text)
    {
        byte[] bytes = Wire.Bytes(text);
        ParseOutcome outcome = Wire.Response(text, out ResponseHead head);
        Assert.Equal(ParseStatus.Done, outcome.Status);
        ConnectionHeader.Apply(bytes, head.Fields);
        return (bytes, head, outcome.ConsumedBytes);
    }

    private static string Rewrite(string text, OutgoingResponse response) => Rewrite(text, response, Settings);

    private static string Rewrite(string text, OutgoingResponse response, ListenerKeepaliveSettings settings)
    {
        (byte[] bytes, ResponseHead head, int headEnd) = Parse(text);
        var writer = new HeadWriter(new byte[1000]);
        ResponseHeadWriter.Write(ref writer, bytes, head, headEnd, settings, response);
        return Wire.Text(writer.Written);
    }
}
