using NativeProxy.Config;
using Xunit;

namespace NativeProxy.Tests.Config;

public class UnitsTests
{
    [Theory]
    [InlineData("0s", 0)]
    [InlineData("0ms", 0)]
    [InlineData("250ms", 250)]
    [InlineData("75s", 75_000)]
    [InlineData("10m", 600_000)]
    [InlineData("1h", 3_600_000)]
    [InlineData("9223372036854775807ms", long.MaxValue)]
    public void Duration_IsReadIntoMilliseconds(string text, long durationMs)
    {
        Assert.True(Units.TryParseDuration(text, out long read));
        Assert.Equal(durationMs, read);
    }

    [Theory]
    [InlineData("")]
    [InlineData("75")]
    [InlineData("s")]
    [InlineData("-1s")]
    [InlineData("+1s")]
    [InlineData("1.5s")]
    [InlineData("75 s")]
    [InlineData(" 75s")]
    [InlineData("75s ")]
    [InlineData("75S")]
    [InlineData("1h30m")]
    [InlineData("1d")]
    [InlineData("1_000ms")]
    [InlineData("\u0661s")]
    [InlineData("9223372036854775808ms")]
    [InlineData("9223372036854775s9")]
    [InlineData("9223372036854776s")]
    public void OtherDurationTexts_AreRefused(string text) => Assert.False(Units.TryParseDuration(text, out _));

    [Theory]
    [InlineData("0KiB", 0)]
    [InlineData("64KiB", 65_536)]
    [InlineData("16MiB", 16_777_216)]
    [InlineData("1GiB", 1_073_741_824)]
    public void Size_IsReadIntoBytes(string text, long sizeBytes)
    {
        Assert.True(Units.TryParseSize(text, out long read));
        Assert.Equal(sizeBytes, read);
    }

    [Theory]
    [InlineData("64")]
    [InlineData("64KB")]
    [InlineData("64kib")]
    [InlineData("64k")]
    [InlineData("KiB")]
    [InlineData("9007199254740992KiB")]
    public void OtherSizeTexts_AreRefused(string text) => Assert.False(Units.TryParseSize(text, out _));

    [Theory]
    [InlineData(0, "0s")]
    [InlineData(1, "1ms")]
    [InlineData(1_500, "1500ms")]
    [InlineData(90_000, "90s")]
    [InlineData(60_000, "1m")]
    [InlineData(86_400_000, "24h")]
    public void Duration_IsWrittenWithTheLargestUnit_AndReadsBack(long durationMs, string text)
    {
        Assert.Equal(text, Units.FormatDuration(durationMs));
        Assert.True(Units.TryParseDuration(text, out long read));
        Assert.Equal(durationMs, read);
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(1000, "1000")]
    [InlineData(1536, "1536")]
    [InlineData(65_536, "64KiB")]
    [InlineData(1_048_576, "1MiB")]
    [InlineData(1_073_741_824, "1GiB")]
    public void Size_IsWrittenWithTheLargestUnit(long sizeBytes, string text) => Assert.Equal(text, Units.FormatSize(sizeBytes));

    [Theory]
    [InlineData("75", "write \"75s\" for 75 seconds, \"75ms\" for 75 milliseconds")]
    [InlineData("0", "did you mean \"0s\"?")]
    [InlineData("75 s", "did you mean \"75s\"?")]
    [InlineData("5min", "did you mean \"5m\"?")]
    [InlineData("2 days", "did you mean \"48h\"?")]
    [InlineData("soon", "")]
    [InlineData("1h30m", "")]
    public void WrongDuration_GetsItsHint(string text, string hint) => Assert.Equal(hint, UnitHint.ForDuration(text));

    [Theory]
    [InlineData("64KB", "did you mean \"64KiB\"?")]
    [InlineData("64k", "did you mean \"64KiB\"?")]
    [InlineData("1 gb", "did you mean \"1GiB\"?")]
    [InlineData("4096", "write 4096 without quotes for bytes")]
    [InlineData("4096 bytes", "write 4096 without quotes for bytes")]
    [InlineData("large", "")]
    public void WrongSize_GetsItsHint(string text, string hint) => Assert.Equal(hint, UnitHint.ForSize(text));
}
