using System;
using System.Globalization;
using NativeProxy.Http;
using Xunit;

namespace NativeProxy.Tests.Http1;

/// <summary>RFC 9110 section 5.6.7: three ways to write one moment, and what is none of them.</summary>
public sealed class HttpDateTests
{
    private static readonly long NowWallMs = new DateTimeOffset(2026, 11, 28, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();

    [Theory]
    [InlineData("Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z")]
    [InlineData("Sunday, 06-Nov-94 08:49:37 GMT", "1994-11-06T08:49:37Z")]
    [InlineData("Sun Nov  6 08:49:37 1994", "1994-11-06T08:49:37Z")]
    [InlineData("Wednesday, 30-Dec-26 23:59:60 GMT", "2026-12-30T23:59:59Z")]
    [InlineData("Thursday, 31-Dec-76 00:00:00 GMT", "2076-12-31T00:00:00Z")]
    [InlineData("Saturday, 01-Jan-77 00:00:00 GMT", "1977-01-01T00:00:00Z")]
    [InlineData("Tue Feb 29 00:00:00 2028", "2028-02-29T00:00:00Z")]
    public void EachForm_IsRead(string text, string moment) =>
        Assert.Equal((true, DateTimeOffset.Parse(moment, CultureInfo.InvariantCulture)),
            (TryRead(text, out long wallMs), DateTimeOffset.FromUnixTimeMilliseconds(wallMs)));

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData(",")]
    [InlineData("Sun, 06 Nov 1994 08:49:37 UTC")]
    [InlineData("Sun, 6 Nov 1994 08:49:37 GMT")]
    [InlineData("Sunday, 06-Nov-1994 08:49:37 GMT")]
    [InlineData("Sun, 06-Nov-94 08:49:37 GMT")]
    [InlineData("Sunday, 31-Nov-94 08:49:37 GMT")]
    [InlineData("Sunday, 06-Nov-94 24:00:00 GMT")]
    [InlineData("Sunday, 06-Nov-94 08:49:37 PST")]
    [InlineData("Sunday, 06-nov-94 08:49:37 GMT")]
    [InlineData("Sun Nov  6 08:49:37 199x")]
    [InlineData("Sun Nov  0 08:49:37 1994")]
    [InlineData("Sun Nov  6 08:60:37 1994")]
    [InlineData("unM Nov  6 08:49:37 1994")]
    [InlineData("Sun Nov  6 08:49:37 0000")]
    public void AnythingElse_IsNoDate(string text) => Assert.False(TryRead(text, out _));

    private static bool TryRead(string text, out long wallMs) => HttpDateParser.TryRead(Wire.Bytes(text), NowWallMs, out wallMs);
}
