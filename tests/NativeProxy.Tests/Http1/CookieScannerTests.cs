using System.Collections.Generic;
using NativeProxy.Http;
using Xunit;
using static NativeProxy.Tests.Http1.Wire;

namespace NativeProxy.Tests.Http1;

public class CookieScannerTests
{
    [Theory]
    [InlineData("S=a", "a")]
    [InlineData("x=1;S=a;y=2", "a")]
    [InlineData("x=1; S=; y=2", "")]
    [InlineData("x=1; S=a=b==; y=2", "a=b==")]
    [InlineData("S=\"a\"", "\"a\"")]
    [InlineData("xS=no; S=a; S=b", "a|b")]
    [InlineData("junk; S=a", "a")]
    [InlineData("x=1;  S=a \t; y=2", "a")]
    [InlineData("; ;S=a; ", "a")]
    [InlineData("x=\"; S=a; \"", "a")]
    public void Cookies_AreFound(string field, string values) => Assert.Equal(values, string.Join('|', Read(field)));

    [Theory]
    [InlineData("")]
    [InlineData("S")]
    [InlineData("s=a")]
    [InlineData("SS=a; S2=b; x=S=c")]
    [InlineData("x=\"; \"")]
    [InlineData("S =a")]
    [InlineData("=S=a")]
    public void OtherCookies_AreNotTakenForIt(string field) => Assert.Empty(Read(field));

    [Theory]
    [InlineData("x=1;  S=a \t;y=2", "x=1|S=a|y=2", "x=1|  S=a|y=2")]
    [InlineData(" ;; x", "x", " x")]
    public void Pairs_AreGivenWithAndWithoutTheBlanksInFront(string field, string pairs, string pairsAndBlanks)
    {
        byte[] bytes = Bytes(field);
        List<string> found = [];
        List<string> foundAndBlanks = [];
        var cookies = new CookieScanner(bytes);
        while (cookies.MoveNext())
        {
            found.Add(Text(cookies.Pair.Of(bytes)));
            foundAndBlanks.Add(Text(cookies.PairAndBlanks.Of(bytes)));
        }

        Assert.Equal((pairs, pairsAndBlanks), (string.Join('|', found), string.Join('|', foundAndBlanks)));
    }

    private static List<string> Read(string field)
    {
        byte[] bytes = Bytes(field);
        List<string> values = [];
        var cookies = new CookieScanner(bytes);
        while (cookies.MoveNext())
        {
            if (cookies.TryRead("S"u8, out ByteRange value))
                values.Add(Text(value.Of(bytes)));
        }

        return values;
    }
}
