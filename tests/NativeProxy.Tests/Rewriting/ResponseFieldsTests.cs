using System;
using System.Linq;
using NativeProxy.Rewriting;
using NativeProxy.Tests.Exchanges;
using NativeProxy.Tests.Http1;
using Xunit;

namespace NativeProxy.Tests.Rewriting;

public class ResponseFieldsTests
{
    /// <summary>A body with its length.</summary>
    private static ResponseChanges Plain => new() { KeepsLength = true };

    [Fact]
    public void PlainResponse_IsPassedByteForByte()
    {
        const string Head = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie:  a=b \r\nServer: x\r\n\r\n";

        Assert.Equal(Head, Rewrite(Head, Plain));
    }

    [Theory]
    [InlineData("Connection: keep-alive")]
    [InlineData("Connection: close")]
    [InlineData("Keep-Alive: timeout=5, max=100")]
    [InlineData("Proxy-Connection: close")]
    [InlineData("Transfer-Encoding: chunked")]
    [InlineData("Upgrade: h2c")]
    public void HopByHopField_IsGone(string field) =>
        Assert.Equal("HTTP/1.1 200 OK\r\nX: 1\r\n\r\n", Rewrite($"HTTP/1.1 200 OK\r\n{field}\r\nX: 1\r\n\r\n", Plain));

    [Theory]
    [InlineData("HTTP/1.1 200 OK", "Via: 1.1 us")]
    [InlineData("HTTP/1.0 200 OK", "Via: 1.0 us")]
    public void ViaOfAForwardProxy_IsAddedBehindTheOthers(string line, string via) =>
        Assert.Equal($"HTTP/1.1 200 OK\r\nVia: 1.1 a\r\nX: 1\r\n{via}\r\n\r\n",
            Rewrite(line + "\r\nVia: 1.1 a\r\nX: 1\r\n\r\n", Plain with { Via = new ViaField("us") }));

    [Fact]
    public void NominatedFields_AreGone() =>
        Assert.Equal(
            "HTTP/1.1 200 OK\r\nX: 1\r\n\r\n",
            Rewrite("HTTP/1.1 200 OK\r\nx-internal: 7\r\nConnection: X-Internal, set-cookie\r\nX: 1\r\nSet-Cookie: a\r\n\r\n", Plain));

    [Fact]
    public void ContentLength_IsDroppedWhenItDoesNotHold() =>
        Assert.Equal("HTTP/1.1 204 No\r\nX: 1\r\n\r\n",
            Rewrite("HTTP/1.1 204 No\r\nContent-Length: 5\r\nX: 1\r\n\r\n", Plain with { KeepsLength = false }));

    [Fact]
    public void ChunkedBody_IsAnnouncedOnce() =>
        Assert.Equal(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            Rewrite("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", Plain with { KeepsLength = false }, emitsChunks: true));

    [Theory]
    [InlineData("", "Date: now\r\n")]
    [InlineData("Connection: date\r\nDate: theirs\r\n", "Date: now\r\n")]
    [InlineData("Date: theirs\r\n", "Date: theirs\r\n")]
    [InlineData("Date: a\r\nDate: b\r\n", "Date: a\r\nDate: b\r\n")]
    public void Date_IsAddedWhereNoneIsPassedOn(string fields, string expected) =>
        Assert.Equal($"HTTP/1.1 200 OK\r\n{expected}\r\n", Rewrite($"HTTP/1.1 200 OK\r\n{fields}\r\n", Plain with { Date = "now"u8.ToArray() }));

    [Theory]
    [InlineData("", "Age: 7\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\n")]
    [InlineData("Age: 3\r\nDate: theirs\r\n", "Date: theirs\r\nAge: 7\r\n")]
    [InlineData("Connection: date\r\nDate: theirs\r\n", "Age: 7\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\n")]
    public void ResponseOfTheCache_SaysItsAge_AndWhenItCameWhereNoDateIsPassedOn(string fields, string expected) =>
        Assert.Equal($"HTTP/1.1 200 OK\r\n{expected}\r\n",
            Rewrite($"HTTP/1.1 200 OK\r\n{fields}\r\n",
                Plain with { Date = "now"u8.ToArray(), AgeSeconds = 7,
                ReceivedWallMs = new DateTimeOffset(2024, 1, 1, 0, 0, 0, default).ToUnixTimeMilliseconds() }));

    [Fact]
    public void AgeOfAServer_IsPassedOn() => Assert.Equal("HTTP/1.1 200 OK\r\nAge: 3\r\n\r\n", Rewrite("HTTP/1.1 200 OK\r\nAge: 3\r\n\r\n", Plain));

    [Fact]
    public void Framing_StandsBehindAllFields() =>
        Assert.Equal("HTTP/1.1 200 OK\r\nX: 1\r\nDate: now\r\nVia: 1.1 us\r\nTransfer-Encoding: chunked\r\n\r\n",
            Rewrite("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX: 1\r\n\r\n",
                new ResponseChanges { KeepsLength = false, Via = new ViaField("us"), Date = "now"u8.ToArray() }, emitsChunks: true));

    [Fact]
    public void InterimResponse_LosesHopByHopAndFramingFields() =>
        Assert.Equal("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n",
            OutgoingHeads.Interim(
                "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nConnection: x-b\r\nX-B: 1\r\nContent-Length: 3\r\n\r\n", default));

    [Fact]
    public void Switch_NamesTheProtocolOfTheServer() =>
        Assert.Equal("HTTP/1.1 101 Switching\r\nSec-WebSocket-Accept: k\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
            OutgoingHeads.Switch(
                "HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: k\r\n\r\n", default));

    /// <summary>What an encoder without lines would see; <see cref="OutgoingHeads"/> compares it for every head of these tests.</summary>
    [Fact]
    public void SinkWithoutLines_SeesTheSameFieldsOfAnyHead()
    {
        string[] lines =
        [
            "X:", "X: ", "X:\t 1 \t", "Set-Cookie: S=1; Path=/", "set-cookie:S = \"1\" ", "Set-Cookie: x=S=1", "Connection: x, date", "Date: theirs",
            "Age: 3", "Via: 1.0 c", "Keep-Alive: timeout=5", "Cache-Control: public", "Y: a:b: c", "Z: \u00e9", "Server:s",
        ];
        string[] modes = ["insert\"\nnocache = true #", "prefix", "rewrite", "passive", "off"];
        var random = new Random(12);
        for (int round = 0; round < 2000; round++)
        {
            string fields = Wire.Lines([.. Enumerable.Range(0, random.Next(12)).Select(_ => lines[random.Next(lines.Length)])]);
            StickyResponse sticky = StickyTrial.Response($"mode = \"{modes[round % 5]}\"", presented: round % 2 == 0 ? "a" : null);

            OutgoingHeads.Response($"HTTP/1.{round % 2} 200 OK\r\n{fields}", new ResponseChanges
            {
                KeepsLength = round % 3 == 0,
                Sticky = sticky,
                Via = round % 4 == 0 ? null : new ViaField("us"),
                Date = round % 7 == 0 ? null : "now"u8.ToArray(),
                AgeSeconds = round % 3 == 0 ? round : null,
            });
            OutgoingHeads.Interim("HTTP/1.1 103 Early\r\n" + fields, sticky);
            OutgoingHeads.Switch("HTTP/1.1 101 Switch\r\nUpgrade: u\r\n" + fields, sticky);
        }
    }

    private static string Rewrite(string text, ResponseChanges changes, bool emitsChunks = false) =>
        OutgoingHeads.Response(text, changes, emitsChunks);
}
