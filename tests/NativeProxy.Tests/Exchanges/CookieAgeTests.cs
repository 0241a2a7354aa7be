using System;
using NativeProxy.Exchanges.Sending;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Rewriting;
using NativeProxy.Tests.Http1;
using NativeProxy.Upstreams.Groups;
using Xunit;

namespace NativeProxy.Tests.Exchanges;

/// <summary>Cookies that say when they were set, and grow too old.</summary>
public class CookieAgeTests
{
    private const long Now = 1_800_000_000;
    private const string Dated = "mode = \"insert\"\nmax_idle = \"10m\"\nmax_life = \"1h\"";

    [Theory]
    [InlineData(0, 0, 'V')]
    [InlineData(600, 3600, 'V')]
    [InlineData(601, 601, 'E')]
    [InlineData(10, 3601, 'O')]
    [InlineData(601, 3601, 'E')]
    [InlineData(-3600, -3600, 'V')]
    [InlineData(-86401, 0, 'E')]
    [InlineData(0, -86401, 'O')]
    public void CookieIsTaken_AsLongAsItIsNotTooOld(long idleSeconds, long lifeSeconds, char letter)
    {
        UpstreamGroup group = StickyTrial.Group(Dated);

        Stickiness sticky = Read(group, Text("b", Now - idleSeconds, Now - lifeSeconds));

        Assert.Equal(((byte)letter, letter == 'V' ? "b" : null), (sticky.RequestLetter, sticky.Wanted?.Name));
    }

    [Theory]
    [InlineData("b", 'V')]
    [InlineData("b|AAAAAA|AAAAAA", 'V')]
    [InlineData("b|AAAAAA", 'I')]
    [InlineData("b|AAAAA*|AAAAAA", 'I')]
    [InlineData("b|AAAAAA/AAAAAA", 'I')]
    [InlineData("|AAAAAA|AAAAAA", 'I')]
    [InlineData("b|______|______", 'E')]
    [InlineData("x|AAAAAA|AAAAAA", 'I')]
    public void WhatIsNoDate_IsPartOfTheName_AndOneWithoutIsTaken(string value, char letter) =>
        Assert.Equal((byte)letter, Read(StickyTrial.Group(Dated), value).RequestLetter);

    [Fact]
    public void WithoutAges_DatesAreNotLookedAt() =>
        Assert.Equal((byte)'I', Read(StickyTrial.Group("mode = \"insert\""), Text("b", Now, Now)).RequestLetter);

    [Fact]
    public void Dates_AreReadAsTheyWereWritten()
    {
        Span<byte> text = stackalloc byte[1 + CookieDates.TextBytes];
        text[0] = (byte)'s';
        foreach (long seconds in (long[])[1, 63, 64, Now, (1L << 36) - 1])
        {
            var dates = new CookieDates(seconds, seconds / 2);
            dates.Write(text[1..]);

            Assert.Equal(dates, CookieDates.Of(text, out ReadOnlySpan<byte> server));
            Assert.Equal("s"u8.ToArray(), server.ToArray());
        }
    }

    private static string Text(string server, long last, long first)
    {
        byte[] dates = new byte[CookieDates.TextBytes];
        new CookieDates(last, first).Write(dates);
        return server + Wire.Text(dates);
    }

    private static Stickiness Read(UpstreamGroup group, string value)
    {
        byte[] bytes = Wire.Bytes($"GET / HTTP/1.1\r\nHost: a\r\nCookie: S={value}\r\n\r\n");
        Assert.Equal(ParseStatus.Done, Wire.Request(Wire.Text(bytes), out RequestHead head).Status);
        return Stickiness.Read(bytes, head.Fields, group, Now);
    }
}
