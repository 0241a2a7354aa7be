using NativeProxy.Http;
using Xunit;
using static NativeProxy.Tests.Http1.Wire;

namespace NativeProxy.Tests.Http1;

public class SetCookieFieldTests
{
    [Theory]
    [InlineData("S=a", "a")]
    [InlineData("S=a; Path=/; HttpOnly", "a")]
    [InlineData("S=", "")]
    [InlineData("S=; Max-Age=0", "")]
    [InlineData("S=\"a\";Path=/", "\"a\"")]
    [InlineData(" S = a ; Path=/", "a")]
    [InlineData("S=a=b", "a=b")]
    public void Value_EndsWhereTheAttributesBegin(string field, string value)
    {
        byte[] bytes = Bytes(field);
        Assert.True(SetCookieField.TryFind(bytes, "S"u8, out ByteRange range));
        Assert.Equal(value, Text(range.Of(bytes)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("S")]
    [InlineData("s=a")]
    [InlineData("S2=a")]
    [InlineData("XS=a")]
    [InlineData("x=1; S=a")]
    [InlineData("x; S=a")]
    public void OtherCookies_AreNotTakenForIt(string field) => Assert.False(SetCookieField.TryFind(Bytes(field), "S"u8, out _));
}
