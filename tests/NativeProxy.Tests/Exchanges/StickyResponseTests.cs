using NativeProxy.Exchanges.Rewriting;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Tests.Config;
using NativeProxy.Tests.Http1;
using NativeProxy.Upstreams.Connections;
using NativeProxy.Upstreams.Groups;
using Xunit;

namespace NativeProxy.Tests.Exchanges;

/// <summary>Which Set-Cookie fields a client sees of a response of server a.</summary>
public class StickyResponseTests
{
    private const string Insert = "mode = \"insert\"";
    private const string Prefix = "mode = \"prefix\"";
    private const string Rewrite = "mode = \"rewrite\"";
    private const string Passive = "mode = \"passive\"";

    [Theory]
    [InlineData(Insert, "S=a; Path=/")]
    [InlineData(Insert + "\nindirect = true", "S=a; Path=/")]
    [InlineData(Insert + "\npath = \"/x\"\ndomain = \".example.org\"\nhttponly = true\nsecure = true\nsame_site = \"none\"",
        "S=a; Path=/x; Domain=.example.org; HttpOnly; Secure; SameSite=None")]
    [InlineData(Insert + "\nsame_site = \"lax\"", "S=a; Path=/; SameSite=Lax")]
    [InlineData(Insert + "\nsame_site = \"strict\"", "S=a; Path=/; SameSite=Strict")]
    [InlineData(Insert + "\nnocache = true", "S=a; Path=/\r\nCache-Control: private")]
    public void ClientWithoutValidCookie_GetsOne(string settings, string inserted) =>
        Assert.Equal(('I', Head("X: 1", "Set-Cookie: " + inserted)), Write(settings, presented: null, "X: 1"));

    [Theory]
    [InlineData(Insert)]
    [InlineData(Insert + "\nindirect = true\nnocache = true")]
    public void ClientWithTheCookieOfThisServer_GetsNone(string settings) =>
        Assert.Equal(('N', Head("Cache-Control: public")), Write(settings, presented: "a", "Cache-Control: public"));

    [Fact]
    public void ClientWithTheCookieOfAnotherServer_GetsANewOne() =>
        Assert.Equal(('I', Head("Set-Cookie: S=a; Path=/")), Write(Insert, presented: "b"));

    [Fact]
    public void ValueOfTheServer_IsInserted() =>
        Assert.Equal(('I', Head("Set-Cookie: S=id-1; Path=/")), Write(Insert, presented: "b", "cookie = \"id-1\"", []));

    [Fact]
    public void CookieThatTheServerSetsItself_IsReplacedByTheInsertedOne() =>
        Assert.Equal(('I', Head("Set-Cookie: x=1", "X: 1", "Set-Cookie: S=a; Path=/")),
            Write(Insert, presented: null, "Set-Cookie: S=evil; Path=/", "Set-Cookie: x=1", "set-cookie: S = 2", "X: 1"));

    [Fact]
    public void CookieThatTheServerSetsItself_IsRemovedWhenTheClientHasItsOwn() =>
        Assert.Equal(('D', Head("X: 1")), Write(Insert, presented: "a", "Set-Cookie: S=evil", "X: 1"));

    [Theory]
    [InlineData("Set-Cookie: S=123", "Set-Cookie: S=a~123")]
    [InlineData("set-cookie:S=123; Path=/; HttpOnly", "set-cookie: S=a~123; Path=/; HttpOnly")]
    [InlineData("Set-Cookie: S=\"123\"", "Set-Cookie: S=a~\"123\"")]
    [InlineData("Set-Cookie: S=; Max-Age=0", "Set-Cookie: S=a~; Max-Age=0")]
    [InlineData("Set-Cookie:  S = 1 ; Path=/ ", "Set-Cookie: S = a~1 ; Path=/")]
    public void Prefix_StandsInFrontOfTheApplicationsValue(string field, string expected) =>
        Assert.Equal(('R', Head("X: 1", expected, "Y: 2")), Write(Prefix, presented: null, "X: 1", field, "Y: 2"));

    [Theory]
    [InlineData("Set-Cookie: S=123; Path=/", "Set-Cookie: S=a; Path=/")]
    [InlineData("Set-Cookie: S=", "Set-Cookie: S=a")]
    [InlineData("Set-Cookie: S=\"1\"; Path=/", "Set-Cookie: S=a; Path=/")]
    public void Rewrite_ReplacesTheApplicationsValue(string field, string expected) =>
        Assert.Equal(('R', Head(expected)), Write(Rewrite, presented: "a", field));

    [Fact]
    public void Passive_ChangesNothing() =>
        Assert.Equal(('P', Head("Set-Cookie:S=1 ;Path=/")), Write(Passive, presented: null, "Set-Cookie:S=1 ;Path=/"));

    [Theory]
    [InlineData(Prefix)]
    [InlineData(Rewrite)]
    [InlineData(Passive)]
    public void ResponseThatSetsNoSuchCookie_IsUntouched(string settings) =>
        Assert.Equal(('N', Head("Set-Cookie:  S2=1 ", "Set-Cookie: x=S=1", "X: S=1")),
            Write(settings, presented: null, "Set-Cookie:  S2=1 ", "Set-Cookie: x=S=1", "X: S=1"));

    [Fact]
    public void UpstreamWithoutCookie_PassesEverything() =>
        Assert.Equal(('\0', Head("Set-Cookie: S=1")), Write("mode = \"off\"", presented: null, "Set-Cookie: S=1"));

    [Fact]
    public void NominatedSetCookie_IsGoneInEveryMode() =>
        Assert.Equal(('N', Head("X: 1")), Write(Prefix, presented: null, "Set-Cookie: S=1", "Connection: set-cookie", "X: 1"));

    [Fact]
    public void InterimResponse_IsPrefixedButGetsNoCookie()
    {
        Assert.Equal("HTTP/1.1 103 Early\r\nX: 1\r\n\r\n", Interim(Insert, "X: 1"));
        Assert.Equal("HTTP/1.1 103 Early\r\nSet-Cookie: S=a~1\r\n\r\n", Interim(Prefix, "Set-Cookie: S=1"));
    }

    [Fact]
    public void SwitchedConnection_GetsTheCookieToo()
    {
        (byte[] bytes, ResponseHead head, int headEnd) = Parse("HTTP/1.1 101 Switch\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n");
        var writer = new HeadWriter(new byte[1000]);

        ResponseHeadWriter.WriteSwitch(ref writer, bytes, head, headEnd, Sticky(Insert, null));

        Assert.Equal("HTTP/1.1 101 Switch\r\nSet-Cookie: S=a; Path=/\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
            Wire.Text(writer.Written));
    }

    private static string Head(params string[] fields) => "HTTP/1.1 200 OK\r\n" + Wire.Lines(fields);

    private static StickyResponse Sticky(string settings, string? presented, string moreOfServerA = "")
    {
        UpstreamGroup group = StickyTrial.Group(settings, moreOfServerA);
        ServerCookie? presentedCookie = presented is null ? null : group.Servers[presented == "a" ? 0 : 1].Cookie;
        return new StickyResponse(group.Cookie, group.Servers[0].Cookie, presentedCookie);
    }

    private static (char Letter, string Head) Write(string settings, string? presented, params string[] fields) =>
        Write(settings, presented, "", fields);

    private static (char Letter, string Head) Write(string settings, string? presented, string moreOfServerA, string[] fields)
    {
        (byte[] bytes, ResponseHead head, int headEnd) = Parse(Head(fields));
        StickyResponse sticky = Sticky(settings, presented, moreOfServerA);
        var writer = new HeadWriter(new byte[1000]);
        ResponseHeadWriter.Write(ref writer, bytes, head, headEnd, SettingsTrial.Parse(SettingsTrial.Minimal).Settings.Listeners[0].Keepalive,
            new OutgoingResponse
        {
            EmitsChunks = false,
            KeepsLength = true,
            CloseReason = CloseReason.None,
            ClientMinorVersion = 1,
            RequestsLeft = -1,
            Sticky = sticky,
        });
        return ((char)sticky.LetterOf(bytes, head.Fields), Wire.Text(writer.Written));
    }

    private static string Interim(string settings, params string[] fields)
    {
        (byte[] bytes, ResponseHead head, int headEnd) = Parse("HTTP/1.1 103 Early\r\n" + Wire.Lines(fields));
        var writer = new HeadWriter(new byte[1000]);
        ResponseHeadWriter.WriteInterim(ref writer, bytes, head, headEnd, Sticky(settings, null));
        return Wire.Text(writer.Written);
    }

    private static (byte[] Bytes, ResponseHead Head, int HeadEnd) Parse(string text)
    {
        byte[] bytes = Wire.Bytes(text);
        ParseOutcome outcome = Wire.Response(text, out ResponseHead head);
        Assert.Equal(ParseStatus.Done, outcome.Status);
        ConnectionHeader.Apply(bytes, head.Fields);
        return (bytes, head, outcome.ConsumedBytes);
    }
}
