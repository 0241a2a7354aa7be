using System.Linq;
using NativeProxy.Http;
using NativeProxy.Http1;
using Xunit;
using static NativeProxy.Tests.Http1.Wire;

namespace NativeProxy.Tests.Http1;

public class FieldBlockTests
{
    [Theory]
    [InlineData("X-A: b", "X-A", "b")]
    [InlineData("X-A:b", "X-A", "b")]
    [InlineData("X-A: \t b c\t d \t", "X-A", "b c\t d")]
    [InlineData("X-A:", "X-A", "")]
    [InlineData("X-A: \t ", "X-A", "")]
    [InlineData("X-A: caf\u00e9 \u00ff", "X-A", "caf\u00e9 \u00ff")]
    [InlineData("X!#$%&'*+-.^`|~9_: v", "X!#$%&'*+-.^`|~9_", "v")]
    [InlineData("X:Transfer-Encoding: chunked", "X", "Transfer-Encoding: chunked")]
    public void FieldLine_GivesNameAndTrimmedValue(string line, string name, string value)
    {
        string text = Get(line);
        Assert.Equal("Done", Verdict(Request(text, out RequestHead head)));
        Assert.Equal(name, Text(head.Fields[1].Name.Of(Bytes(text))));
        Assert.Equal(value, Text(head.Fields[1].Value.Of(Bytes(text))));
    }

    [Theory]
    [InlineData("X-A : b", "SpaceBeforeColon")]
    [InlineData("X-A\t: b", "SpaceBeforeColon")]
    [InlineData("X A: b", "SpaceBeforeColon")]
    [InlineData(": b", "BadFieldName")]
    [InlineData("X-A", "BadFieldName")]
    [InlineData("X(A): b", "BadFieldName")]
    [InlineData("X@A: b", "BadFieldName")]
    [InlineData("X-Invalid[]: b", "BadFieldName")]
    [InlineData("\"X-A\": b", "BadFieldName")]
    [InlineData("X\u0080A: b", "BadFieldName")]
    [InlineData("X\0A: b", "BadFieldName")]
    [InlineData("X\u0001A: b", "BadFieldName")]
    [InlineData("X-A\r: b", "BareCarriageReturn")]
    [InlineData("X-A\n: b", "BareLineFeed")]
    [InlineData("X-A: a\0b", "BadFieldValue")]
    [InlineData("X-A: a\u007fb", "BadFieldValue")]
    [InlineData("X-A: a\u000bb", "BadFieldValue")]
    [InlineData("X-A: a\rb", "BareCarriageReturn")]
    [InlineData("X-A: a\r\r\nX-B: b", "BareCarriageReturn")]
    [InlineData("X-A: a\nX-B: b", "BareLineFeed")]
    [InlineData("X-A: a\r\n b", "ObsFold")]
    [InlineData("X-A: a\r\n\tb", "ObsFold")]
    [InlineData("X-A: a\r\n \r\nX-B: b", "ObsFold")]
    public void HostileFieldLine_IsRejected_InRequestAndResponseAlike(string line, string reason)
    {
        Assert.Equal(reason, Verdict(Request(Get(line), out _)));
        Assert.Equal(reason, Verdict(Response("HTTP/1.1 200 OK\r\n" + Lines(line), out _)));
    }

    [Theory]
    [InlineData("X-A : b")]
    [InlineData("X\0")]
    [InlineData("X-A: \u0007")]
    [InlineData("X-A: a\r\n ")]
    [InlineData("X-A: a\n")]
    [InlineData("X-A: a\rb")]
    public void HostileByte_IsRejectedBeforeTheHeadIsComplete(string line) =>
        Assert.Equal(ParseStatus.Rejected, Request("GET / HTTP/1.1\r\nHost: a\r\n" + line, out _).Status);

    [Fact]
    public void BlankBeforeTheFirstFieldLine_IsRejected() =>
        Assert.Equal("ObsFold", Verdict(Request("GET / HTTP/1.1\r\n Host: evil\r\nHost: a\r\n\r\n", out _)));

    [Theory]
    [InlineData("\r\n\rX", "BareCarriageReturn")]
    [InlineData("\r\n\n", "BareLineFeed")]
    public void WrongBlankLine_IsRejected(string end, string reason) =>
        Assert.Equal(reason, Verdict(Request("GET / HTTP/1.1\r\nHost: a" + end, out _)));

    [Theory]
    [InlineData(3, "Done")]
    [InlineData(2, "TooManyFields")]
    public void ThreeFields_AreCountedAgainstTheLimit(int countMax, string verdict) =>
        Assert.Equal(verdict, Verdict(Request(Get("A: b", "C: d"), Limits with { FieldCountMax = countMax }, out _)));

    [Fact]
    public void CapacityOfTheTable_IsALimitAsWell()
    {
        RequestHead head = new(fieldCountMax: 2);
        Assert.Equal("TooManyFields", Verdict(RequestHeadParser.Parse(Bytes(Get("A: b", "C: d")), Limits, head)));
        Assert.Equal("Done", Verdict(RequestHeadParser.Parse(Bytes(Get("A: b")), Limits, head)));
    }

    [Fact]
    public void HeadOfExactlyTheLimit_IsDone_AndOneByteLessIsTooLarge()
    {
        string text = Get("X-A: " + new string('b', 300));
        HeadLimits exact = Limits with { HeadBytesMax = text.Length };
        HeadLimits less = Limits with { HeadBytesMax = text.Length - 1 };
        Assert.Equal("Done", Verdict(Request(text, exact, out _)));
        Assert.Equal("Done", Verdict(Request(text + "more", exact, out _)));
        Assert.Equal("HeadTooLarge", Verdict(Request(text, less, out _)));
        Assert.Equal("HeadTooLarge", Verdict(Request(text[..^1], less, out _)));
        Assert.Equal("NeedMore", Verdict(Request(text[..^2], less, out _)));
    }

    [Fact]
    public void ResponseHeadOfExactlyTheLimit_IsDone_AndOneByteLessIsTooLarge()
    {
        string text = "HTTP/1.1 200 OK\r\nX-A: b\r\n\r\n";
        Assert.Equal("Done", Verdict(Response(text, Limits with { HeadBytesMax = text.Length }, out _)));
        Assert.Equal("HeadTooLarge", Verdict(Response(text, Limits with { HeadBytesMax = text.Length - 1 }, out _)));
        Assert.Equal("HeadTooLarge", Verdict(Response(text, Limits with { HeadBytesMax = 10 }, out _)));
    }

    [Fact]
    public void NinetyFields_KeepTheirOrder()
    {
        string[] lines = Enumerable.Range(0, 90).Select(i => $"X-H{i}: v{i}").ToArray();
        string text = Get(lines);
        Assert.Equal("Done", Verdict(Request(text, out RequestHead head)));
        for (int i = 0; i < 90; i++)
            Assert.Equal($"v{i}", Text(head.Fields[i + 1].Value.Of(Bytes(text))));
    }

    /// <summary>S0.8 at the level of the parser: a reused head keeps nothing of the message before.</summary>
    [Fact]
    [Trait("promise", "S0.8")]
    public void ReusedHead_KeepsNothingOfTheMessageBefore()
    {
        RequestHead head = new(fieldCountMax: 10);
        string first = "GET http://a/x HTTP/1.1\r\nHost: a\r\nConnection: close, x\r\nX: 1\r\n\r\n";
        RequestHeadParser.Parse(Bytes(first), Limits, head);
        ConnectionHeader.Apply(Bytes(first), head.Fields);

        RequestHeadParser.Parse(Bytes("GET / HTTP/1.0\r\nA: b\r\nC: d\r\nX: 1\r\n\r\n"), Limits, head);

        Assert.True(head.Authority.IsEmpty);
        Assert.True(head.Host.IsEmpty);
        Assert.Equal(0, head.MinorVersion);
        Assert.Equal(3, head.Fields.Count);
        Assert.False(head.Fields.Contains(KnownHeader.Connection));
        Assert.False(head.Fields[2].IsHopByHop);
    }
}
