using NativeProxy.Http1;
using Xunit;
using static NativeProxy.Tests.Http1.Wire;

namespace NativeProxy.Tests.Http1;

public class CookieScannerTests
{
    [Theory]
    [InlineData("S=a", "a", "")]
    [InlineData("S=a; x=1", "a", "x=1")]
    [InlineData("x=1; S=a", "a", "x=1")]
    [InlineData("x=1; S=a; y=2", "a", "x=1; y=2")]
    [InlineData("x=1;S=a;y=2", "a", "x=1;y=2")]
    [InlineData("x=1; S=; y=2", "", "x=1; y=2")]
    [InlineData("x=1; S=a=b==; y=2", "a=b==", "x=1; y=2")]
    [InlineData("S=\"a\"", "\"a\"", "")]
    [InlineData("xS=no; S=a; S=b", "a", "xS=no; S=b")]
    [InlineData("junk; S=a", "a", "junk")]
    [InlineData("x=1;  S=a \t; y=2", "a", "x=1;  y=2")]
    [InlineData("S=a; ", "a", "")]
    public void Cookie_IsFound_AndCutOutCleanly(string field, string value, string rest)
    {
        byte[] bytes = Bytes(field);
        Assert.True(CookieScanner.TryFind(bytes, "S"u8, out ByteRange valueRange, out ByteRange pair));
        Assert.Equal(value, Text(valueRange.Of(bytes)));
        Assert.Equal(rest, field.Remove(pair.Start, pair.Length));
    }

    [Theory]
    [InlineData("")]
    [InlineData("S")]
    [InlineData("s=a")]
    [InlineData("SS=a; S2=b; x=S=c")]
    [InlineData("x=\"; \"")]
    [InlineData("S =a")]
    public void OtherCookies_AreNotTakenForIt(string field) =>
        Assert.False(CookieScanner.TryFind(Bytes(field), "S"u8, out _, out _));
}
