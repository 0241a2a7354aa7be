using System;
using System.Linq;
using NativeProxy.Http;
using Xunit;
using static NativeProxy.Tests.Http1.Wire;

namespace NativeProxy.Tests.Http1;

public class AsciiBytesTests
{
    private const string Letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    private const string Digits = "0123456789";

    [Fact]
    public void TokenBytes_AreExactlyThoseOfTheGrammar() =>
        AssertClass(Letters + Digits + "!#$%&'*+-.^_`|~", AsciiBytes.IsTokenByte);

    [Fact]
    public void RegNameBytes_AreUnreservedAndSubDelimsWithoutTheComma() =>
        AssertClass(Letters + Digits + "-._~" + "!$&'()*+;=", AsciiBytes.IsRegNameByte);

    [Fact]
    public void TextBytes_AreTabSpaceVisibleAndObsText() =>
        AssertClass(new string(Enumerable.Range(0, 256).Where(c => c == 9 || (c >= 32 && c != 127)).Select(c => (char)c).ToArray()),
            AsciiBytes.IsTextByte);

    [Fact]
    public void HexValue_KnowsAllDigitsAndNothingElse()
    {
        for (int value = 0; value < 256; value++)
        {
            int expected = "0123456789abcdef".IndexOf(char.ToLowerInvariant((char)value), StringComparison.Ordinal);
            Assert.Equal(expected, AsciiBytes.HexValue((byte)value));
        }
    }

    [Theory]
    [InlineData("0", 0)]
    [InlineData("0000000000000000000000000007", 7)]
    [InlineData("9223372036854775807", long.MaxValue)]
    public void Decimal_ThatFits63Bits_IsRead(string digits, long expected)
    {
        Assert.True(AsciiBytes.TryReadDecimal(Bytes(digits), out long value));
        Assert.Equal(expected, value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("+1")]
    [InlineData("-1")]
    [InlineData("1 ")]
    [InlineData("1a")]
    [InlineData("9223372036854775808")]
    [InlineData("18446744073709551617")]
    [InlineData("99999999999999999999999999")]
    public void Decimal_ThatDoesNot_IsRefused(string digits) => Assert.False(AsciiBytes.TryReadDecimal(Bytes(digits), out _));

    [Fact]
    public void EqualsIgnoreCase_FoldsLettersOnly()
    {
        for (int left = 0; left < 256; left++)
        {
            for (int right = 0; right < 256; right++)
            {
                bool expected = left == right || (left < 128 && right < 128 && char.IsLetter((char)left) &&
                    char.ToLowerInvariant((char)left) == char.ToLowerInvariant((char)right));
                Assert.Equal(expected, AsciiBytes.EqualsIgnoreCase([(byte)left], [(byte)right]));
            }
        }
    }

    [Fact]
    public void EqualsLower_AgreesWithEqualsIgnoreCase_ForEveryTokenByteAtEveryPlace()
    {
        byte[] lower = "transfer-encoding2"u8.ToArray();
        for (int place = 0; place < lower.Length; place++)
        {
            for (int value = 0; value < 256; value++)
            {
                byte[] token = (byte[])lower.Clone();
                token[place] = (byte)value;
                if (AsciiBytes.IsToken(token))
                    Assert.Equal(AsciiBytes.EqualsIgnoreCase(token, lower), AsciiBytes.EqualsLower(token, lower));
            }
        }
    }

    /// <summary>Each of the 256 bytes as the stop, at each distance from start and end that a vector block can have.</summary>
    [Fact]
    public void Scans_StopAtTheSameByteAsANaiveLoop()
    {
        for (int length = 1; length <= 40; length++)
        {
            for (int stop = 0; stop < length; stop++)
            {
                for (int value = 0; value < 256; value++)
                {
                    byte[] bytes = new byte[length];
                    Array.Fill(bytes, (byte)'a');
                    bytes[stop] = (byte)value;
                    int start = stop / 2;
                    AssertStop(bytes, start, ByteScan.TokenEnd(bytes, start), AsciiBytes.IsTokenByte);
                    AssertStop(bytes, start, ByteScan.TextEnd(bytes, start), AsciiBytes.IsTextByte);
                    AssertStop(bytes, start, ByteScan.TargetEnd(bytes, start), ByteScan.IsTargetByte);
                }
            }
        }
    }

    private static void AssertStop(byte[] bytes, int start, int found, Func<byte, bool> isAllowed)
    {
        int expected = start;
        while (expected < bytes.Length && isAllowed(bytes[expected]))
            expected++;

        if (found != expected)
            Assert.Fail($"stopped at {found} instead of {expected} in {Show(bytes)} from {start}");
    }

    private static void AssertClass(string members, Func<byte, bool> isMember)
    {
        for (int value = 0; value < 256; value++)
            Assert.True(members.Contains((char)value) == isMember((byte)value), $"byte {value:x2}");
    }
}
