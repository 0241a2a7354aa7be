using System.Linq;
using NativeProxy.Caching;
using NativeProxy.Http;
using NativeProxy.Tests.Http1;
using Xunit;

namespace NativeProxy.Tests.Caching;

public sealed class CacheControlTests
{
    [Theory]
    [InlineData("max-age=60", 60, -1)]
    [InlineData("MAX-AGE=60", 60, -1)]
    [InlineData("max-age=0", 0, -1)]
    [InlineData("max-age=007", 7, -1)]
    [InlineData("s-maxage=5, max-age=60", 60, 5)]
    [InlineData(" , ,max-age=60 ,\t, public", 60, -1)]
    [InlineData("ext=\"a, max-age=1, \\\" no-store\", max-age=60", 60, -1)]
    [InlineData("max-age=2147483647", 2147483647, -1)]
    [InlineData("public", -1, -1)]
    public void Lifetimes_AreRead(string value, long maxAge, long sharedMaxAge)
    {
        CacheControl control = Read(value);
        Assert.Equal((maxAge, sharedMaxAge, false, false), (control.MaxAge, control.SharedMaxAge, control.IsMalformed, control.NoStore));
    }

    /// <summary>RFC 9111 section 1.2.2.</summary>
    [Theory]
    [InlineData("max-age=2147483649")]
    [InlineData("max-age=99999999999999999999999999999")]
    public void SecondsThatAreTooMany_CountAsTheLargestNumber(string value)
    {
        Assert.Equal(CacheControl.SecondsMax, Read(value).MaxAge);
        Assert.False(Read(value).IsMalformed);
    }

    [Theory]
    [InlineData("max-age")]
    [InlineData("max-age=")]
    [InlineData("max-age=-1")]
    [InlineData("max-age=+1")]
    [InlineData("max-age=1.5")]
    [InlineData("max-age=0x3c")]
    [InlineData("max-age=60s")]
    [InlineData("max-age=\"60\"")]
    [InlineData("max-age =60")]
    [InlineData("max-age= 60")]
    [InlineData("max-age=60 5")]
    [InlineData("max-age=60;public")]
    [InlineData("max-age=60, max-age=60")]
    [InlineData("s-maxage=60, s-maxage=61")]
    [InlineData("min-fresh=1, min-fresh=2")]
    [InlineData("=60")]
    [InlineData("a=\"unclosed")]
    [InlineData("a=\"unclosed\\\"")]
    [InlineData("public private")]
    [InlineData("@")]
    public void WhatCanBeReadInTwoWays_IsMalformed(string value) => Assert.True(Read(value).IsMalformed);

    [Fact]
    public void SecondLine_BelongsToTheSameList()
    {
        Assert.True(Read("max-age=1", "max-age=1").IsMalformed);
        Assert.True(Read("max-age=1", "no-store").NoStore);
        Assert.False(Read("max-age=1", "public").IsMalformed);
    }

    [Theory]
    [InlineData("no-store")]
    [InlineData("No-Store")]
    [InlineData("max-age=5,no-store")]
    public void NoStore_IsSeen(string value) => Assert.True(Read(value).NoStore);

    [Theory]
    [InlineData("no-cache", true, false)]
    [InlineData("no-cache=\"set-cookie\"", true, false)]
    [InlineData("no-cache=set-cookie", true, false)]
    [InlineData("private", false, true)]
    [InlineData("private=\"x-user, x-id\"", false, true)]
    [InlineData("privately, x-no-cache, no-cached", false, false)]
    public void FieldListsOfNoCacheAndPrivate_CountAsTheWholeResponse(string value, bool noCache, bool isPrivate)
    {
        CacheControl control = Read(value);
        Assert.Equal((noCache, isPrivate, false), (control.NoCache, control.Private, control.IsMalformed));
    }

    [Fact]
    public void OnlyIfCached_IsSeen() => Assert.True(Read("only-if-cached").OnlyIfCached);

    private static CacheControl Read(params string[] values)
    {
        string text = "HTTP/1.1 200 OK\r\n" + Wire.Lines([.. values.Select(value => "Cache-Control: " + value)]);
        Wire.Response(text, out ResponseHead head);
        return CacheControl.Read(Wire.Bytes(text), head.Fields);
    }
}
