using System;
using NativeProxy.Http;
using NativeProxy.Http1;
using Xunit;
using static NativeProxy.Tests.Http1.Wire;

namespace NativeProxy.Tests.Http1;

public class RequestHeadEncoderTests
{
    [Theory]
    [InlineData("GET /")]
    [InlineData("OPTIONS *")]
    [InlineData("M-SEARCH /a?b=c")]
    public void RequestLine_IsWordsAndVersion_OrOverflowsWhereItDoesNotFit(string words)
    {
        string line = $"{words} HTTP/1.1\r\n";
        for (int roomBytes = 0; roomBytes < line.Length + 2; roomBytes++)
        {
            var writer = new HeadWriter(new byte[roomBytes]);
            RequestHeadEncoder.WriteLine(ref writer, Bytes(words));

            Assert.Equal(roomBytes < line.Length, writer.Overflowed);
            if (!writer.Overflowed)
                Assert.Equal(line, Text(writer.Written));
        }
    }

    [Fact]
    public void FieldsThatWereKept_GetAnotherLineAndAnotherEndTheNextTime()
    {
        Assert.Equal("POST /one HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
            Around("Host: a\r\n", "/one", BodyFraming.Chunked, closes: true));
        Assert.Equal("POST /another HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n",
            Around("Host: a\r\n", "/another", BodyFraming.Length(3), closes: false));
    }

    [Theory]
    [InlineData("", false, "")]
    [InlineData("", true, "Connection: close\r\n")]
    [InlineData("websocket", false, "Connection: Upgrade\r\nUpgrade: websocket\r\n")]
    [InlineData("websocket", true, "Connection: Upgrade\r\nUpgrade: websocket\r\n")]
    public void ConnectionField_SaysUpgradeOrClose(string upgrade, bool closes, string expected) =>
        Assert.Equal(expected + "\r\n", End(BodyFraming.None, upgrade, closes));

    [Fact]
    public void Framing_StandsInFrontOfConnection()
    {
        Assert.Equal("Content-Length: 0\r\nConnection: close\r\n\r\n", End(BodyFraming.Length(0), "", closes: true));
        Assert.Equal("Transfer-Encoding: chunked\r\nConnection: Upgrade\r\nUpgrade: w\r\n\r\n", End(BodyFraming.Chunked, "w", closes: false));
    }

    private static string Around(string lines, string target, BodyFraming framing, bool closes)
    {
        var writer = new HeadWriter(new byte[200]);
        RequestHeadEncoder.WriteLine(ref writer, Bytes($"POST {target}"));
        writer.AppendLines(Bytes(lines));
        RequestHeadEncoder.WriteEnd(ref writer, framing, upgrade: default, closes);
        return Text(writer.Written);
    }

    private static string End(BodyFraming framing, string upgrade, bool closes)
    {
        var writer = new HeadWriter(new byte[200]);
        RequestHeadEncoder.WriteEnd(ref writer, framing, Bytes(upgrade), closes);
        return Text(writer.Written);
    }
}
