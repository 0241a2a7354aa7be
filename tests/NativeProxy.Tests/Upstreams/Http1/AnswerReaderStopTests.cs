using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using NativeProxy.Buffers;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Metrics;
using NativeProxy.Tests.Http1;
using NativeProxy.Tests.Metrics;
using NativeProxy.Upstreams.Connections;
using NativeProxy.Upstreams.Http1;
using Xunit;

namespace NativeProxy.Tests.Upstreams.Http1;

/// <summary>A user that stops the reader from inside an event, wherever the answer is cut.</summary>
public sealed class AnswerReaderStopTests
{
    private const string Ok = "HTTP/1.1 200 OK\r\n";
    private const string Early = "HTTP/1.1 103 Early\r\nLink: x\r\n\r\n";

    private readonly BufferPools _pools = new(1 << 20);
    private readonly WireScratch _scratch = new(1, 1, 64 * 1024);
    private readonly UpstreamConnection _connection =
        new(new UpstreamServer(null!, LastingCounters.Create(), "a", new IPEndPoint(IPAddress.Loopback, 1)), null!);

    [Theory]
    [InlineData("interim", "interim 103")]
    [InlineData("response", "interim 103", "response 200 (unknown)")]
    [InlineData("body", "interim 103", "response 200 (unknown)", "body \"abc\"")]
    public void UserThatStopsInsideAnEvent_HearsNothingMore(string within, params string[] expected)
    {
        string[] pieces = [Early + Ok + "Transfer-Encoding: chunked\r\n\r\n", "3\r\nabc\r\n", "2\r\nde\r\n0\r\n\r\n"];
        foreach (int glued in (int[])[0, 1, 2])
        {
            var user = new RecordingStreamUser();
            var reader = new AnswerReader(user, _pools, _scratch);
            bool isStopped = false;
            user.Then = text =>
            {
                if (!text.StartsWith(within, StringComparison.Ordinal))
                    return;
                isStopped = true;
                reader.Stop();
            };
            reader.Begin(HttpMethod.Get, upgrade: null);
            foreach (string piece in Glued(pieces, within == "interim" || within == "response" ? glued : 0))
            {
                if (!isStopped)
                    Assert.Equal(ProxyError.None, reader.Feed(Wire.Bytes(piece), _connection, mayOutlive: true));
            }
            Assert.Equal(expected.Length, user.Told.Count);
            Assert.Equal(expected[..^1], user.Told.GetRange(0, expected.Length - 1));
            Assert.StartsWith(expected[^1], user.Last, StringComparison.Ordinal);
            Assert.Equal(0, _pools.LentCount);
        }
    }

    [Fact]
    public void UserThatStopsWithinAHeadThatCameInPieces_HearsNothingMore_AndNothingIsLeft()
    {
        string response = Early + Ok + "Content-Length: 3\r\n\r\nabc";
        for (int cut = 1; cut < response.Length; cut++)
        {
            var user = new RecordingStreamUser();
            var reader = new AnswerReader(user, _pools, _scratch);
            user.Then = text =>
            {
                if (text.StartsWith("response", StringComparison.Ordinal))
                    reader.Stop();
            };
            reader.Begin(HttpMethod.Get, upgrade: null);
            reader.Feed(Wire.Bytes(response[..cut]), _connection, mayOutlive: true);
            if (user.Told.Count < 2)
                reader.Feed(Wire.Bytes(response[cut..]), _connection, mayOutlive: true);
            Assert.Equal(2, user.Told.Count);
            Assert.Equal(0, _pools.LentCount);
        }
    }

    private static IEnumerable<string> Glued(string[] pieces, int count) => [string.Concat(pieces[..(count + 1)]), .. pieces[(count + 1)..]];
}
