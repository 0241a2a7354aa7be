using System;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Endurance;

/// <summary>
/// Bodies in chunks of one byte, in both directions: they arrive whole, in no more bytes than they came in, and nothing piles up on the
/// way. Together and one by one.
/// </summary>
public sealed class TinyChunkTests
{
    private const int Connections = 4;

    /// <summary>What a chunk of one byte takes on the wire.</summary>
    private const int WireBytesPerByte = 6;
    private const int HeadBytesMax = 1024;

    private static readonly int BodyBytes = 100_000 * Load.Scale;
    private static readonly string Body = string.Concat(Enumerable.Range(0, BodyBytes).Select(i => (char)('a' + (i * 7 % 26))));
    private static readonly string Chunks = InChunks(Body) + "0\r\n\r\n";

    [Fact]
    public async Task ARequestInChunksOfOneByte_ArrivesWhole_InNoMoreBytes()
    {
        await using Scene scene = await Scene.Start();
        await scene.ForEach(async (client, origin) =>
        {
            Task sending = client.Send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + Chunks);
            OriginConnection server = await origin.Accept();
            await server.ReadHead();
            Assert.Equal(Body, ContentOf(await server.ReadThrough("\r\n0\r\n\r\n")));
            await server.Send(OriginConnection.Ok);
            await sending;
            Assert.Equal(200, (await client.ReadResponse()).Status);
        });
        await scene.ExpectNoMoreBytes("server", "client");
    }

    [Fact]
    public async Task AResponseInChunksOfOneByte_ArrivesWhole_InNoMoreBytes()
    {
        await using Scene scene = await Scene.Start();
        await scene.ForEach(async (client, origin) =>
        {
            await client.SendGet();
            OriginConnection server = await origin.Accept();
            await server.ReadRequest();
            Task sending = server.Send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + Chunks);
            await client.ReadHead();
            Assert.Equal(Body, ContentOf(await client.ReadThrough("\r\n0\r\n\r\n")));
            await sending;
        });
        await scene.ExpectNoMoreBytes("client", "server");
    }

    [Fact]
    public async Task ChunksOfOneByteThatComeOneByOne_ArriveWhole_OnBothSides()
    {
        const string content = "each of these comes in a segment of its own, and so do its frames";
        await using Scene scene = await Scene.Start();
        await scene.ForEach(async (client, origin) =>
        {
            Task sending = client.SendByteByByte("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + InChunks(content)
                + "0\r\n\r\n");
            OriginConnection server = await origin.Accept();
            await server.ReadHead();
            Assert.Equal(content, ContentOf(await server.ReadThrough("\r\n0\r\n\r\n")));
            await sending;
            Task answering = server.SendByteByByte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + InChunks(content) + "0\r\n\r\n");
            Assert.Equal(content, (await client.ReadResponse()).Body);
            await answering;
        });
    }

    private static string InChunks(string content) => string.Concat(content.Select(one => $"1\r\n{one}\r\n"));

    /// <summary>The content of chunks; fails when they are not well-formed.</summary>
    private static string ContentOf(string chunks)
    {
        var content = new StringBuilder();
        for (int at = 0; ;)
        {
            int lineEnd = chunks.IndexOf("\r\n", at, StringComparison.Ordinal);
            int count = Convert.ToInt32(chunks[at..lineEnd], 16);
            if (count == 0)
                return content.ToString();
            content.Append(chunks, lineEnd + 2, count);
            at = lineEnd + 2 + count + 2;
            Assert.Equal("\r\n", chunks[(at - 2)..at]);
        }
    }

    private sealed class Scene(ScriptedOrigin origin, ScriptedOrigin echo, ProxyUnderTest proxy, ProcessBaseline baseline) : IAsyncDisposable
    {
        public static async Task<Scene> Start()
        {
            ScriptedOrigin origin = ScriptedOrigin.Driven();
            ScriptedOrigin echo = Load.Echo();

            // Each request comes on a connection of its own, which the origin can accept.
            ProxyUnderTest proxy = await ProxyUnderTest.Start(Load.Config(origin.Address, echo, upstream: ["keepalive.enabled = false"]));
            return new Scene(origin, echo, proxy, await ProcessBaseline.Of(proxy));
        }

        /// <summary>Runs on several connections at once, and awaits that nothing is left.</summary>
        public async Task ForEach(Func<RawClient, ScriptedOrigin, Task> one)
        {
            await using (await Bystander.Beside(proxy))
            {
                await Load.AtOnce(Connections, async _ =>
                {
                    await using RawClient client = await proxy.Connect();
                    await one(client, origin);
                    baseline.ExpectBoundedMemory();
                });
            }
            await baseline.ExpectReturn();
        }

        /// <summary>What went out to one side is no more than what came in from the other, heads apart, and not below the content.</summary>
        public async Task ExpectNoMoreBytes(string receiver, string sender)
        {
            long sent = await proxy.Metric($"nativeproxy_bytes_total{{peer=\"{receiver}\",direction=\"out\"}}");
            long came = await proxy.Metric($"nativeproxy_bytes_total{{peer=\"{sender}\",direction=\"in\"}}");
            Assert.InRange(came, (long)Connections * BodyBytes * WireBytesPerByte, long.MaxValue);
            Assert.InRange(sent, (long)Connections * BodyBytes,
                came + (Connections * HeadBytesMax) + (await proxy.Metric("nativeproxy_requests_total") * HeadBytesMax));
        }

        public async ValueTask DisposeAsync()
        {
            await proxy.DisposeAsync();
            await origin.DisposeAsync();
            await echo.DisposeAsync();
        }
    }
}
