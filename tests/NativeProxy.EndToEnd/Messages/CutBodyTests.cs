using System;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Messages;

/// <summary>A body that the server cuts short is never passed off as complete, whatever its framing on either side.</summary>
public sealed class CutBodyTests
{
    private const string Chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n";

    [Theory]
    [InlineData(Chunked, false)]
    [InlineData(Chunked, true)]
    [InlineData(Chunked + "5\r\nde", false)]
    [InlineData(Chunked + "0\r\n", false)]
    [InlineData(Chunked + "0\r\nX-Trail: 1\r\n", false)]
    public async Task ChunkedBodyCutShort_TheLastChunkIsNeverSent(string response, bool withReset)
    {
        (string text, _) = await Cut(response, withReset, RawClient.Get());
        Assert.StartsWith("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("\r\n0\r\n", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task LengthCutShort_FewerBytesArriveThanAnnounced(bool withReset)
    {
        (string text, _) = await Cut("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", withReset, RawClient.Get());
        Assert.Equal("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", text);
    }

    [Fact]
    public async Task CloseDelimitedBodyEndedByReset_IsNotEndedByALastChunk()
    {
        (string text, _) = await Cut("HTTP/1.1 200 OK\r\n\r\nabc", withReset: true, RawClient.Get());
        Assert.DoesNotContain("0\r\n\r\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CloseDelimitedBodyEndedByReset_ToAn10Client_IsReset()
    {
        (_, StreamEnd end) = await Cut("HTTP/1.1 200 OK\r\n\r\nabc", withReset: true, "GET / HTTP/1.0\r\n\r\n");
        Assert.Equal(StreamEnd.Reset, end);
    }

    [Theory]
    [InlineData(Chunked, false)]
    [InlineData(Chunked, true)]
    public async Task ChunkedBodyCutShort_ToAn10Client_IsReset_BecauseFinWouldMeanComplete(string response, bool withReset)
    {
        (_, StreamEnd end) = await Cut(response, withReset, "GET / HTTP/1.0\r\n\r\n");
        Assert.Equal(StreamEnd.Reset, end);
    }

    [Theory]
    [InlineData("Content-Length: 10\r\n\r\nabc")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")]
    public async Task ServerThatFallsSilentInABody_IsCutAfterTheResponseTimeout(string rest)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Upstream("timeouts.response = \"2s\""));
        await using RawClient client = await proxy.Connect();
        var time = new PassingTime();
        await client.SendGet();
        OriginConnection server = await origin.Accept();
        await server.Answer("HTTP/1.1 200 OK\r\n" + rest);
        (string text, _) = await client.ReadToEnd();
        time.AssertAtLeast(2000);
        Assert.DoesNotContain("\r\n0\r\n", text, StringComparison.Ordinal);
        Assert.EndsWith("abc", text.TrimEnd(), StringComparison.Ordinal);
        await server.ExpectReset();
        Assert.Contains(" sD-- ", await proxy.Output.WaitFor("GET / "), StringComparison.Ordinal);
    }

    /// <summary>What the client sees when the server sends this and then ends its stream.</summary>
    private static async Task<(string Text, StreamEnd End)> Cut(string response, bool withReset, string request)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        await using RawClient client = await proxy.Connect();
        await client.Send(request);
        OriginConnection server = await origin.Accept();
        await server.Answer(response);
        await client.ReadThrough("abc");
        if (withReset)
            server.Reset();
        else
            server.Close();
        (_, StreamEnd end) = await client.ReadToEnd();
        return (client.Received, end);
    }
}
