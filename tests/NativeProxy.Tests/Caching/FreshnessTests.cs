using System;
using NativeProxy.Caching;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Tests.Http1;
using Xunit;

namespace NativeProxy.Tests.Caching;

/// <summary>RFC 9111 section 4.2, with a response that came at a full minute.</summary>
public sealed class FreshnessTests
{
    private const string Now = "Date: Mon, 01 Jan 2024 00:01:00 GMT\r\n";

    private static readonly long NowWallMs = new DateTimeOffset(2024, 1, 1, 0, 1, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();

    [Theory]
    [InlineData("Cache-Control: max-age=10\r\n", 10)]
    [InlineData(Now + "Cache-Control: max-age=10\r\n", 10)]
    [InlineData(Now + "Cache-Control: max-age=10, s-maxage=20\r\n", 20)]
    [InlineData(Now + "Cache-Control: s-maxage=0, max-age=10\r\n", 0)]
    [InlineData(Now + "Cache-Control: max-age=10\r\nExpires: Mon, 01 Jan 2024 09:00:00 GMT\r\n", 10)]
    [InlineData(Now + "Expires: Mon, 01 Jan 2024 00:01:30 GMT\r\n", 30)]
    [InlineData(Now + "Expires: Monday, 01-Jan-24 00:01:30 GMT\r\n", 30)]
    [InlineData(Now + "Expires: Mon Jan  1 00:01:30 2024\r\n", 30)]
    [InlineData("Date: Mon Jan  1 00:01:00 2024\r\nExpires: Monday, 01-Jan-24 00:01:30 GMT\r\n", 30)]
    [InlineData(Now + "Expires: Mon, 01 Jan 2024 00:01:00 GMT\r\n", 0)]
    [InlineData(Now + "Expires: Mon, 01 Jan 2024 00:00:59 GMT\r\n", 0)]
    [InlineData("Expires: Mon, 01 Jan 2024 00:01:30 GMT\r\n", 0)]
    [InlineData(Now + "Last-Modified: Mon, 01 Jan 2020 00:00:00 GMT\r\nETag: \"x\"\r\n", 0)]
    [InlineData(Now, 0)]
    public void Lifetime_IsWhatTheResponseSaysItself(string lines, int leftSeconds) => Assert.Equal(leftSeconds * 1000, Of(lines).LeftMs);

    [Theory]
    [InlineData("Expires: 0\r\n")]
    [InlineData("Expires: -1\r\n")]
    [InlineData("Expires: \r\n")]
    [InlineData("Expires: Mon, 01 Jan 2024 00:02:00 UTC\r\n")]
    [InlineData("Expires: Mon, 01 Jan 2024 00:02:00 GMT \"\r\n")]
    [InlineData("Expires: Mon, 01 Jan 2024 00:02:00 GMT\r\nExpires: Mon, 01 Jan 2024 00:02:00 GMT\r\n")]
    [InlineData("Expires: Mon, 32 Jan 2024 00:02:00 GMT\r\n")]
    public void ExpiresThatCannotBeReadInOneWay_IsStale(string lines) => Assert.Equal(0, Of(Now + lines).LeftMs);

    /// <summary>The age is the larger of what the clocks show and what the field says with the time that the answer took.</summary>
    [Theory]
    [InlineData("", 0, 0)]
    [InlineData("", 1500, 1500)]
    [InlineData(Now, 0, 0)]
    [InlineData("Age: 4\r\n", 0, 4000)]
    [InlineData("Age: 4, 0\r\n", 0, 4000)]
    [InlineData("Age: 4 ,x\r\n", 0, 4000)]
    [InlineData("Age: 4\r\nAge: 9\r\n", 0, 4000)]
    [InlineData(Now + "Age: 4\r\n", 1500, 5500)]
    [InlineData("Date: Mon, 01 Jan 2024 00:00:53 GMT\r\nAge: 4\r\n", 1500, 7000)]
    [InlineData("Date: Mon, 01 Jan 2024 00:05:00 GMT\r\n", 0, 0)]
    public void AgeOnArrival_CountsAgainstTheLifetime(string lines, int responseDelayMs, long ageMs)
    {
        Freshness freshness = Of(lines + "Cache-Control: max-age=10\r\n", responseDelayMs);
        Assert.Equal((ageMs, 10_000 - ageMs), (freshness.InitialAgeMs, freshness.LeftMs));
    }

    [Theory]
    [InlineData("Age: -1\r\n")]
    [InlineData("Age: +1\r\n")]
    [InlineData("Age: \r\n")]
    [InlineData("Age: , 1\r\n")]
    [InlineData("Age: x, 1\r\n")]
    [InlineData("Age: 1.5\r\n")]
    [InlineData("Age: 10\r\n")]
    [InlineData("Age: 2147483648\r\n")]
    [InlineData("Age: 99999999999999999999999\r\n")]
    [InlineData("Date: 0\r\n")]
    [InlineData("Date: Mon, 01 Jan 2024 00:01:00 GMT\r\nDate: Mon, 01 Jan 2024 00:01:00 GMT\r\n")]
    [InlineData("Date: Sun, 31 Dec 2023 23:00:00 GMT\r\n")]
    public void AgeOrDateThatIsTooOldOrCannotBeRead_IsStale(string lines) => Assert.Equal(0, Of(lines + "Cache-Control: max-age=10\r\n").LeftMs);

    private static Freshness Of(string lines, int responseDelayMs = 0)
    {
        string text = "HTTP/1.1 200 OK\r\n" + lines + "\r\n";
        Assert.Equal(ParseStatus.Done, Wire.Response(text, out ResponseHead head).Status);
        byte[] bytes = Wire.Bytes(text);
        return Freshness.Of(bytes, head.Fields, CacheControl.Read(bytes, head.Fields), new ExchangeMoments(5000, 5000 + responseDelayMs, NowWallMs));
    }
}
