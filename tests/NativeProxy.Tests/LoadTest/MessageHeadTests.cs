using System.Text;
using NativeProxy.LoadTest.Http;
using NativeProxy.LoadTest.Origin;
using Xunit;

namespace NativeProxy.Tests.LoadTest;

/// <summary>Heads and paths as origin and generator understand them.</summary>
public sealed class MessageHeadTests
{
    private const string Head = "HTTP/1.1 200 OK\r\nx-load-id: 1f\r\nContent-LENGTH: 12\r\nConnection: keep-alive, Close\r\nX-Load-Body: 7\r\n\r\n";

    [Fact]
    public void HeadWithAnyCaseOfNames_IsRead()
    {
        Assert.Equal(HeadOutcome.Done, MessageHead.Read(Encoding.ASCII.GetBytes(Head + "body"), out MessageHead head));
        Assert.Equal(Head.Length, head.Bytes);
        Assert.Equal((true, 0x1ful, 12, 7), (head.HasId, head.Id, head.ContentLength, head.BodyBytesSeen));
        Assert.True(head.IsClosing);
        Assert.False(head.IsChunked);
    }

    [Fact]
    public void EachPrefixOfAHead_NeedsMore()
    {
        for (int bytes = 0; bytes < Head.Length; bytes++)
            Assert.Equal(HeadOutcome.NeedMore, MessageHead.Read(Encoding.ASCII.GetBytes(Head[..bytes]), out _));
    }

    [Theory]
    [InlineData("Content-Length: -1")]
    [InlineData("Content-Length: 1x")]
    [InlineData("Transfer-Encoding: gzip")]
    [InlineData("X-Load-Id: zz")]
    [InlineData("no colon")]
    public void FieldThatIsNotUnderstood_IsRefused(string line) =>
        Assert.Equal(HeadOutcome.Refused, MessageHead.Read(Encoding.ASCII.GetBytes($"GET / HTTP/1.1\r\n{line}\r\n\r\n"), out _));

    [Theory]
    [InlineData("HTTP/1.1 200 OK", 200)]
    [InlineData("HTTP/1.0 404", 404)]
    [InlineData("HTTP/2 200 OK", -1)]
    [InlineData("HTTP/1.1 2x0", -1)]
    [InlineData("GET / HTTP/1.1", -1)]
    public void StatusLine_HasAStatusOrIsNone(string line, int status) => Assert.Equal(status, MessageHead.StatusOf(Encoding.ASCII.GetBytes(line)));

    [Theory]
    [InlineData("/s/1048576", 1048576, 0, 0, 200)]
    [InlineData("/d/5/s/64", 64, 5, 0, 200)]
    [InlineData("/s/9/k/4/e/503?query", 9, 0, 4, 503)]
    [InlineData("", 0, 0, 0, 200)]
    public void Path_SaysSizeDelayChunksAndStatus(string path, long sizeBytes, int delayMs, int chunkBytes, int status)
    {
        Assert.True(OriginPath.TryRead(Encoding.ASCII.GetBytes(path), out OriginPath asked));
        Assert.Equal((sizeBytes, delayMs, chunkBytes, status), (asked.SizeBytes, asked.DelayMs, asked.ChunkBytes, asked.Status));
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/s/")]
    [InlineData("/s/-1")]
    [InlineData("/x/1")]
    [InlineData("/s/5/")]
    [InlineData("/e/99")]
    [InlineData("/d/600001")]
    public void PathOfAnotherShape_IsRefused(string path) => Assert.False(OriginPath.TryRead(Encoding.ASCII.GetBytes(path), out _));

    [Fact]
    public unsafe void ContentOfOneId_IsNotThatOfAnotherOrOfAnotherPlace()
    {
        byte[] content = new byte[3_000_000];
        for (int at = 0; at < content.Length; at += BodyPattern.PieceBytesMax)
        {
            int count = System.Math.Min(BodyPattern.PieceBytesMax, content.Length - at);
            new System.ReadOnlySpan<byte>(BodyPattern.At(42, at), count).CopyTo(System.MemoryExtensions.AsSpan(content, at));
        }
        Assert.True(BodyPattern.Matches(42, 0, content));
        Assert.True(BodyPattern.Matches(42, 1000, System.MemoryExtensions.AsSpan(content, 1000)));
        Assert.False(BodyPattern.Matches(43, 0, content));
        Assert.False(BodyPattern.Matches(42, 1, content));
        content[2_999_999]++;
        Assert.False(BodyPattern.Matches(42, 0, content));
    }
}
