using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Http1;
using NativeProxy.Tests.Rewriting;
using Xunit;
using static NativeProxy.Tests.Http1.Wire;

namespace NativeProxy.Tests.Http1;

public class ResponseHeadEncoderTests
{
    private static readonly ListenerKeepaliveSettings Settings = OutgoingHeads.Keepalive;

    private static readonly ConnectionTerms Kept = OutgoingHeads.Kept;

    [Theory]
    [InlineData("HTTP/1.0 404 Not Found", "HTTP/1.1 404 Not Found")]
    [InlineData("HTTP/1.1 204 ", "HTTP/1.1 204 ")]
    [InlineData("HTTP/1.1 599 odd  words", "HTTP/1.1 599 odd  words")]
    public void StatusLine_SpeaksOurVersion(string line, string expected) =>
        Assert.Equal(expected + "\r\n\r\n", OutgoingHeads.Response(line + "\r\n\r\n", default));

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
            Write(Kept with { ClientMinorVersion = clientMinorVersion, CloseReason = (CloseReason)reason },
                Settings with { ConnectionHeader = (ConnectionHeaderPolicy)policy }));

    [Theory]
    [InlineData(75_000, 99, "Keep-Alive: timeout=75, max=99\r\n")]
    [InlineData(75_000, 0, "Keep-Alive: timeout=75, max=0\r\n")]
    [InlineData(1_500, -1, "Keep-Alive: timeout=1\r\n")]
    public void AdvertisedLimits_AreThoseOfTheConnection(long timeoutMs, int requestsLeft, string expected) =>
        Assert.Equal(
            $"HTTP/1.1 200 OK\r\n{expected}\r\n",
            Write(Kept with { RequestsLeft = requestsLeft }, Settings with { Advertise = true, TimeoutMs = timeoutMs }));

    [Fact]
    public void ClosingResponse_AdvertisesNothing() =>
        Assert.Equal(
            "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
            Write(Kept with { CloseReason = CloseReason.MaxRequests }, Settings with { Advertise = true }));

    [Fact]
    public void Framing_StandsInFrontOfConnection()
    {
        Assert.Equal("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            Write(Kept with { CloseReason = CloseReason.MaxAge }, Settings, BodyFraming.Length(0)));
        Assert.Equal("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
            Write(Kept with { CloseReason = CloseReason.MaxAge }, Settings, BodyFraming.Chunked));
    }

    [Theory]
    [InlineData("websocket", "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n")]
    [InlineData("", "Connection: Upgrade\r\n\r\n")]
    public void Switch_NamesTheProtocolOfTheServer(string upgrade, string expected)
    {
        var writer = new HeadWriter(new byte[200]);

        ResponseHeadEncoder.WriteSwitchEnd(ref writer, Bytes(upgrade));

        Assert.Equal(expected, Text(writer.Written));
    }

    private static string Write(ConnectionTerms terms, ListenerKeepaliveSettings settings, BodyFraming framing = default)
    {
        var writer = new HeadWriter(new byte[200]);
        ResponseHeadEncoder.WriteStatusLine(ref writer, 200, ReasonPhrases.Of(200));
        ResponseHeadEncoder.WriteEnd(ref writer, framing, settings, terms);
        return Text(writer.Written);
    }
}
