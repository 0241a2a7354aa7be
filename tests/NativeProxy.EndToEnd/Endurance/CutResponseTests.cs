using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Endurance;

/// <summary>
/// A server that closes or resets at each byte position of a response, for each framing on either side. The client gets a 502, sees a cut,
/// or has everything; a cut body is never passed off as whole. A request is sent again only on a used connection that gave no byte.
/// </summary>
public sealed class CutResponseTests
{
    private const string Content = "hello, world; 0\r\n\r\n and on";

    private static readonly Dictionary<string, string> Responses = new()
    {
        ["length"] = $"HTTP/1.1 200 OK\r\nContent-Length: {Content.Length}\r\n\r\n{Content}",
        ["chunked"] = $"HTTP/1.1 200 OK\r\nTransfer-Encoding: "
            + $"chunked\r\n\r\n7\r\n{Content[..7]}\r\n{Content.Length - 7:x}\r\n{Content[7..]}\r\n0\r\nX-Trailer: 1\r\nX-More: 2\r\n\r\n",
        ["close"] = $"HTTP/1.1 200 OK\r\nX-A: b\r\n\r\n{Content}",
        ["empty"] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        ["interim"] = $"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: {Content.Length}\r\n\r\n{Content}",
    };

    /// <summary>Request lines of clients that keep the connection, end it, and do not know chunks.</summary>
    private static readonly string[] Requests = ["GET / HTTP/1.1\r\nHost: h\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ServerThatEndsAtEachPosition_TheClientIsNeverDeceived(bool withReset)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ScriptedOrigin echo = Load.Echo();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Load.Config(origin.Address, echo));
        ProcessBaseline baseline = await ProcessBaseline.Of(proxy);
        int cases = 0;
        foreach (string request in Requests)
        {
            foreach ((string framing, string response) in Responses)
            {
                for (int position = 0; position <= response.Length; position++, cases++)
                {
                    await using RawClient client = await proxy.Connect();
                    await client.Send(request);
                    OriginConnection server = await origin.Accept();
                    await server.ReadRequest();
                    await server.Send(response[..position]);
                    End(server, withReset);
                    ExpectTruth(framing, position, withReset, await Read(client), request);
                }
            }
        }
        await baseline.ExpectReturn();
        Assert.Equal(cases, origin.ConnectionCount);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task OnAUsedConnection_AGetIsSentAgainOnlyWhenNoByteCame(bool withReset)
    {
        await using UsedConnections scene = await UsedConnections.Start();
        foreach ((string framing, string response) in Responses)
        {
            for (int position = 0; position <= response.Length; position++)
            {
                await using RawClient client = await scene.Proxy.Connect();
                OriginConnection server = await scene.Warm(client);
                int connections = scene.Origin.ConnectionCount;
                await client.SendGet($"/{position}");
                await server.ReadRequest();
                await server.Send(response[..position]);
                End(server, withReset);
                if (position > 0)
                {
                    ExpectTruth(framing, position, withReset, await Read(client), "GET on a used connection");
                    Assert.Equal(connections, scene.Origin.ConnectionCount);
                    await scene.ExpectNoServerConnection();
                    continue;
                }
                OriginConnection fresh = await scene.Origin.Accept();
                Assert.StartsWith("GET /0 ", await fresh.Answer(Responses["length"]), StringComparison.Ordinal);
                Assert.Equal(new SeenResponse(Verdict.Complete, Content), await Read(client));
                fresh.Close();
                await scene.ExpectNoServerConnection();
            }
        }
        await scene.ExpectNothingLeft(retries: Responses.Count);
    }

    [Fact]
    public async Task OnAUsedConnection_APostIsNeverSentAgain()
    {
        await using UsedConnections scene = await UsedConnections.Start();
        for (int position = 0; position <= Responses["length"].Length; position++)
        {
            await using RawClient client = await scene.Proxy.Connect();
            OriginConnection server = await scene.Warm(client);
            int connections = scene.Origin.ConnectionCount;
            await client.Send(RawClient.Post("/", "abc"));
            await server.ReadRequest();
            await server.Send(Responses["length"][..position]);
            server.Close();
            ExpectTruth("length", position, withReset: false, await Read(client), "POST on a used connection");
            Assert.Equal(connections, scene.Origin.ConnectionCount);
        }
        await scene.ExpectNothingLeft(retries: 0);
    }

    private static void End(OriginConnection server, bool withReset)
    {
        if (withReset)
            server.Reset();
        else
            server.Close();
    }

    /// <summary>Reads until the response is complete or the stream ends.</summary>
    private static async Task<SeenResponse> Read(RawClient client)
    {
        (string text, StreamEnd? end) = await client.ReadUntil(soFar => SeenResponse.Of(soFar, end: null).Verdict != Verdict.Cut);
        return SeenResponse.Of(text, end);
    }

    /// <summary>
    /// The table of verdicts. A reset may overtake bytes that were sent before it, so that less has come; it never makes a body whole that
    /// only a proper end would have made so.
    /// </summary>
    private static void ExpectTruth(string framing, int position, bool withReset, SeenResponse seen, string request)
    {
        string response = Responses[framing];
        int headEnd = framing switch
        {
            "chunked" => response.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4,
            "empty" => response.Length,
            _ => response.Length - Content.Length,
        };
        Verdict expected = position < headEnd ? Verdict.Refused
            : framing == "close" ? withReset ? Verdict.Cut : Verdict.Complete
            : position < response.Length ? Verdict.Cut : Verdict.Complete;
        Verdict[] lawful = withReset ? expected == Verdict.Refused ? [expected] : [Verdict.Refused, Verdict.Cut, expected] : [expected];
        Assert.True(lawful.Contains(seen.Verdict),
            $"{request.Split('\r')[0]}, {framing}, position {position}: {seen.Verdict} instead of {expected}; body: {seen.Body}");
        if (seen.Verdict == Verdict.Refused)
            return;
        Assert.StartsWith(seen.Body, Content, StringComparison.Ordinal);
        if (framing != "chunked" && !withReset)
            Assert.Equal(position - headEnd, seen.Body.Length);
        if (framing != "close" && seen.Verdict == Verdict.Complete)
            Assert.Equal(framing == "empty" ? "" : Content, seen.Body);
    }

    /// <summary>A proxy that keeps its server connections long enough to use each a second time.</summary>
    private sealed class UsedConnections(ScriptedOrigin origin, ScriptedOrigin echo, ProxyUnderTest proxy,
        ProcessBaseline baseline) : IAsyncDisposable
    {
        public ScriptedOrigin Origin => origin;

        public ProxyUnderTest Proxy => proxy;

        public static async Task<UsedConnections> Start()
        {
            ScriptedOrigin origin = ScriptedOrigin.Driven();
            ScriptedOrigin echo = Load.Echo();

            // A server that closes behind a response would teach the proxy not to keep its connections.
            ProxyUnderTest proxy = await ProxyUnderTest.Start(Load.Config(origin.Address, echo, upstream: ["keepalive.learn_idle_timeout = false"],
                idleTimeout: "5s"));
            return new UsedConnections(origin, echo, proxy, await ProcessBaseline.Of(proxy));
        }

        /// <summary>One exchange; its server connection is then the one in the pool.</summary>
        public async Task<OriginConnection> Warm(RawClient client)
        {
            await client.SendGet("/warm");
            OriginConnection server = await origin.Accept();
            await server.Answer();
            await client.ReadResponse();
            return server;
        }

        /// <summary>
        /// The proxy has seen the end of the last one. An end that is still on its way while the next request looks for a connection would be one
        /// more retry, and a right one: after a whole response the connection was in the pool.
        /// </summary>
        public Task ExpectNoServerConnection() => proxy.WaitForMetric("nativeproxy_server_connections_open", 0);

        public async Task ExpectNothingLeft(int retries)
        {
            await baseline.ExpectReturn();
            Assert.Equal(retries, await proxy.MetricSum("nativeproxy_retries_total"));
        }

        public async ValueTask DisposeAsync()
        {
            await proxy.DisposeAsync();
            await origin.DisposeAsync();
            await echo.DisposeAsync();
        }
    }
}
