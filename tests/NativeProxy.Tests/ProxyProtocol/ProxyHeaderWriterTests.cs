using System;
using System.Net;
using NativeProxy.Foundation;
using NativeProxy.ProxyProtocol;
using NativeProxy.Tests.Http1;
using Xunit;

namespace NativeProxy.Tests.ProxyProtocol;

/// <summary>PROXY headers that are sent: byte for byte as the protocol has them, and read again by our own parser.</summary>
public sealed class ProxyHeaderWriterTests
{
    private const string Signature = "\r\n\r\n\0\r\nQUIT\n";

    [Theory]
    [InlineData("192.0.2.33:40000", "198.51.100.1:80", "PROXY TCP4 192.0.2.33 198.51.100.1 40000 80\r\n")]
    [InlineData("[2001:db8::33]:1", "[2001:db8::1]:65535", "PROXY TCP6 2001:db8::33 2001:db8::1 1 65535\r\n")]
    [InlineData("[2001:db8::33]:1", "10.0.0.1:2", "PROXY TCP6 2001:db8::33 ::ffff:10.0.0.1 1 2\r\n")]
    [InlineData("", "10.0.0.1:2", "PROXY UNKNOWN\r\n")]
    public void Version1_IsALine(string source, string destination, string line) =>
        Assert.Equal(line, Written(ProxyHeaderWriter.WriteV1, source, destination));

    [Theory]
    [InlineData("192.0.2.33:40000", "198.51.100.1:80", "\x21\x11\0\x0c\xc0\0\x02\x21\xc6\x33\x64\x01\x9c\x40\0\x50")]
    [InlineData("10.0.0.1:2", "", "\x20\0\0\0")]
    [InlineData("", "10.0.0.1:2", "\x20\0\0\0")]
    public void Version2_IsBinary(string source, string destination, string rest) =>
        Assert.Equal(Signature + rest, Written(ProxyHeaderWriter.WriteV2, source, destination));

    [Theory]
    [InlineData(false, "PROXY UNKNOWN\r\n")]
    [InlineData(true, Signature + "\x20\0\0\0")]
    public void HeaderOfTheProxyItself_NamesNobody(bool isVersion2, string header) =>
        Assert.Equal(header, Wire.Text(ProxyHeaderWriter.OwnHeader(isVersion2)));

    [Fact]
    public void EveryHeader_IsReadAgain()
    {
        string[] addresses = ["192.0.2.33:40000", "255.255.255.255:65535", "[2001:db8:1111:2222:3333:4444:5555:6666]:65535", "[::1]:1"];
        foreach (string source in addresses)
        {
            foreach (string destination in addresses)
            {
                foreach (string header in (string[])
                    [Written(ProxyHeaderWriter.WriteV1, source, destination), Written(ProxyHeaderWriter.WriteV2, source, destination)])
                {
                    ProxyHeader read = ProxyHeaderParser.Parse(Wire.Bytes(header));
                    Assert.Equal((ProxyHeaderStatus.Done, header.Length), (read.Status, read.HeaderBytes));
                    Assert.Equal(source, read.Source.ToString());
                }
            }
        }
    }

    private delegate int Writer(in PeerAddress source, in PeerAddress destination, Span<byte> target);

    private static string Written(Writer write, string source, string destination)
    {
        byte[] target = new byte[ProxyHeaderWriter.BytesMax];
        return Wire.Text(target.AsSpan(0, write(Of(source), Of(destination), target)));
    }

    private static PeerAddress Of(string text) => text.Length == 0 ? default : PeerAddress.Of(IPEndPoint.Parse(text));
}
