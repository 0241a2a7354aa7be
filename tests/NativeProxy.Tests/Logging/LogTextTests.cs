using System;
using System.Globalization;
using System.IO;
using System.Net;
using System.Text;
using NativeProxy.Logging;
using Xunit;

namespace NativeProxy.Tests.Logging;

/// <summary>Dates, addresses and names as the lines show them, checked against the library's own formatting.</summary>
public sealed class LogTextTests
{
    private readonly LogText _text = new();

    private string Taken()
    {
        string text = Encoding.UTF8.GetString(_text.Bytes);
        _text.Clear();
        return text;
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("192.168.0.255")]
    [InlineData("::")]
    [InlineData("::1")]
    [InlineData("1::")]
    [InlineData("2001:db8::1")]
    [InlineData("2001:db8:0:1:1:1:1:1")]
    [InlineData("2001:0:0:1::1")]
    [InlineData("2001:db8::1:0:0:1")]
    [InlineData("fe80::ffff:abcd:10:0")]
    public void Address_IsWrittenInItsShortestForm(string address)
    {
        AddressText.Append(_text, IPAddress.Parse(address).GetAddressBytes());
        Assert.Equal(address, Taken());
    }

    [Fact]
    public void Numbers_AreWrittenAsTheLibraryWritesThem()
    {
        Random dice = new(6);
        for (int i = 0; i < 40_000; i++)
        {
            long value = i < 20_000 ? i * 61 : dice.NextInt64() >> dice.Next(64);
            ExpectNumber(i % 7 == 0 ? -value : value);
        }
        long power = 1;
        for (int digits = 1; digits <= 18; digits++, power *= 10)
        {
            ExpectNumber(power - 1);
            ExpectNumber(power);
        }
        ExpectNumber(long.MaxValue);
        ExpectNumber(long.MinValue);
    }

    [Fact]
    public void Digits_HaveTheirWidth()
    {
        for (int width = 1, end = 10; width <= 4; width++, end *= 10)
        {
            for (int value = 0; value < end; value++)
            {
                _text.AppendDigits(value, width);
                Assert.Equal(value.ToString($"D{width}", CultureInfo.InvariantCulture), Taken());
            }
        }
    }

    private void ExpectNumber(long value)
    {
        string wanted = value.ToString(CultureInfo.InvariantCulture);
        _text.AppendNumber(value);
        Assert.Equal(wanted, Taken());
        _text.AppendNumbers([value, 7, value]);
        Assert.Equal($"{wanted}/7/{wanted}", Taken());
    }

    [Fact]
    public void LinesOfTheSameSecond_HaveTheirOwnMillisecondAndStyle()
    {
        for (long wallMs = 1_700_000_000_995; wallMs < 1_700_000_001_005; wallMs++)
        {
            DateTime time = DateTime.UnixEpoch.AddMilliseconds(wallMs);
            LogTime.AppendHaproxy(_text, wallMs);
            Assert.Equal(time.ToString("dd/MMM/yyyy:HH:mm:ss.fff", CultureInfo.InvariantCulture), Taken());
            LogTime.AppendIso(_text, wallMs);
            Assert.Equal(time.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture), Taken());
            LogTime.AppendIso(_text, wallMs);
            LogTime.AppendCombined(_text, wallMs);
            Assert.Equal(time.ToString("yyyy-MM-ddTHH:mm:ss.fffZdd/MMM/yyyy:HH:mm:ss +0000", CultureInfo.InvariantCulture), Taken());
        }
    }

    [Fact]
    public void RandomAddresses_AreReadBackAsThemselves()
    {
        Random dice = new(5);
        byte[] address = new byte[16];
        for (int i = 0; i < 20_000; i++)
        {
            for (int group = 0; group < 8; group++)
            {
                int value = dice.Next(3) == 0 ? dice.Next(65536) >> dice.Next(16) : 0;
                address[2 * group] = (byte)(value >> 8);
                address[(2 * group) + 1] = (byte)value;
            }

            address[0] |= 0x20;
            AddressText.Append(_text, address);
            string text = Taken();
            Assert.Equal(address, IPAddress.Parse(text).GetAddressBytes());
            Assert.Equal(text.ToLowerInvariant(), text);
        }
    }

    [Fact]
    public void MappedAddress_IsWrittenAsIpv4()
    {
        AddressText.Append(_text, IPAddress.Parse("::ffff:10.1.2.3").GetAddressBytes());
        Assert.Equal("10.1.2.3", Taken());
    }

    [Fact]
    public void UnknownAddress_IsADash()
    {
        AddressText.Append(_text, default);
        Assert.Equal("-", Taken());
    }

    [Fact]
    public void RandomTimes_AreWrittenAsTheLibraryWritesThem()
    {
        Random dice = new(6);
        for (int i = 0; i < 5_000; i++)
        {
            long wallMs = dice.NextInt64(0, 253_402_300_800_000);
            DateTime time = DateTime.UnixEpoch.AddMilliseconds(wallMs);
            LogTime.AppendIso(_text, wallMs);
            Assert.Equal(time.ToString("yyyy-MM-ddTHH:mm:ss.fffZ"), Taken());
            LogTime.AppendHaproxy(_text, wallMs);
            Assert.Equal(time.ToString("dd/MMM/yyyy:HH:mm:ss.fff"), Taken());
            LogTime.AppendCombined(_text, wallMs);
            Assert.Equal(time.ToString("dd/MMM/yyyy:HH:mm:ss +0000"), Taken());
        }
    }

    [Theory]
    [InlineData(long.MinValue, "1970-01-01T00:00:00.000Z")]
    [InlineData(long.MaxValue, "9999-12-31T23:59:59.999Z")]
    public void TimeBeyondTheCalendar_IsClamped(long wallMs, string expected)
    {
        LogTime.AppendIso(_text, wallMs);
        Assert.Equal(expected, Taken());
    }

    [Fact]
    public void NameRegisteredTwice_KeepsItsId()
    {
        LogNames names = new();
        int web = names.Register("web");
        Assert.NotEqual(LogNames.None, web);
        Assert.NotEqual(web, names.Register("app"));
        Assert.Equal(web, names.Register("web"));
        Assert.Equal("web"u8.ToArray(), names.NameOf(web).ToArray());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(99)]
    public void IdThatWasNeverGiven_HasNoName(int id) => Assert.True(SampleRecords.Names().NameOf(id).IsEmpty);

    [Fact]
    public void EmptyName_IsNone() => Assert.Equal(LogNames.None, new LogNames().Register(""));

    [Fact]
    public void ErrorLine_HasTimeProcessLevelAndMessage()
    {
        MemoryStream output = new();
        ErrorLog log = new(output, new FixedTime());
        log.Info("started");
        log.Warn("two\nlines \u00e4");
        log.Error("bad");
        int pid = Environment.ProcessId;
        Assert.Equal(
            $"2026-11-22T10:11:12.123Z [{pid}] info started\n2026-11-22T10:11:12.123Z [{pid}] warn two\\x0Alines \u00e4\n2026-11-22T10:11:12.123Z "
            + $"[{pid}] error bad\n",
            Encoding.UTF8.GetString(output.ToArray()));
    }

    private sealed class FixedTime : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeMilliseconds(SampleRecords.WallMs);
    }
}
