using System;
using NativeProxy.Http;
using NativeProxy.Http1;
using Xunit;
using static NativeProxy.Tests.Http1.Wire;

namespace NativeProxy.Tests.Http1;

public class RequestHeadEncoderTests
{
    [Theory]
    [InlineData("GET", "/")]
    [InlineData("OPTIONS", "*")]
    [InlineData("M-SEARCH", "/a?b=c")]
    public void RequestLine_EndsWhereTheRoomEnds_AndTouchesNothingBeforeIt(string method, string target)
    {
        string line = $"{method} {target} HTTP/1.1\r\n";
        Assert.Equal(line.Length, RequestHeadEncoder.LineBytes(Bytes(method), Bytes(target)));
        for (int spare = 0; spare < 20; spare++)
        {
            byte[] room = Bytes(new string('#', spare + line.Length));

            Assert.Equal(spare, RequestHeadEncoder.WriteLine(room, Bytes(method), Bytes(target)));

            Assert.Equal(new string('#', spare) + line, Text(room));
        }
    }

    [Fact]
    public void TargetThatLiesInTheRoom_IsMovedToItsPlace()
    {
        const string Target = "/a/long/path?with=a&query";
        int lineBytes = RequestHeadEncoder.LineBytes("GET"u8, Bytes(Target));
        for (int start = 0; start <= lineBytes - Target.Length; start++)
        {
            byte[] room = new byte[lineBytes];
            Span<byte> target = room.AsSpan(start, Target.Length);
            Bytes(Target).CopyTo(target);

            RequestHeadEncoder.WriteLine(room, "GET"u8, target);

            Assert.Equal($"GET {Target} HTTP/1.1\r\n", Text(room));
        }
    }

    [Fact]
    public void FieldsThatWereKept_GetAnotherLineAndAnotherEndTheNextTime()
    {
        const int FieldsStart = 40;
        byte[] output = new byte[200];
        var fields = new HeadWriter(output.AsSpan(FieldsStart));
        fields.AppendField("Host"u8, "a"u8);
        int fieldsEnd = FieldsStart + fields.WrittenBytes;

        Assert.Equal("POST /one HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
            Around(output, FieldsStart, fieldsEnd, "/one", BodyFraming.Chunked, closes: true));
        Assert.Equal("POST /another HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n",
            Around(output, FieldsStart, fieldsEnd, "/another", BodyFraming.Length(3), closes: false));
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

    private static string Around(byte[] output, int fieldsStart, int fieldsEnd, string target, BodyFraming framing, bool closes)
    {
        int start = RequestHeadEncoder.WriteLine(output.AsSpan(0, fieldsStart), "POST"u8, Bytes(target));
        var writer = new HeadWriter(output.AsSpan(fieldsEnd));
        RequestHeadEncoder.WriteEnd(ref writer, framing, upgrade: default, closes);
        return Text(output.AsSpan(start, fieldsEnd + writer.WrittenBytes - start));
    }

    private static string End(BodyFraming framing, string upgrade, bool closes)
    {
        var writer = new HeadWriter(new byte[200]);
        RequestHeadEncoder.WriteEnd(ref writer, framing, Bytes(upgrade), closes);
        return Text(writer.Written);
    }
}
