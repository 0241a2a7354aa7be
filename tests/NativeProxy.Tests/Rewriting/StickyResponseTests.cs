using NativeProxy.Http;
using NativeProxy.Rewriting;
using NativeProxy.Tests.Exchanges;
using NativeProxy.Tests.Http1;
using Xunit;

namespace NativeProxy.Tests.Rewriting;

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
    public void SwitchedConnection_GetsTheCookieToo() =>
        Assert.Equal("HTTP/1.1 101 Switch\r\nSet-Cookie: S=a; Path=/\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
            OutgoingHeads.Switch("HTTP/1.1 101 Switch\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n", StickyTrial.Response(Insert, null)));

    private static string Head(params string[] fields) => "HTTP/1.1 200 OK\r\n" + Wire.Lines(fields);

    private static (char Letter, string Head) Write(string settings, string? presented, params string[] fields) =>
        Write(settings, presented, "", fields);

    private static (char Letter, string Head) Write(string settings, string? presented, string moreOfServerA, string[] fields)
    {
        (byte[] bytes, ResponseHead head, _) = OutgoingHeads.Parse(Head(fields));
        StickyResponse sticky = StickyTrial.Response(settings, presented, moreOfServerA);
        string written = OutgoingHeads.Response(Head(fields), new ResponseChanges { KeepsLength = true, Sticky = sticky });
        return ((char)sticky.LetterOf(bytes, head.Fields), written);
    }

    private static string Interim(string settings, params string[] fields) =>
        OutgoingHeads.Interim("HTTP/1.1 103 Early\r\n" + Wire.Lines(fields), StickyTrial.Response(settings, presented: null));
}
