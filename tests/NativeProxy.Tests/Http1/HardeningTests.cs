using System;
using NativeProxy.Http;
using NativeProxy.Http1;
using Xunit;
using Xunit.Abstractions;
using static NativeProxy.Tests.Http1.Wire;

namespace NativeProxy.Tests.Http1;

/// <summary>What all parsers must keep at once: every prefix, no read outside the span, no allocation.</summary>
public class HardeningTests(ITestOutputHelper output)
{
    private static readonly string[] SoundRequests =
    [
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "\r\n\r\nPOST http://user.example:80/a/long/path/0123456789?q=1 HTTP/1.1\r\nHost: example.test\r\nX_Y!: z\r\n" +
            "Cookie: a=b; c=d\r\nEmpty:\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) caf\u00e9\tx  \r\nContent-Length: 5\r\n\r\n",
        "CONNECT [::1]:443 HTTP/1.0\r\n\r\n",
        "OPTIONS * HTTP/1.2\r\nConnection: close, x-hop\r\nHost:\r\nX-Hop: 1\r\n\r\n",
    ];

    private static readonly string[] SoundResponses =
    [
        "HTTP/1.1 200 OK\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.0 404 \r\n\r\n",
        "HTTP/1.1 599\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d; Path=/\r\n\r\n",
    ];

    [Fact]
    public void EveryPrefixOfASoundHead_NeedsMore()
    {
        foreach (string text in SoundRequests)
            AssertPrefixes(text, prefix => Request(prefix, out _));

        foreach (string text in SoundResponses)
            AssertPrefixes(text, prefix => Response(prefix, out _));
    }

    [Theory]
    [InlineData("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost : a\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\nb\r\n\r\n")]
    [InlineData("GET foo HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET / HTTP/9.1\r\nHost: a\r\n\r\n")]
    public void OnceAPrefixIsRejected_EveryLongerOneIs(string text)
    {
        bool isRejected = false;
        for (int length = 0; length <= text.Length; length++)
        {
            ParseStatus status = Request(text[..length], out _).Status;
            Assert.NotEqual(ParseStatus.Done, status);
            Assert.True(!isRejected || status == ParseStatus.Rejected, $"{length} bytes");
            isRejected = status == ParseStatus.Rejected;
        }

        Assert.True(isRejected);
    }

    [Fact]
    public void NoParser_ReadsOutsideItsSpan()
    {
        if (!GuardedPage.IsSupported)
        {
            output.WriteLine("skipped: no guard pages on this system");
            return;
        }

        using GuardedPage page = new();
        RequestHead request = new(fieldCountMax: 20);
        ResponseHead response = new(fieldCountMax: 20);
        string[] others = ["5;a=\"b\"\r\nhello\r\n0\r\n\r\n", "a=b; c=d; S=xyz", "[2001:db8::192.0.2.1]:8080", "::1", "%"];
        foreach (string text in (string[])[.. SoundRequests, .. SoundResponses, .. others])
        {
            byte[] bytes = Bytes(text);
            for (int length = 0; length <= bytes.Length; length++)
            {
                TryAll(page.AtEnd(bytes.AsSpan(0, length)), request, response);
                TryAll(page.AtStart(bytes.AsSpan(0, length)), request, response);
                TryAll(page.AtEnd(bytes.AsSpan(length)), request, response);
                TryAll(page.AtStart(bytes.AsSpan(length)), request, response);
            }
        }
    }

    [Fact]
    public void NoParser_Allocates()
    {
        RequestHead request = new(fieldCountMax: 20);
        ResponseHead response = new(fieldCountMax: 20);
        byte[][] inputs = Array.ConvertAll<string, byte[]>([.. SoundRequests, .. SoundResponses, "5;a\r\nhello\r\n0\r\n\r\n"], Bytes);
        for (int round = 0; round < 2; round++)
        {
            // The first round runs static constructors.
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 200; i++)
            {
                foreach (byte[] input in inputs)
                    TryAll(input, request, response);
            }

            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(round == 0 || allocated == 0, $"{allocated} bytes allocated");
        }
    }

    /// <summary>Gives the bytes to everything that reads bytes, whether they make sense for it or not.</summary>
    private static void TryAll(ReadOnlySpan<byte> bytes, RequestHead request, ResponseHead response)
    {
        if (RequestHeadParser.Parse(bytes, Limits, request).Status == ParseStatus.Done)
        {
            MessageFraming.OfRequest(bytes, request);
            ConnectionHeader.Apply(bytes, request.Fields);
        }

        if (ResponseHeadParser.Parse(bytes, Limits, response).Status == ParseStatus.Done)
        {
            MessageFraming.OfResponse(bytes, response, HttpMethod.Get, upgradeForwarded: false);
            ConnectionHeader.Apply(bytes, response.Fields);
        }

        TrailerParser.Parse(bytes, 10_000, request.Fields);
        CookieField.Contains(bytes, "S"u8);
        SetCookieField.TryFind(bytes, "S"u8, out _);
        HostRules.IsHostValue(bytes, new ByteRange(0, bytes.Length));
        Ipv6Rules.IsAddress(bytes);
        TokenList list = new(bytes);
        while (list.MoveNext())
        {
        }
        ChunkedDecoder decoder = default;
        int position = 0;
        while (decoder.Read(bytes, ref position, out _) == ChunkStep.Data)
        {
        }

        HeadWriter writer = new(stackalloc byte[64]);
        writer.AppendField("Content-Length"u8, bytes);
        writer.AppendDecimal(bytes.Length);
    }

    private static void AssertPrefixes(string text, Func<string, ParseOutcome> parse)
    {
        for (int length = 0; length < text.Length; length++)
            Assert.Equal($"{length}: NeedMore", $"{length}: {Verdict(parse(text[..length]))}");

        Assert.Equal(text.Length, parse(text).ConsumedBytes);
        Assert.Equal(text.Length, parse(text + "GET / HTTP/1.1\r\n").ConsumedBytes);
    }
}
