using System;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Endurance;

/// <summary>
/// Clients that send something without end, all kinds at once: each is refused at its bound and cut, no server sees a complete request,
/// the memory does not grow with what they send, and others are served.
/// </summary>
public sealed class RequestFloodTests
{
    private const int ClientsPerKind = 4;
    private const string Head = "GET / HTTP/1.1\r\nHost: h\r\n";
    private const string ChunkedHead = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";

    /// <summary>What is sent without end, behind which opening, and the statuses that answer it.</summary>
    private static readonly (string What, string Opening, string Piece, string Status)[] Heads =
    [
        ("header fields", Head, "X: y\r\n", "431"),
        ("header fields without value", Head, "X:\r\n", "431"),
        ("long header fields", Head, "Name-Of-A-Field: a value that is fifty bytes long, more or less...\r\n", "431"),
        ("Host fields", Head, "Host: h\r\n", "431"),
        ("cookies", Head, "Cookie: a=b\r\n", "431"),
        ("a header value", Head + "X: ", "y", "431"),
        ("a header value of blanks", Head + "X: ", " ", "431"),
        ("a header name", Head, "X", "431"),
        ("a request line", "GET /", "x", "414"),
        ("a method", "G", "G", "4"),
        ("blanks behind the target", "GET / ", " ", "400"),
        ("empty lines", "", "\r\n", "400"),
        ("carriage returns", "", "\r", "400"),
        ("NUL bytes", "", "\0", "400"),
    ];

    private static readonly (string What, string Opening, string Piece, string Status)[] Bodies =
    [
        ("extensions on every chunk", ChunkedHead, "1;a=bcdefghijklmnopqrstuvwxyz\r\nx\r\n", "400"),
        ("an extension", ChunkedHead + "1;a=", "b", "400"),
        ("extensions of one chunk", ChunkedHead + "1", ";a=b", "400"),
        ("blanks before an extension", ChunkedHead + "1", " ", "400"),
        ("zeros of a chunk size", ChunkedHead, "0", "400"),
        ("a trailer value", ChunkedHead + "0\r\nX: ", "y", "431"),
        ("a trailer name", ChunkedHead + "0\r\n", "X", "431"),
        ("trailer fields", ChunkedHead + "0\r\n", "X: y\r\n", "431"),
        ("dropped trailer fields", ChunkedHead + "0\r\n", "Content-Length: 1\r\n", "431"),
    ];

    [Fact]
    public async Task HeadsWithoutEnd_AreRefusedAtTheirBounds_AndNoServerHearsOfThem()
    {
        await using var origin = new MuteOrigin(keepsText: true);
        await using ScriptedOrigin echo = Load.Echo();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Load.Config(origin.Address, echo));
        ProcessBaseline baseline = await ProcessBaseline.Of(proxy);
        await using (await Bystander.Beside(proxy))
            await Load.AtOnce(Heads.Length * ClientsPerKind, i => Flood(proxy, baseline, Heads[i % Heads.Length]));
        await baseline.ExpectReturn();
        Assert.Equal(0, origin.ConnectionCount);
        Assert.Equal(Heads.Length * ClientsPerKind, await proxy.MetricSum("nativeproxy_bad_requests_total"));
    }

    [Fact]
    public async Task BodiesWithoutEnd_AreRefusedAtTheirBounds_AndTheirServersAreReset()
    {
        await using var origin = new MuteOrigin(keepsText: true);
        await using ScriptedOrigin echo = Load.Echo();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Load.Config(origin.Address, echo));
        ProcessBaseline baseline = await ProcessBaseline.Of(proxy);
        await using (await Bystander.Beside(proxy))
            await Load.AtOnce(Bodies.Length * ClientsPerKind, i => Flood(proxy, baseline, Bodies[i % Bodies.Length]));
        await baseline.ExpectReturn();
        await origin.WaitUntilAllEnded();
        Assert.NotEmpty(origin.Seen);
        Assert.All(origin.Seen, seen => Assert.Equal(StreamEnd.Reset, seen.End));
        Assert.All(origin.Seen, seen => Assert.DoesNotContain("\r\n0\r\n", seen.Text, StringComparison.Ordinal));
    }

    private static async Task Flood(ProxyUnderTest proxy, ProcessBaseline baseline, (string What, string Opening, string Piece, string Status) kind)
    {
        await using RawClient client = await proxy.Connect();
        Task flooding = Load.Flood(client, kind.Opening, kind.Piece, Load.RefusedBytesMax);
        string text = (await client.ReadToEnd()).Text;
        Assert.True(text.StartsWith("HTTP/1.1 " + kind.Status, StringComparison.Ordinal), $"{kind.What}: {text}");
        Assert.True(text.Split("HTTP/1.1 ").Length == 2, $"{kind.What}: more than one answer: {text}");
        await flooding;
        baseline.ExpectBoundedMemory();
    }
}
