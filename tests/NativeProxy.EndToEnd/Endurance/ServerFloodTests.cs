using System;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Endurance;

/// <summary>
/// Servers that send something without end: the client gets a 502, or a body that is visibly cut, the server is reset, the memory does not
/// grow, and others are served.
/// </summary>
public sealed class ServerFloodTests
{
    private const int ClientsPerKind = 4;
    private const string Head = "HTTP/1.1 200 OK\r\n";
    private const string ChunkedHead = Head + "Transfer-Encoding: chunked\r\n\r\n";

    /// <summary>What is sent without end, behind which opening.</summary>
    private static readonly (string What, string Opening, string Piece, bool IsCut)[] Kinds =
    [
        ("interim responses", "", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", false),
        ("100 Continue", "", "HTTP/1.1 100 Continue\r\n\r\n", false),
        ("an interim head", "HTTP/1.1 103 Early Hints\r\nLink: ", "x", false),
        ("a reason phrase", "HTTP/1.1 200 O", "K", false),
        ("a header value", Head + "X: ", "y", false),
        ("a header name", Head, "X", false),
        ("header fields", Head, "X: y\r\n", false),
        ("cookies", Head, "Set-Cookie: a=b\r\n", false),
        ("empty lines", "", "\r\n", false),
        ("NUL bytes", "", "\0", false),
        ("extensions on every chunk", ChunkedHead, "1;a=bcdefghijklmnopqrstuvwxyz\r\nx\r\n", true),
        ("an extension", ChunkedHead + "1\r\nx\r\n1;a=", "b", true),
        ("zeros of a chunk size", ChunkedHead + "1\r\nx\r\n", "0", true),
        ("trailer fields", ChunkedHead + "1\r\nx\r\n0\r\n", "X: y\r\n", true),
        ("a trailer value", ChunkedHead + "1\r\nx\r\n0\r\nX: ", "y", true),
        ("dropped trailer fields", ChunkedHead + "1\r\nx\r\n0\r\n", "Content-Length: 1\r\n", true),
    ];

    [Fact]
    public async Task ResponsesWithoutEnd_AreCutAtTheirBounds()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ScriptedOrigin echo = Load.Echo();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Load.Config(origin.Address, echo));
        ProcessBaseline baseline = await ProcessBaseline.Of(proxy);
        int clients = Kinds.Length * ClientsPerKind;
        await using (await Bystander.Beside(proxy))
        {
            Task servers = Load.AtOnce(clients, async _ =>
            {
                OriginConnection server = await origin.Accept();
                int kind = int.Parse((await server.ReadRequest()).Split(' ', 3)[1].AsSpan(1), System.Globalization.CultureInfo.InvariantCulture);
                Assert.True(await Load.Flood(server, Kinds[kind].Opening, Kinds[kind].Piece, Load.PausedBytesMax),
                    $"{Kinds[kind].What}: the server was not cut");
                server.Close();
            });
            await Load.AtOnce(clients, i => Receive(proxy, baseline, i % Kinds.Length));
            await servers;
        }
        await baseline.ExpectReturn();
        Assert.Equal(clients, await proxy.Metric("nativeproxy_bad_responses_total"));
    }

    private static async Task Receive(ProxyUnderTest proxy, ProcessBaseline baseline, int kind)
    {
        (string what, _, _, bool isCut) = Kinds[kind];
        await using RawClient client = await proxy.Connect();
        await client.SendGet($"/{kind}", "Connection: close\r\n");
        (string text, _) = await client.ReadToEnd();
        baseline.ExpectBoundedMemory();
        if (isCut)
        {
            Assert.True(text.StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal), $"{what}: {text}");
            Assert.DoesNotContain("\r\n0\r\n", text, StringComparison.Ordinal);
            return;
        }
        string[] heads = text.Split("HTTP/1.1 ", StringSplitOptions.RemoveEmptyEntries);
        Assert.True(heads[^1].StartsWith("502 ", StringComparison.Ordinal), $"{what}: {heads[^1]}");
        Assert.InRange(heads.Length - 1, 0, 64);
        Assert.All(heads.SkipLast(1), head => Assert.StartsWith("10", head, StringComparison.Ordinal));
    }
}
