using System.Linq;
using NativeProxy.Tests.Exchanges;
using NativeProxy.Tests.Http1;
using Xunit;

namespace NativeProxy.Tests.Rewriting;

/// <summary>Which Cookie fields the server sees.</summary>
public class StickyRequestTests
{
    private const string Indirect = "mode = \"insert\"\nindirect = true";
    private const string Prefix = "mode = \"prefix\"";

    /// <summary>However few of them are looked up to find the server.</summary>
    [Fact]
    public void ManyCookiesOfTheName_AreAllTakenOut() =>
        Assert.Equal(Wire.Get(), Rewrite(Indirect, Wire.Get("Cookie: " + string.Concat(Enumerable.Repeat("S=gone; ", 16)) + "S=b")));

    [Fact]
    public void IndirectCookie_IsTakenOutOfEveryFieldAndTheRestIsUntouched() =>
        Assert.Equal(
            Wire.Get("X: 1", "cookie: x=1;y=2", "Y: 2", "Cookie:  S2=3 ; z=4 ", "Z: S=a"),
            Rewrite(Indirect, Wire.Get("X: 1", "cookie:x=1;S=a;y=2", "Cookie: S=b", "Y: 2", "Cookie:  S2=3 ; z=4 ", "Z: S=a")));

    [Fact]
    public void FieldWithNothingButTheCookie_IsGone() => Assert.Equal(Wire.Get("X: 1"), Rewrite(Indirect, Wire.Get("Cookie: S=a", "X: 1")));

    [Fact]
    public void UnknownValue_IsTakenOutAsWell() => Assert.Equal(Wire.Get("Cookie: x=1"), Rewrite(Indirect, Wire.Get("Cookie: x=1; S=gone")));

    [Theory]
    [InlineData("mode = \"insert\"")]
    [InlineData("mode = \"rewrite\"")]
    [InlineData("mode = \"passive\"")]
    [InlineData("mode = \"off\"")]
    public void OtherModes_PassTheFieldByteForByte(string settings)
    {
        string head = Wire.Get("Cookie:  S=a~1 ;x=1; ", "Cookie: S=b");
        Assert.Equal(head, Rewrite(settings, head));
    }

    [Fact]
    public void Prefix_IsCutOffWhicheverServerItNames() =>
        Assert.Equal(
            Wire.Get("Cookie: x=1; S=123; y=a~2", "X: S=a~1", "Cookie: S=4"),
            Rewrite(Prefix, Wire.Get("Cookie: x=1; S=a~123; y=a~2", "X: S=a~1", "Cookie: S=gone~4")));

    [Fact]
    public void NominatedCookieField_IsNotForwarded() =>
        Assert.Equal(Wire.Get("X: 1"), Rewrite(Indirect, Wire.Get("Cookie: S=a; x=1", "Connection: cookie", "X: 1")));

    private static string Rewrite(string settings, string text) =>
        OutgoingHeads.Request(text, OutgoingHeads.Silent, cookie: StickyTrial.Cookie(settings));
}
