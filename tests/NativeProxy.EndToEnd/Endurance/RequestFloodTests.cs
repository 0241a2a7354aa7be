using System;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Endurance;

/// <summary>
/// Clients that send something without end: each is refused at its bound and cut, no server sees a complete request, the memory does not
/// grow with what they send, and others are served.
/// </summary>
public sealed class RequestFloodTests
{
    private const int Clients = 8;
    private const string Head = "GET / HTTP/1.1\r\nHost: h\r\n";
    private const string ChunkedHead = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";

    [Theory]
    [InlineData("header fields", Head, "X: y\r\n", 431)]
    [InlineData("header fields without value", Head, "X:\r\n", 431)]
    [InlineData("long header fields", Head, "Name-Of-A-Field: a value that is fifty bytes long, more or less...\r\n", 431)]
    [InlineData("Host fields", Head, "Host: h\r\n", 431)]
    [InlineData("cookies", Head, "Cookie: a=b\r\n", 431)]
    [InlineData("a header value", Head + "X: ", "y", 431)]
    [InlineData("a header value of blanks", Head + "X: ", " ", 431)]
    [InlineData("a header name", Head, "X", 431)]
    [InlineData("a request line", "GET /", "x", 414)]
    [InlineData("a method", "G", "G", 0)]
    [InlineData("blanks behind the target", "GET / ", " ", 400)]
    [InlineData("empty lines", "", "\r\n", 400)]
    [InlineData("carriage returns", "", "\r", 400)]
    [InlineData("NUL bytes", "", "\0", 400)]
    public async Task AHeadWithoutEnd_IsRefusedAtItsBound(string what, string opening, string piece, int status)
    {
        await using ScriptedOrigin echo = Load.Echo();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Load.Config(echo.Address, echo));
        ProcessBaseline baseline = await ProcessBaseline.Of(proxy);
        await using (await Bystander.Beside(proxy))
        {
            await Load.AtOnce(Clients, async _ =>
            {
                await using RawClient client = await proxy.Connect();
                Task flooding = Load.Flood(client, opening, piece);
                string text = (await client.ReadToEnd()).Text;
                Assert.StartsWith(status == 0 ? "HTTP/1.1 4" : $"HTTP/1.1 {status} ", text, StringComparison.Ordinal);
                Assert.True(text.Split("HTTP/1.1 ").Length == 2, $"{what}: more than one answer: {text}");
                await flooding;
                baseline.ExpectBoundedMemory();
            });
        }
        Assert.All(echo.Requests, request => Assert.StartsWith("GET /bystander/", request.Request, StringComparison.Ordinal));
        await baseline.ExpectReturn();
        Assert.Equal(Clients, await proxy.MetricSum("nativeproxy_bad_requests_total"));
    }

    [Theory]
    [InlineData("extensions on every chunk", ChunkedHead, "1;a=bcdefghijklmnopqrstuvwxyz\r\nx\r\n", 400)]
    [InlineData("an extension", ChunkedHead + "1;a=", "b", 400)]
    [InlineData("extensions of one chunk", ChunkedHead + "1", ";a=b", 400)]
    [InlineData("blanks before an extension", ChunkedHead + "1", " ", 400)]
    [InlineData("zeros of a chunk size", ChunkedHead, "0", 400)]
    [InlineData("a trailer value", ChunkedHead + "0\r\nX: ", "y", 431)]
    [InlineData("a trailer name", ChunkedHead + "0\r\n", "X", 431)]
    [InlineData("trailer fields", ChunkedHead + "0\r\n", "X: y\r\n", 431)]
    [InlineData("dropped trailer fields", ChunkedHead + "0\r\n", "Content-Length: 1\r\n", 431)]
    public async Task ABodyWithoutEnd_IsRefusedAtItsBound_AndItsServerIsReset(string what, string opening, string piece, int status)
    {
        await using var origin = new MuteOrigin(keepsText: true);
        await using ScriptedOrigin echo = Load.Echo();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Load.Config(origin.Address, echo));
        ProcessBaseline baseline = await ProcessBaseline.Of(proxy);
        await using (await Bystander.Beside(proxy))
        {
            await Load.AtOnce(Clients, async _ =>
            {
                await using RawClient client = await proxy.Connect();
                Task flooding = Load.Flood(client, opening, piece);
                string text = (await client.ReadToEnd()).Text;
                Assert.StartsWith($"HTTP/1.1 {status} ", text, StringComparison.Ordinal);
                Assert.True(text.Split("HTTP/1.1 ").Length == 2, $"{what}: more than one answer: {text}");
                await flooding;
                baseline.ExpectBoundedMemory();
            });
        }
        await baseline.ExpectReturn();
        await origin.WaitUntilAllEnded();
        Assert.All(origin.Seen, seen => Assert.Equal(StreamEnd.Reset, seen.End));
        Assert.All(origin.Seen, seen => Assert.DoesNotContain("\r\n0\r\n", seen.Text, StringComparison.Ordinal));
    }
}
