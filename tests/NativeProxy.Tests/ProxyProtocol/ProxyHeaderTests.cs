using System;
using System.Net;
using NativeProxy.ProxyProtocol;
using Xunit;
using static NativeProxy.Tests.Http1.Wire;
using static NativeProxy.Tests.ProxyProtocol.Headers;

namespace NativeProxy.Tests.ProxyProtocol;

public class ProxyHeaderTests
{
    [Theory]
    [InlineData("TCP4 192.0.2.33 198.51.100.1 40000 80", "192.0.2.33:40000")]
    [InlineData("TCP4 0.0.0.0 255.255.255.255 0 65535", "0.0.0.0:0")]
    [InlineData("TCP6 2001:db8::33 2001:db8::1 40000 80", "[2001:db8::33]:40000")]
    [InlineData("TCP6 :: ::1 1 2", "[::]:1")]
    [InlineData("TCP6 1:2:3:4:5:6:7:8 1:: 1 2", "[1:2:3:4:5:6:7:8]:1")]
    [InlineData("TCP6 1::7:8 1:2:3:4:5:6:7:: 1 2", "[1::7:8]:1")]
    [InlineData("TCP6 ::ffff:192.0.2.33 ::1 1 2", "192.0.2.33:1")]
    [InlineData("TCP6 FE80::aBcD 64:ff9b::192.0.2.1 1 2", "[fe80::abcd]:1")]
    public void TextHeader_AnnouncesItsSource(string fields, string source)
    {
        string header = $"PROXY {fields}\r\n";

        Assert.Equal($"Done({header.Length}, {source})", Verdict(Bytes(header + "GET / HTTP/1.1\r\n")));
    }

    [Theory]
    [InlineData("UNKNOWN")]
    [InlineData("UNKNOWN 1 2 3")]
    [InlineData("UNKNOWN \0\x80")]
    public void UnknownTextHeader_LeavesThePeer(string fields) =>
        Assert.Equal($"Done({fields.Length + 8}, none)", Verdict(Bytes($"PROXY {fields}\r\n")));

    [Theory]
    [InlineData("TCP4 192.0.2.33 198.51.100.1 40000")]
    [InlineData("TCP4 192.0.2.33 198.51.100.1 40000 80 ")]
    [InlineData("TCP4 192.0.2.33 198.51.100.1 40000 80 1")]
    [InlineData("TCP4  192.0.2.33 198.51.100.1 40000 80")]
    [InlineData("TCP4 192.0.2.33\t198.51.100.1 40000 80")]
    [InlineData("TCP4 192.0.2.033 198.51.100.1 40000 80")]
    [InlineData("TCP4 192.0.2.256 198.51.100.1 40000 80")]
    [InlineData("TCP4 192.0.2 198.51.100.1 40000 80")]
    [InlineData("TCP4 192.0.2.1.1 198.51.100.1 40000 80")]
    [InlineData("TCP4 0x7f.0.0.1 198.51.100.1 40000 80")]
    [InlineData("TCP4 2130706433 198.51.100.1 40000 80")]
    [InlineData("TCP4 192.0.2.33 ::1 40000 80")]
    [InlineData("TCP4 192.0.2.33 198.51.100.1 65536 80")]
    [InlineData("TCP4 192.0.2.33 198.51.100.1 040 80")]
    [InlineData("TCP4 192.0.2.33 198.51.100.1 -1 80")]
    [InlineData("TCP4 192.0.2.33 198.51.100.1 1 99999")]
    [InlineData("TCP6 192.0.2.33 198.51.100.1 1 2")]
    [InlineData("TCP6 ::: ::1 1 2")]
    [InlineData("TCP6 1:2:3:4:5:6:7:8:9 ::1 1 2")]
    [InlineData("TCP6 1:2:3:4:5:6:7:8:: ::1 1 2")]
    [InlineData("TCP6 1:2:3:4:5:6:7 ::1 1 2")]
    [InlineData("TCP6 1::2::3 ::1 1 2")]
    [InlineData("TCP6 12345:: ::1 1 2")]
    [InlineData("TCP6 1:: ::g 1 2")]
    [InlineData("TCP6 fe80::1%1 ::1 1 2")]
    [InlineData("TCP6 [::1] ::1 1 2")]
    [InlineData("TCP6 :1:2:3:4:5:6:7:8 ::1 1 2")]
    [InlineData("TCP6 1:2:3:4:5:6:7: ::1 1 2")]
    [InlineData("TCP6 1:2:3:4:5:6:7:1.2.3.4 ::1 1 2")]
    [InlineData("UDP4 192.0.2.33 198.51.100.1 40000 80")]
    [InlineData("tcp4 192.0.2.33 198.51.100.1 40000 80")]
    [InlineData("UNKNOWNS")]
    [InlineData("")]
    public void TextHeaderWithWrongFields_IsRejected(string fields) => Assert.Equal("Rejected(BadLine)", Verdict(Bytes($"PROXY {fields}\r\n")));

    [Theory]
    [InlineData("PROXY UNKNOWN\n")]
    [InlineData("PROXY UNKNOWN\rX")]
    [InlineData("PROXY TCP4 192.0.2.33 198.51.100.1 40000 80\n\r\n")]
    public void LineEndThatIsNotCrLf_IsRejected(string text) => Assert.Equal("Rejected(BadLine)", Verdict(Bytes(text)));

    [Theory]
    [InlineData(107, "Done(107, none)")]
    [InlineData(108, "Rejected(LineTooLong)")]
    public void TextHeaderOf107Bytes_IsTheLongest(int bytes, string verdict) =>
        Assert.Equal(verdict, Verdict(Bytes("PROXY UNKNOWN " + new string('x', bytes - 16) + "\r\n")));

    [Fact]
    public void EndlessLine_IsRejectedAtItsLimit()
    {
        Assert.Equal("NeedMore", Verdict(Bytes("PROXY UNKNOWN " + new string('x', 92))));
        Assert.Equal("Rejected(LineTooLong)", Verdict(Bytes("PROXY UNKNOWN " + new string('x', 93))));
    }

    [Theory]
    [InlineData("G")]
    [InlineData("GET / HTTP/1.1\r\n")]
    [InlineData("proxy TCP4 ")]
    [InlineData("PROXX")]
    [InlineData("PROXY\t")]
    [InlineData("\n")]
    [InlineData("\r\n\r\nG")]
    [InlineData("\r\n\r\n\0\r\nQUIT\r")]
    [InlineData("\x16\x03\x01")]
    [InlineData(" PROXY")]
    public void OtherBytes_AreRejectedAtOnce(string text) => Assert.Equal("Rejected(NoHeader)", Verdict(Bytes(text)));

    [Fact]
    public void BinaryHeader_AnnouncesItsSource()
    {
        Assert.Equal("Done(28, 192.0.2.33:40000)", Verdict([.. V2(0x21, 0x11, Addresses4), 1, 2, 3]));
        Assert.Equal("Done(52, [2001:db8::33]:40000)", Verdict(V2(0x21, 0x21, Addresses6)));
    }

    [Theory]
    [InlineData(0x20, 0x00, 0)]
    [InlineData(0x20, 0x11, 12)]
    [InlineData(0x20, 0x11, 3)]
    [InlineData(0x20, 0xFF, 5)]
    [InlineData(0x21, 0x00, 0)]
    [InlineData(0x21, 0x00, 7)]
    [InlineData(0x21, 0x01, 0)]
    [InlineData(0x21, 0x10, 12)]
    [InlineData(0x21, 0x12, 12)]
    [InlineData(0x21, 0x22, 36)]
    [InlineData(0x21, 0x31, 216)]
    [InlineData(0x21, 0x32, 220)]
    public void BinaryHeaderWithoutATcpSource_LeavesThePeer(int command, int family, int payloadBytes) =>
        Assert.Equal($"Done({16 + payloadBytes}, none)", Verdict(V2(command, family, new byte[payloadBytes])));

    [Theory]
    [InlineData(0x11, 0x11, 12, "BadCommand")]
    [InlineData(0x31, 0x11, 12, "BadCommand")]
    [InlineData(0x22, 0x11, 12, "BadCommand")]
    [InlineData(0x21, 0x41, 12, "BadFamily")]
    [InlineData(0x21, 0x13, 12, "BadFamily")]
    [InlineData(0x21, 0x11, 11, "AddressesCut")]
    [InlineData(0x21, 0x21, 35, "AddressesCut")]
    [InlineData(0x21, 0x31, 215, "AddressesCut")]
    [InlineData(0x21, 0x12, 11, "AddressesCut")]
    [InlineData(0x20, 0x00, 4081, "TooLong")]
    [InlineData(0x21, 0x11, 65535, "TooLong")]
    public void BrokenBinaryHeader_IsRejectedByItsFirstSixteenBytes(int command, int family, int payloadBytes, string fault)
    {
        byte[] header = V2(command, family, new byte[payloadBytes]);

        Assert.Equal($"Rejected({fault})", Verdict(header));
        Assert.Equal($"Rejected({fault})", Verdict(header.AsSpan(0, 16)));
        Assert.Equal("NeedMore", Verdict(header.AsSpan(0, 15)));
    }

    [Fact]
    public void HeaderOf4096Bytes_IsTheLongest() => Assert.Equal("Done(4096, none)", Verdict(V2(0x20, 0x00, new byte[4080])));

    [Fact]
    public void Extensions_AreSkippedWhenTheyFillTheHeader()
    {
        byte[] sound = [.. Extension(1, (byte)'h', (byte)'2'), .. Extension(4), .. Extension(0xEE, new byte[300])];

        Assert.Equal($"Done({28 + sound.Length}, 192.0.2.33:40000)", Verdict(V2(0x21, 0x11, [.. Addresses4, .. sound])));
        Assert.Equal($"Done({52 + sound.Length}, [2001:db8::33]:40000)", Verdict(V2(0x21, 0x21, [.. Addresses6, .. sound])));
        for (int cut = 1; cut < 303; cut++)
            Assert.Equal("Rejected(BadExtension)", Verdict(V2(0x21, 0x11, [.. Addresses4, .. sound[..^cut]])));
    }

    [Fact]
    public void Checksum_IsChecked()
    {
        byte[] right = WithChecksum(isRight: true);

        Assert.Equal($"Done({right.Length}, 192.0.2.33:40000)", Verdict(right));
        Assert.Equal("Rejected(BadChecksum)", Verdict(WithChecksum(isRight: false)));
        right[16]++;
        Assert.Equal("Rejected(BadChecksum)", Verdict(right));
        Assert.Equal("Rejected(BadChecksum)", Verdict(V2(0x21, 0x11, [.. Addresses4, .. Extension(3, 1, 2, 3)])));
    }

    [Fact]
    public void Crc32C_HasTheCheckValueOfItsDefinition()
    {
        // "123456789" gives E3069283 (the catalogue's check value of CRC-32/ISCSI); the builder of this test's headers uses the same function.
        uint crc = uint.MaxValue;
        foreach (byte one in "123456789"u8)
            crc = System.Numerics.BitOperations.Crc32C(crc, one);

        Assert.Equal(0xE3069283, ~crc);
    }

    [Fact]
    public void MappedSource_IsAnIPv4Address()
    {
        ProxyHeader header = ProxyHeaderParser.Parse(Bytes("PROXY TCP6 ::ffff:192.0.2.33 ::1 7 2\r\n"));

        Assert.Equal(new IPEndPoint(IPAddress.Parse("192.0.2.33"), 7), header.Source.ToEndPoint());
    }
}
