using System;
using System.Text;
using NativeProxy.Http;
using NativeProxy.Http1;
using Xunit;

namespace NativeProxy.Tests.Http1;

/// <summary>In each refused message the byte is found at which it broke: '¦' stands before it.</summary>
public sealed class FaultPlaceTests
{
    private static readonly HeadLimits Limits = new(400, 10, 100);

    [Theory]
    [InlineData("G¦(T / HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET /a¦\u0001b HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET ¦a HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nX¦ : 1\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nX: 1¦\nY: 2\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nX: 1¦\rY: 2\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\n¦ folded\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\n¦Host: b\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: ¦a b\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: ¦x\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1¦, 1\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n¦Content-Length: 1\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: ¦chunked\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: ¦1\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: ¦gzip\r\n\r\n")]
    public void PlaceInARequest(string marked)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(marked.Replace("¦", "", StringComparison.Ordinal));
        var head = new RequestHead(10);
        ParseOutcome outcome = RequestHeadParser.Parse(bytes, Limits, head);
        RejectReason reason = outcome.Status == ParseStatus.Done ? MessageFraming.OfRequest(bytes, head).Reason : outcome.Reason;
        Assert.NotEqual(RejectReason.None, reason);
        Assert.Equal(marked.IndexOf('¦', StringComparison.Ordinal), FaultPlace.OfRequest(bytes, Limits, head, reason));
    }

    [Theory]
    [InlineData("HTTP/1.1 ¦x00 OK\r\n\r\n")]
    [InlineData("¦SSH-2.0-OpenSSH\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nA¦\0: 1\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: ¦-1\r\n\r\n")]
    public void PlaceInAResponse(string marked)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(marked.Replace("¦", "", StringComparison.Ordinal));
        var head = new ResponseHead(10);
        ParseOutcome outcome = ResponseHeadParser.Parse(bytes, Limits, head);
        RejectReason reason = outcome.Status == ParseStatus.Done
            ? MessageFraming.OfResponse(bytes, head, HttpMethod.Get, upgradeForwarded: false).Reason : outcome.Reason;
        Assert.NotEqual(RejectReason.None, reason);
        Assert.Equal(marked.IndexOf('¦', StringComparison.Ordinal), FaultPlace.OfResponse(bytes, Limits, head, reason));
    }

    /// <summary>Whatever is refused, the place is within it, and the reason a name of a rule alone does not decide it.</summary>
    [Fact]
    public void Place_IsAlwaysWithinTheMessage()
    {
        var random = new Random(15);
        var head = new RequestHead(10);
        for (int i = 0; i < 3000; i++)
        {
            byte[] bytes = Encoding.Latin1.GetBytes("POST /a?b HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx");
            for (int change = random.Next(1, 4); change > 0; change--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            foreach (RejectReason reason in Enum.GetValues<RejectReason>())
                Assert.InRange(FaultPlace.OfRequest(bytes, Limits, head, reason), 0, bytes.Length - 1);
        }
    }
}
