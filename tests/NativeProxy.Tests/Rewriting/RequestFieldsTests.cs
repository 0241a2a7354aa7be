using System;
using System.Linq;
using NativeProxy.Config;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Rewriting;
using NativeProxy.Tests.Config;
using NativeProxy.Tests.Exchanges;
using NativeProxy.Tests.Http1;
using Xunit;

namespace NativeProxy.Tests.Rewriting;

public class RequestFieldsTests
{
    private static readonly ListenerForwardedSettings Silent = OutgoingHeads.Silent;

    private static readonly ListenerForwardedSettings Defaults =
        SettingsTrial.Parse(SettingsTrial.Minimal).Settings.Listeners[0].Forwarded.InMode(ListenerMode.Http);

    [Fact]
    public void PlainRequest_IsPassedByteForByte()
    {
        const string Head = "GET /a?b HTTP/1.1\r\nHost: example.org\r\nAccept:  */* \r\nX-Odd: a,b\r\n\r\n";

        Assert.Equal(Head, Rewrite(Head, Silent));
    }

    [Theory]
    [InlineData("Connection: keep-alive")]
    [InlineData("Keep-Alive: timeout=5")]
    [InlineData("Proxy-Connection: keep-alive")]
    [InlineData("TE: trailers")]
    [InlineData("Upgrade: h2c")]
    [InlineData("HTTP2-Settings: AAMA")]
    public void HopByHopField_IsGone(string field) => Assert.Equal(Wire.Get("X: 1"), Rewrite(Wire.Get(field, "X: 1"), Silent));

    [Fact]
    public void CredentialsForTheProxy_StayWithAForwardProxy_AndPassAReverseProxy()
    {
        string head = Wire.Get("Proxy-Authorization: Basic YQ==", "Authorization: Basic Yg==");

        Assert.Equal(Wire.Get("Authorization: Basic Yg=="), Rewrite(head, Silent, isProxyRequest: true));
        Assert.Equal(head, Rewrite(head, Silent));
    }

    [Fact]
    public void NominatedFields_AreGoneInWhicheverSpelling()
    {
        string head = Wire.Get("x-secret: 1", "Connection: X-Secret, close", "X-Kept: 2", "X-SECRET: 3", "Connection: Cookie", "Cookie: c");

        Assert.Equal(Wire.Get("X-Kept: 2"), Rewrite(head, Silent));
    }

    [Theory]
    [InlineData("GET", "http://example.org/p?q", "GET /p?q")]
    [InlineData("GET", "http://example.org", "GET /")]
    [InlineData("GET", "http://example.org?q=1", "GET /?q=1")]
    [InlineData("OPTIONS", "http://example.org", "OPTIONS *")]
    [InlineData("OPTIONS", "http://example.org?q", "OPTIONS /?q")]
    [InlineData("OPTIONS", "http://example.org/", "OPTIONS /")]
    public void AbsoluteForm_BecomesOriginFormAndItsAuthorityTheHost(string method, string target, string expected) =>
        Assert.Equal($"{expected} HTTP/1.1\r\nHost: example.org\r\n\r\n", Rewrite($"{method} {target} HTTP/1.1\r\nHost: other\r\n\r\n", Silent));

    [Theory]
    [InlineData("GET /path?q=/../x HTTP/1.1")]
    [InlineData("OPTIONS * HTTP/1.1")]
    [InlineData("M-SEARCH /%41 HTTP/1.1")]
    public void OtherForms_ArePassedAsTheyAre(string line) =>
        Assert.Equal($"{line}\r\nHost: a\r\n\r\n", Rewrite($"{line}\r\nHost: a\r\n\r\n", Silent));

    [Fact]
    public void LeadingEmptyLines_AreNotPassed() => Assert.Equal(Wire.Get(), Rewrite("\r\n\r\n" + Wire.Get(), Silent));

    [Fact]
    public void Http10WithoutHost_GetsTheNameOfTheUpstream() =>
        Assert.Equal("GET / HTTP/1.1\r\nHost: app\r\nX: 1\r\n\r\n", Rewrite("GET / HTTP/1.0\r\nX: 1\r\n\r\n", Silent));

    [Fact]
    public void Http10WithHost_KeepsIt() => Assert.Equal("GET / HTTP/1.1\r\nHost: b\r\n\r\n", Rewrite("GET / HTTP/1.0\r\nHost: b\r\n\r\n", Silent));

    [Fact]
    public void EmptyHost_StaysTheOnlyHost() => Assert.Equal("GET / HTTP/1.1\r\nHost:\r\n\r\n", Rewrite("GET / HTTP/1.1\r\nHost:\r\n\r\n", Silent));

    [Theory]
    [InlineData("HTTP/1.1", "Expect: 100-continue\r\n")]
    [InlineData("HTTP/1.0", "")]
    public void ExpectOfAnHttp10Client_IsDropped(string version, string expected) =>
        Assert.Equal($"GET / HTTP/1.1\r\nHost: a\r\n{expected}\r\n", Rewrite($"GET / {version}\r\nHost: a\r\nExpect: 100-continue\r\n\r\n", Silent));

    [Fact]
    public void ContentLength_IsWrittenAnew() =>
        Assert.Equal(Wire.Get("X: 1", "Content-Length: 5"), Rewrite(Wire.Get("content-length: 005", "X: 1"), Silent));

    [Fact]
    public void ChunkedBody_IsAnnouncedOnce() =>
        Assert.Equal(Wire.Get("X: 1", "Transfer-Encoding: chunked"), Rewrite(Wire.Get("transfer-encoding: CHUNKED", "X: 1"), Silent));

    [Fact]
    public void Defaults_TellTheServerAboutTheClient() =>
        Assert.Equal(
            Wire.Get("X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: http", "X-Forwarded-Host: a", "Via: 1.1 nativeproxy"),
            Rewrite(Wire.Get(), Defaults));

    [Fact]
    public void Defaults_OfAForwardProxy_TellTheInternetNothing()
    {
        ListenerForwardedSettings forwarded = SettingsTrial.Parse(SettingsTrial.Minimal).Settings.Listeners[0].Forwarded;

        Assert.Equal(Wire.Get("Via: 1.1 nativeproxy"), Rewrite(Wire.Get(), forwarded.InMode(ListenerMode.Forward)));
        Assert.Equal(
            Wire.Get("X-Forwarded-For: 192.0.2.1", "Via: 1.1 nativeproxy"),
            Rewrite(Wire.Get(), (forwarded with { XForwardedFor = true }).InMode(ListenerMode.Forward)));
    }

    [Fact]
    public void ForwardedForLines_AreJoinedAndExtended() =>
        Assert.Equal(
            Wire.Get("X: 1", "X-Forwarded-For: 10.0.0.1, 10.0.0.2, 10.0.0.3, 192.0.2.1"),
            Rewrite(Wire.Get("X-Forwarded-For: 10.0.0.1, 10.0.0.2", "X: 1", "x-forwarded-for:10.0.0.3", "X-Forwarded-For:"),
                Silent with { XForwardedFor = true }));

    [Fact]
    public void NominatedForwardedFor_IsNotTrusted() =>
        Assert.Equal(
            Wire.Get("X-Forwarded-For: 192.0.2.1"),
            Rewrite(Wire.Get("X-Forwarded-For: 10.0.0.1", "Connection: x-forwarded-for"), Silent with { XForwardedFor = true }));

    [Fact]
    public void ForwardedProtoAndHostOfTheClient_AreReplaced() =>
        Assert.Equal(
            Wire.Get("X-Forwarded-Proto: http", "X-Forwarded-Host: a"),
            Rewrite(Wire.Get("X-Forwarded-Proto: https", "X-Forwarded-Host: evil"), Silent with { XForwardedProto = true, XForwardedHost = true }));

    [Fact]
    public void ForwardedFields_PassWhenTheirSwitchesAreOff()
    {
        string head = Wire.Get("X-Forwarded-For: 10.0.0.1", "X-Forwarded-Proto: https", "X-Forwarded-Host: front");

        Assert.Equal(head, Rewrite(head, Silent));
    }

    [Fact]
    public void ForwardedHostOfAnAbsoluteTarget_IsItsAuthority() =>
        Assert.Contains("\r\nX-Forwarded-Host: example.org:81\r\n", Rewrite("GET http://example.org:81/ HTTP/1.1\r\nHost: other\r\n\r\n", Defaults),
            StringComparison.Ordinal);

    [Fact]
    public void RequestWithoutHost_GetsNoForwardedHost() =>
        Assert.DoesNotContain("X-Forwarded-Host", Rewrite("GET / HTTP/1.0\r\n\r\n", Defaults), StringComparison.Ordinal);

    [Theory]
    [InlineData("OPTIONS * HTTP/1.1")]
    [InlineData("TRACE / HTTP/1.1")]
    public void MaxForwards_SaysWhatIsLeft(string line) =>
        Assert.Equal($"{line}\r\nHost: a\r\nX: 1\r\nMax-Forwards: 2\r\n\r\n",
            OutgoingHeads.Request($"{line}\r\nHost: a\r\nmax-forwards: 3\r\nX: 1\r\n\r\n", Silent, maxForwards: 2));

    [Fact]
    public void MaxForwardsOfAnotherMethod_PassesAsItIs() => Assert.Equal(Wire.Get("Max-Forwards: 3"), Rewrite(Wire.Get("Max-Forwards: 3"), Silent));

    [Theory]
    [InlineData("Content-Length: 3", "Content-Length: 3")]
    [InlineData("transfer-encoding: chunked", "Transfer-Encoding: chunked")]
    public void Framing_StandsBehindAllFields(string received, string sent) =>
        Assert.Equal(
            Wire.Get("X: 1", "X-Forwarded-For: 192.0.2.1", "Via: 1.1 me", sent),
            Rewrite(Wire.Get(received, "X: 1"), Silent with { XForwardedFor = true }, via: "me"));

    [Fact]
    public void Via_NamesTheReceivedVersionAndComesBehindEarlierOnes()
    {
        Assert.Equal(Wire.Get("Via: 1.0 front", "X: 1", "Via: 1.1 me"), Rewrite(Wire.Get("Via: 1.0 front", "X: 1"), Silent, via: "me"));
        Assert.Contains("\r\nVia: 1.0 me\r\n", Rewrite("GET / HTTP/1.0\r\n\r\n", Silent, via: "me"), StringComparison.Ordinal);
    }

    [Fact]
    public void Upgrade_IsWrittenWithItsConnectionField() =>
        Assert.Equal(
            Wire.Get("Connection: Upgrade", "Upgrade: websocket"),
            OutgoingHeads.Request(Wire.Get("Upgrade: WebSocket", "Connection: keep-alive, upgrade"), Silent, upgrade: "websocket"));

    [Fact]
    public void ConnectionUsedOnce_SaysClose() =>
        Assert.Equal(Wire.Get("Connection: close"), OutgoingHeads.Request(Wire.Get(), Silent, closes: true));

    [Fact]
    public void RewrittenHead_IsReadAsTheSameRequest()
    {
        string rewritten = Rewrite(Wire.Get("Connection: x, keep-alive", "X: 1", "Cookie: a=b", "Content-Length: 3"), Defaults);

        ParseOutcome outcome = Wire.Request(rewritten, out RequestHead head);

        Assert.Equal((ParseStatus.Done, rewritten.Length), (outcome.Status, outcome.ConsumedBytes));
        Assert.Equal(3, MessageFraming.OfRequest(Wire.Bytes(rewritten), head).LengthBytes);
        Assert.False(head.Fields.Contains(KnownHeader.Connection));
    }

    /// <summary>What an encoder without lines would see; <see cref="OutgoingHeads"/> compares it for every head of these tests.</summary>
    [Fact]
    public void SinkWithoutLines_SeesTheSameFieldsOfAnyHead()
    {
        string[] lines =
        [
            "Host: a", "host:a", "X:", "X: ", "X:\t 1 \t", "Accept: */*;q=0.1, a", "Cookie: S=a~1; x=1", "cookie:S=b", "Connection: x, keep-alive",
            "X-Forwarded-For: 10.0.0.1", "x-forwarded-for:", "X-Forwarded-Host: b", "Via: 1.0 c", "TE: trailers", "Max-Forwards: 3", "Y: a:b: c",
            "Proxy-Authorization: Basic YQ==", "Expect: 100-continue", "Z: \u00e9",
        ];
        var random = new Random(12);
        var all = Silent with { XForwardedFor = true, XForwardedProto = true, XForwardedHost = true, Via = "us" };
        for (int round = 0; round < 2000; round++)
        {
            string[] chosen = [.. Enumerable.Range(0, random.Next(12)).Select(_ => lines[2 + random.Next(lines.Length - 2)])];
            string head = $"OPTIONS {(round % 3 == 0 ? "http://b.example?q" : "/")} HTTP/1.{round % 2}\r\n"
                + Wire.Lines([.. chosen, lines[random.Next(2)]]);
            StickyCookie? cookie = round % 5 == 0
                ? null
                : StickyTrial.Cookie(round % 5 == 1 ? "mode = \"prefix\"" : "mode = \"insert\"\nindirect = true");

            string rewritten = OutgoingHeads.Request(head, round % 7 == 0 ? Silent : all, isProxyRequest: round % 2 == 0, cookie: cookie,
                maxForwards: round % 4 == 0 ? 2 : null);

            Assert.Equal(ParseStatus.Done, Wire.Request(rewritten, out _).Status);
        }
    }

    private static string Rewrite(string text, ListenerForwardedSettings settings, string? via = null, bool isProxyRequest = false) =>
        OutgoingHeads.Request(text, settings, via, isProxyRequest);
}
