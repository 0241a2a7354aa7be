using NativeProxy.Http;
using NativeProxy.Http1;
using Xunit;
using static NativeProxy.Tests.Http1.Wire;

namespace NativeProxy.Tests.Http1;

public class CookieFieldTests
{
    [Theory]
    [InlineData("S=a; x=1", "x=1")]
    [InlineData("x=1; S=a", "x=1")]
    [InlineData("x=1; S=a; y=2", "x=1; y=2")]
    [InlineData("x=1;S=a;y=2", "x=1;y=2")]
    [InlineData("x=1; S=; y=2", "x=1; y=2")]
    [InlineData("x=1; S=\"a\"; y=\"2\"", "x=1; y=\"2\"")]
    [InlineData("S=a; x=1; S=b", "x=1")]
    [InlineData("x=1; S=a; S=b; y=2; S=c", "x=1; y=2")]
    [InlineData("SS=1; S2=2; S=a; xS=3; s=4", "SS=1; S2=2; xS=3; s=4")]
    [InlineData("junk; S=a", "junk")]
    [InlineData("x=S=a; S=b", "x=S=a")]
    [InlineData("x=1;  S=a \t;\ty=2", "x=1;\ty=2")]
    [InlineData("x=1; S=a; ", "x=1")]
    [InlineData("; S=a; ;x=1", "x=1")]
    public void Cookie_IsTakenOutAndTheOthersStay(string field, string rest) => Assert.Equal($"Cookie: {rest}\r\n", Without(field));

    [Theory]
    [InlineData("S=a")]
    [InlineData("S=a; ")]
    [InlineData("S=a; S=b")]
    [InlineData(";S=\"\";")]
    public void FieldThatHoldsNothingElse_IsGone(string field) => Assert.Equal("", Without(field));

    [Theory]
    [InlineData("S=A~123", "S=123")]
    [InlineData("x=1; S=A~123; y=B~2", "x=1; S=123; y=B~2")]
    [InlineData("S=A~1~2", "S=1~2")]
    [InlineData("S=A~", "S=")]
    [InlineData("S=~1", "S=1")]
    [InlineData("S=\"A~123\"", "S=\"123\"")]
    [InlineData("S=A~\"123\"", "S=\"123\"")]
    [InlineData("S=A~1 ;S=B~2", "S=1 ;S=2")]
    [InlineData("S2=A~1; S=A~2", "S2=A~1; S=2")]
    [InlineData("S=123", "S=123")]
    [InlineData("S=1; S=A~2", "S=1; S=2")]
    [InlineData("S=\"", "S=\"")]
    public void Prefix_IsCutFromTheValueOnly(string field, string expected) => Assert.Equal($"Cookie: {expected}\r\n", WithoutPrefix(field));

    [Theory]
    [InlineData("x=1; S=a", true)]
    [InlineData("x=1; SS=a; S2=b", false)]
    [InlineData("", false)]
    public void Contains_MeansTheWholeName(string field, bool expected) => Assert.Equal(expected, CookieField.Contains(Bytes(field), "S"u8));

    [Theory]
    [InlineData("\"a\"", "a")]
    [InlineData("\"\"", "")]
    [InlineData("a", "a")]
    [InlineData("\"", "\"")]
    [InlineData("\"a", "\"a")]
    [InlineData("", "")]
    public void Quotes_AreTakenOffInPairs(string value, string expected)
    {
        byte[] bytes = Bytes("S=" + value);
        Assert.Equal(expected, Text(CookieField.Unquoted(bytes, ByteRange.Between(2, bytes.Length)).Of(bytes)));
    }

    [Fact]
    public void FieldThatDoesNotFit_ClosesTheWriter()
    {
        byte[] field = Bytes("x=1; S=a; y=2");
        for (int room = 0; room < "Cookie: x=1; y=2\r\n".Length; room++)
        {
            var writer = new HeadWriter(new byte[room]);
            CookieField.WriteWithout(ref writer, "Cookie"u8, field, "S"u8);
            Assert.True(writer.Overflowed);
        }
    }

    private static string Without(string field)
    {
        var writer = new HeadWriter(new byte[1000]);
        CookieField.WriteWithout(ref writer, "Cookie"u8, Bytes(field), "S"u8);
        return Text(writer.Written);
    }

    private static string WithoutPrefix(string field)
    {
        var writer = new HeadWriter(new byte[1000]);
        CookieField.WriteWithoutPrefix(ref writer, "Cookie"u8, Bytes(field), "S"u8, (byte)'~');
        return Text(writer.Written);
    }
}
