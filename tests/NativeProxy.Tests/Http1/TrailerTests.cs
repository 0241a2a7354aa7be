using NativeProxy.Http;
using NativeProxy.Http1;
using Xunit;
using static NativeProxy.Tests.Http1.Wire;

namespace NativeProxy.Tests.Http1;

public class TrailerTests
{
    [Fact]
    [Trait("promise", "S1.18")]
    public void TrailerFields_AreReadUpToTheBlankLine_AndNotBeyond()
    {
        string trailer = "X-Trail: 1\r\nContent-Length: 3\r\n\r\n";
        HeaderTable table = new(capacity: 4);
        ParseOutcome outcome = TrailerParser.Parse(Bytes(trailer + "GET /next HTTP/1.1\r\n"), 1000, table);
        Assert.Equal(trailer.Length, outcome.ConsumedBytes);
        Assert.Equal(2, table.Count);
        Assert.True(TrailerParser.MayForward(table[0].Known));
        Assert.False(TrailerParser.MayForward(table[1].Known));
    }

    [Fact]
    public void EmptyTrailer_IsTheBlankLineAlone()
    {
        HeaderTable table = new(capacity: 4);
        table.TryAdd(default, default, KnownHeader.Host);
        Assert.Equal(2, TrailerParser.Parse("\r\nrest"u8, 1000, table).ConsumedBytes);
        Assert.Equal(0, table.Count);
    }

    [Theory]
    [InlineData("", "NeedMore")]
    [InlineData("\r", "NeedMore")]
    [InlineData("X: y\r\n", "NeedMore")]
    [InlineData("\n", "BadTrailer")]
    [InlineData("X: y\n", "BadTrailer")]
    [InlineData(" X: y", "BadTrailer")]
    [InlineData("X : y", "BadTrailer")]
    [InlineData("GET / HTTP/1.1\r\n", "BadTrailer")]
    [InlineData("A: 1\r\nB: 2\r\nC: 3\r\n\r\n", "TrailerTooLarge")]
    [InlineData("A: 1234567890123456789012345678901234567890", "TrailerTooLarge")]
    public void UnfinishedOrHostileTrailer_IsTold(string text, string verdict) =>
        Assert.Equal(verdict, Verdict(TrailerParser.Parse(Bytes(text), 40, new HeaderTable(capacity: 2))));

    [Theory]
    [InlineData("Transfer-Encoding")]
    [InlineData("content-length")]
    [InlineData("Host")]
    [InlineData("Connection")]
    [InlineData("Trailer")]
    [InlineData("Authorization")]
    [InlineData("Set-Cookie")]
    [InlineData("Cache-Control")]
    [InlineData("Content-Encoding")]
    [InlineData("If-Match")]
    [InlineData("X-Forwarded-For")]
    public void FieldThatWouldMislead_IsNotForwarded(string name) => Assert.False(TrailerParser.MayForward(KnownHeaders.Find(Bytes(name))));

    [Theory]
    [InlineData("grpc-status")]
    [InlineData("Server-Timing")]
    [InlineData("ETag")]
    public void OtherField_IsForwarded(string name) => Assert.True(TrailerParser.MayForward(KnownHeaders.Find(Bytes(name))));
}
