using System.Linq;
using NativeProxy.Exchanges.Sending;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Tests.Http1;
using NativeProxy.Upstreams.Groups;
using Xunit;

namespace NativeProxy.Tests.Exchanges;

/// <summary>Which server a request's cookies name.</summary>
public class StickinessTests
{
    private const string Indirect = "mode = \"insert\"\nindirect = true";
    private const string Prefix = "mode = \"prefix\"";

    [Theory]
    [InlineData(Indirect, "b", 'V', "Cookie: S=b")]
    [InlineData(Indirect, "b", 'V', "Cookie: x=1; S=b; y=2")]
    [InlineData(Indirect, "b", 'V', "Cookie: S=\"b\"")]
    [InlineData(Indirect, "b", 'V', "Cookie: x=1", "Cookie: S=b")]
    [InlineData(Indirect, "b", 'V', "Cookie: S=gone; S=b; S=a")]
    [InlineData(Indirect, "b", 'V', "Cookie: S=gone", "cookie: S=b", "Cookie: S=a")]
    [InlineData("mode = \"rewrite\"", "b", 'V', "Cookie: S=b")]
    [InlineData("mode = \"passive\"", "b", 'V', "Cookie: S=b")]
    [InlineData(Prefix, "b", 'V', "Cookie: S=b~123")]
    [InlineData(Prefix, "b", 'V', "Cookie: S=\"b~123\"")]
    [InlineData(Prefix, "b", 'V', "Cookie: S=b~a~1")]
    [InlineData(Indirect, "", 'N')]
    [InlineData(Indirect, "", 'N', "Cookie: S2=b; SS=b; s=b; x=S=b")]
    [InlineData(Indirect, "", 'I', "Cookie: S=gone")]
    [InlineData(Indirect, "", 'I', "Cookie: S=")]
    [InlineData(Indirect, "", 'I', "Cookie: S=B")]
    [InlineData(Indirect, "", 'I', "Cookie: S=bb")]
    [InlineData(Indirect, "", 'I', "Cookie: S=\"b")]
    [InlineData(Indirect, "", 'N', "Connection: cookie", "Cookie: S=b")]
    [InlineData(Prefix, "", 'I', "Cookie: S=b")]
    [InlineData(Prefix, "", 'I', "Cookie: S=~b")]
    [InlineData(Prefix, "", 'I', "Cookie: S=gone~b")]
    public void FirstUsableServerThatACookieNames_IsWanted(string settings, string server, char letter, params string[] fields)
    {
        (byte[] bytes, RequestHead head) = Parse(Wire.Get(fields));

        Stickiness sticky = Stickiness.Read(bytes, head.Fields, StickyTrial.Group(settings));

        Assert.Equal((server, letter), (sticky.Wanted?.Name ?? "", (char)sticky.RequestLetter));
    }

    [Theory]
    [InlineData(15, 'V')]
    [InlineData(16, 'I')]
    public void OnlySoManyValues_AreLookedUp(int before, char letter)
    {
        string text = Wire.Get("Cookie: " + string.Concat(Enumerable.Repeat("S=gone; ", before)) + "S=b");
        (byte[] bytes, RequestHead head) = Parse(text);

        Assert.Equal(letter, (char)Stickiness.Read(bytes, head.Fields, StickyTrial.Group(Indirect)).RequestLetter);
    }

    [Fact]
    public void GroupWithoutCookie_WantsNothing()
    {
        (byte[] bytes, RequestHead head) = Parse(Wire.Get("Cookie: S=b"));

        Stickiness sticky = Stickiness.Read(bytes, head.Fields, StickyTrial.Group("mode = \"off\""));

        Assert.Equal((null, 0), (sticky.Wanted, sticky.RequestLetter));
    }

    [Fact]
    public void ServerThatWasRemoved_IsNotWanted_ItsTwinIs()
    {
        UpstreamGroup group = StickyTrial.Group(Indirect,
            "cookie = \"twin\"\n[[upstream.server]]\nname = \"c\"\naddress = \"127.0.0.1:1\"\ncookie = \"twin\"");
        Assert.Equal("a", group.FindByCookie("twin"u8, out _)!.Name);

        group.Servers[0].Retire();

        Assert.Equal("c", group.FindByCookie("twin"u8, out _)!.Name);
        Assert.Null(group.FindByCookie("a"u8, out bool isDown));
        Assert.False(isDown);
    }

    [Theory]
    [InlineData("", 'D', "Cookie: S=a")]
    [InlineData("", 'D', "Cookie: S=a; S=gone")]
    [InlineData("", 'D', "Cookie: S=gone", "Cookie: S=a")]
    [InlineData("b", 'V', "Cookie: S=a; S=b")]
    [InlineData("", 'I', "Cookie: S=gone")]
    [InlineData("", 'N', "Cookie: x=a")]
    public void CookieOfAServerThatIsDown_HasALetterOfItsOwn_UnlessAnotherOneIsValid(string server, char letter, params string[] fields)
    {
        (byte[] bytes, RequestHead head) = Parse(Wire.Get(fields));
        UpstreamGroup group = StickyTrial.Group(Indirect, isServerADown: true);

        Stickiness sticky = Stickiness.Read(bytes, head.Fields, group);

        Assert.Equal((server, letter), (sticky.Wanted?.Name ?? "", (char)sticky.RequestLetter));
    }

    [Fact]
    public void ServerThatIsDown_IsNotWanted_ItsTwinIs()
    {
        UpstreamGroup group = StickyTrial.Group(
            Indirect, "cookie = \"twin\"\n[[upstream.server]]\nname = \"c\"\naddress = \"127.0.0.1:1\"\ncookie = \"twin\"", isServerADown: true);

        Assert.Equal("c", group.FindByCookie("twin"u8, out bool isDown)!.Name);
        Assert.False(isDown);
    }

    [Fact]
    public void ServerThatIsDownAndRemoved_IsUnknown()
    {
        UpstreamGroup group = StickyTrial.Group(Indirect, isServerADown: true);
        group.Servers[0].Retire();

        Assert.Null(group.FindByCookie("a"u8, out bool isDown));
        Assert.False(isDown);
    }

    private static (byte[] Bytes, RequestHead Head) Parse(string text)
    {
        byte[] bytes = Wire.Bytes(text);
        ParseOutcome outcome = Wire.Request(text, out RequestHead head);
        Assert.Equal(ParseStatus.Done, outcome.Status);
        Assert.Equal(RejectReason.None, ConnectionHeader.Apply(bytes, head.Fields).Reason);
        return (bytes, head);
    }
}
