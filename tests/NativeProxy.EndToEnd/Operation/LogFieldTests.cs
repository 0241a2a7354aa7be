using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>
/// What each field of each log says, against what was seen on the wire. Fields without a test here have one in <see cref="AccessLogTests"/>.
/// </summary>
[Trait("promise", "B4")]
public sealed class LogFieldTests
{
    private const string Fields = "User-Agent: agent/1\r\nReferer: http://there/\r\n";
    private const string Chunked = "POST /form?a=b HTTP/1.1\r\nHost: shop.example\r\n" + Fields
        + "Transfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nT: 1\r\n\r\n";
    private const string ChunkedAnswer = "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n7\r\ncontent\r\n0\r\n\r\n";

    [Fact]
    public async Task EveryFieldOfJson_SaysWhatTheWireSaw()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Log("format = \"json\"", "connections = \"off\""));
        await using RawClient client = await proxy.Connect(showsDate: true);
        await client.SendGet("/first");
        OriginConnection server = await origin.Accept();
        await server.Answer();
        await client.ReadResponse();
        await PassingTime.Of(150);

        DateTimeOffset before = DateTimeOffset.UtcNow;
        await client.Send(Chunked);
        await server.ReadThrough("T: 1\r\n\r\n");
        await PassingTime.Of(150);
        await server.Send(ChunkedAnswer);
        HttpResponse response = await client.ReadResponse();
        JsonElement line = await JsonLine(proxy, 2);

        // The clock of the loop stands still within a turn.
        Assert.InRange(line.GetProperty("time").GetDateTimeOffset(), before - Deadline.Limit, DateTimeOffset.UtcNow);
        Assert.Equal("content", response.Body);
        Expect(line, "client=127.0.0.1", $"client_port={client.LocalPort}", "listener=web", "upstream=app", "server=a", "queue_ms=0", "connect_ms=0",
            "status=201");
        Expect(line, $"bytes_sent={response.Head.Length + response.RawBody.Length}", "body_bytes_sent=7", $"bytes_received={Chunked.Length}");
        Expect(line, "method=POST", "target=/form?a=b", "version=HTTP/1.1", "host=shop.example", "user_agent=agent/1", "referer=http://there/",
            "state=----", "close_reason=");
        Expect(line, "client_request_number=2", "server_use_number=2", "server_connection=reused", "retries=0", "retry_cause=none");
        Expect(line, "actconn=1", "feconn=1", "beconn=0", "srvconn=0", "srv_queue=0", "backend_queue=0");
        Assert.InRange(Number(line, "response_ms"), 20, 60_000);
        Assert.Equal(Number(line, "total_ms"), Number(line, "request_ms") + Number(line, "response_ms"));
        Assert.InRange(Number(line, "client_connection_age_ms"), 60, 60_000);
        Assert.InRange(Number(line, "server_idle_ms"), 58, 60_000);
        JsonElement first = await JsonLine(proxy, 1);
        foreach (string id in (string[])["client_connection_id", "server_connection_id"])
            Assert.Equal((Number(first, id), true), (Number(line, id), Number(line, id) > 0));
        Expect(first, "client_request_number=1", "server_use_number=1", "server_connection=new", "server_idle_ms=0",
            $"bytes_received={RawClient.Get("/first").Length}");
    }

    [Fact]
    public async Task EveryFieldOfHaproxy_SaysWhatTheWireSaw()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        await using RawClient client = await proxy.Connect(showsDate: true);
        DateTime before = DateTime.UtcNow - Deadline.Limit;
        await client.Send(Chunked);
        OriginConnection server = await origin.Accept();
        await server.ReadThrough("T: 1\r\n\r\n");
        await PassingTime.Of(150);
        await server.Send(ChunkedAnswer);
        HttpResponse response = await client.ReadResponse();
        Match line = Regex.Match(
            (await proxy.Output.WaitForCount(1))[0],
            @"^127\.0\.0\.1:(?<port>\d+) \[(?<time>[^]]+)\] web app/a (?<tr>\d+)/(?<tw>\d+)/(?<tc>\d+)/(?<rt>\d+)/(?<ta>\d+) "
            + @"201 (?<bytes>\d+) - - ---- 1/1/0/0/0 0/0 "
            + @"""POST /form\?a=b HTTP/1\.1"" cc=(?<cc>\d+)/1/(?<age>\d+) sc=(?<sc>\d+)/1/0/new da=\S+ rt=none rs=-");
        Assert.True(line.Success, proxy.Output.Text);
        long Of(string group) => long.Parse(line.Groups[group].Value, CultureInfo.InvariantCulture);
        Assert.Equal((client.LocalPort, response.Head.Length + response.RawBody.Length), (Of("port"), Of("bytes")));
        Assert.Equal(Of("ta"), Of("tr") + Of("tw") + Of("tc") + Of("rt"));
        Assert.InRange(Of("rt"), 20, 60_000);
        Assert.InRange(Of("age"), Of("ta"), 60_000);
        DateTime time = DateTime.ParseExact(line.Groups["time"].Value, "dd/MMM/yyyy:HH:mm:ss.fff", CultureInfo.InvariantCulture);
        Assert.InRange(time, before, DateTime.UtcNow);
    }

    /// <summary>The last number before the texts is the content, as whoever reads this format expects: never the head, never the framing.</summary>
    [Theory]
    [InlineData("GET", "HTTP/1.1 200 OK\r\nContent-Length: 19\r\n\r\n0123456789012345678", "200 19")]
    [InlineData("GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n13\r\n0123456789012345678\r\n0\r\nT: 1\r\n\r\n", "200 19")]
    [InlineData("GET", "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "200 3")]
    [InlineData("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 19\r\n\r\n", "200 0")]
    [InlineData("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 19\r\nETag: \"x\"\r\n\r\n", "304 0")]
    [InlineData("GET", "HTTP/1.1 204 No Content\r\n\r\n", "204 0")]
    [InlineData("GET", "HTTP/1.1 200 OK\r\nContent-Length: 19\r\n\r\n01234", "200 5")]
    public async Task SizeInCombined_IsThatOfTheContent(string method, string answer, string logged)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Log("format = \"combined\""));
        await using RawClient client = await proxy.Connect(showsDate: true);
        await client.Send($"{method} /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        OriginConnection server = await origin.Accept();
        await server.Answer(answer);
        server.HalfClose();
        await client.ReadToEnd();
        Assert.Contains($"\"{method} /x HTTP/1.1\" {logged} \"-\" \"-\"", (await proxy.Output.WaitForCount(1))[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "GET /x HTTP/1.1", 502)]
    [InlineData("HEAD /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "HEAD /x HTTP/1.1", 502)]
    [InlineData("GET /x HTTP/1.1\r\n\r\n", "GET /x HTTP/1.1", 400)]
    public async Task AnswersOfTheProxyItself_HaveTheirOwnSizes(string request, string line, int status)
    {
        using var dead = new DeadServer();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(dead.Address).Log("format = \"combined\""));
        await using RawClient client = await proxy.Connect(showsDate: true);
        await client.Send(request);
        (string text, _) = await client.ReadToEnd();
        string body = text[(text.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];
        Assert.Contains($"\"{line}\" {status} {body.Length} ", (await proxy.Output.WaitForCount(1))[0], StringComparison.Ordinal);
        Assert.Equal(line.StartsWith("HEAD", StringComparison.Ordinal), body.Length == 0);
    }

    [Fact]
    public async Task EveryFieldOfCombined_SaysWhatTheWireSaw()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody");
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Log("format = \"combined\""));
        await using RawClient client = await proxy.Connect(showsDate: true);
        DateTimeOffset before = DateTimeOffset.UtcNow - Deadline.Limit;
        await client.Send($"GET /x?y HTTP/1.0\r\nHost: h\r\n{Fields}\r\n");
        await client.ReadToEnd();
        Match line = Regex.Match((await proxy.Output.WaitForCount(1))[0],
            "^127\\.0\\.0\\.1 - - \\[(?<time>[^]]+)\\] \"GET /x\\?y HTTP/1\\.0\" 200 4 \"http://there/\" \"agent/1\"$");
        Assert.True(line.Success, proxy.Output.Text);
        DateTimeOffset time = DateTimeOffset.ParseExact(line.Groups["time"].Value, "dd/MMM/yyyy:HH:mm:ss zzz", CultureInfo.InvariantCulture);
        Assert.InRange(time, before, DateTimeOffset.UtcNow);
    }

    [Fact]
    public async Task UnknownStatus_IsMinusOneInEveryFormatThatHasNumbersForIt()
    {
        foreach ((string format, string logged) in new[] { ("json", "\"status\":-1,"), ("haproxy", " -1 0 - - CH-- "),
            ("combined", " HTTP/1.1\" - 0 ") })
        {
            await using ScriptedOrigin origin = ScriptedOrigin.Driven();
            await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Log($"format = \"{format}\""));
            await using RawClient client = await proxy.Connect(showsDate: true);
            await client.SendGet("/gone");
            await (await origin.Accept()).ReadRequest();
            client.Reset();
            Assert.Contains(logged, await proxy.Output.WaitFor("/gone"), StringComparison.Ordinal);
        }
    }

    /// <summary>HAProxy's words: actconn is the process, feconn the frontend, both with this connection, both of clients only.</summary>
    [Fact]
    public async Task ConnectionCounts_AreThoseOfClients_InTheProcessAndOfTheListener()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).AddListener("other", "app").Log("format = \"json\""));
        await using RawClient elsewhere = await proxy.Connect("other");
        await elsewhere.Ask("/elsewhere");
        await using RawClient idle = await proxy.Connect(showsDate: true);
        await idle.Ask("/idle");
        await using RawClient client = await proxy.Connect(showsDate: true);
        await client.Ask("/counted");
        Assert.Equal(1, await proxy.Metric("nativeproxy_server_connections_open"));
        Expect(await JsonLine(proxy, 3), "target=/counted", "actconn=3", "feconn=2", "beconn=0", "srvconn=0");
    }

    /// <summary>HAProxy, with the same four requests and <c>maxconn 1</c>: 3/0/0 0/0, 2/0/0 0/1, 1/0/0 0/2, 0/0/0 0/3.</summary>
    [Fact]
    public async Task RequestThatWaits_LogsItsPlaceInTheQueue_AndWhoElseIsThere()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).EachServer("max_connections = 1")
            .Log("format = \"json\""));
        await ExpectPlaces(proxy, origin, cookie: "", "beconn=3 srvconn=0 srv_queue=0 backend_queue=0",
            "beconn=2 srvconn=0 srv_queue=0 backend_queue=1", "beconn=1 srvconn=0 srv_queue=0 backend_queue=2",
            "beconn=0 srvconn=0 srv_queue=0 backend_queue=3");
    }

    [Fact]
    public async Task RequestThatWaitsForTheServerOfItsCookie_LogsItsPlaceInThatServersQueue()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).EachServer("max_connections = 1").Upstream("cookie = { mode = \"insert\", name = \"S\" }")
            .Log("format = \"json\""));
        await ExpectPlaces(proxy, origin, cookie: "Cookie: S=a\r\n", "beconn=2 srvconn=0 srv_queue=0 backend_queue=0",
            "beconn=1 srvconn=0 srv_queue=1 backend_queue=0", "beconn=0 srvconn=0 srv_queue=2 backend_queue=0");
    }

    [Fact]
    public async Task Tunnel_LogsItsBytesBothWays()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener("upgrade = [\"websocket\"]")
            .Log("format = \"json\""));
        await using RawClient client = await proxy.Connect(showsDate: true);
        string request = RawClient.Get("/ws", "Connection: upgrade\r\nUpgrade: websocket\r\n");
        await client.Send(request);
        OriginConnection server = await origin.Accept();
        await server.ReadHead();
        await server.Send("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
        string head = await client.ReadHead();
        await client.Send("to the server");
        await server.Read(13);
        await server.Send("back");
        await client.Read(4);
        client.Close();
        server.Close();
        Expect(await JsonLine(proxy, 1), "status=101", $"bytes_received={request.Length + 13}", $"bytes_sent={head.Length + 4}", "body_bytes_sent=4");
    }

    [Fact]
    public async Task BodyThatIsCut_LogsWhatCame()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Log("format = \"json\""));
        await using RawClient client = await proxy.Connect(showsDate: true);
        string request = "POST /cut HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n0123456789";
        await client.Send(request);
        await (await origin.Accept()).ReadThrough("0123456789");
        client.Reset();
        Expect(await JsonLine(proxy, 1), "status=-1", $"bytes_received={request.Length}", "bytes_sent=0", "body_bytes_sent=0");
    }

    [Fact]
    public async Task RequestThatDidNotComeInTime_LogsWhatCame()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener("timeouts.request_header = \"200ms\"")
            .Log("format = \"json\""));
        await using RawClient client = await proxy.Connect(showsDate: true);
        await client.Send("GET /late HTTP/1.1\r\nHo");
        (string answer, _) = await client.ReadToEnd();
        Expect(await JsonLine(proxy, 1), "status=408", "bytes_received=22", $"bytes_sent={answer.Length}", "method=", "target=");
    }

    [Theory]
    [InlineData("GET /\0 HTTP/1.1\r\nHost: h\r\n\r\nbehind it", 28)]
    [InlineData("GET /x HTTP/2.0\r\nHost", 21)]
    public async Task RefusedRequest_LogsItsHead_OrWhatThereWasOfIt(string request, int received)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Log("format = \"json\""));
        await using RawClient client = await proxy.Connect(showsDate: true);
        await client.Send(request);
        (string answer, _) = await client.ReadToEnd();
        Expect(await JsonLine(proxy, 1), $"bytes_received={received}", $"bytes_sent={answer.Length}", "close_reason=bad_request");
    }

    [Fact]
    [Trait("promise", "B3")]
    [Trait("layer", "no")] // counts bytes of the wire
    public async Task EveryFieldOfTheConnectionLog_SaysWhatTheWireSaw()
    {
        string path = Path.GetTempFileName();
        try
        {
            int port;
            string request = RawClient.Get("/one");
            string forwarded;
            HttpResponse response;
            await using ScriptedOrigin origin = ScriptedOrigin.Driven();
            await using (ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin)
                .Log("format = \"json\"", $"connections = \"{path}\"")))
            {
                await using RawClient client = await proxy.Connect(showsDate: true);
                port = client.LocalPort;
                await PassingTime.Of(150);
                await client.Send(request);
                OriginConnection server = await origin.Accept();
                forwarded = await server.ReadRequest();
                await PassingTime.Of(150);
                await server.Send(OriginConnection.Ok);
                response = await client.ReadResponse();
                await PassingTime.Of(150);
                client.Close();
                server.Close();
                await proxy.WaitForMetric("nativeproxy_server_connections_open", 0);
            }
            JsonElement[] lines = [.. File.ReadAllLines(path).Select(static line => JsonDocument.Parse(line).RootElement)];
            JsonElement ours = lines.Single(static line => line.GetProperty("side").GetString() == "client");
            JsonElement theirs = lines.Single(static line => line.GetProperty("side").GetString() == "server");
            Expect(ours, "event=closed", "peer=127.0.0.1", $"peer_port={port}", "listener=web", "reason=client_closed", "closed_by=peer", "uses=1",
                $"bytes_in={request.Length}", $"bytes_out={response.Head.Length + 2}");
            Expect(theirs, "event=closed", "peer=127.0.0.1", $"peer_port={origin.Port}", "upstream=app", "server=a", "reason=server_fin",
                "closed_by=peer", "uses=1", $"bytes_in={OriginConnection.Ok.Length}", $"bytes_out={forwarded.Length}");
            foreach ((JsonElement line, int idleMs) in new[] { (ours, 48), (theirs, 48) })
            {
                Assert.InRange(line.GetProperty("time").GetDateTimeOffset(), DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow);
                Assert.True(Number(line, "connection_id") > 0);
                Assert.InRange(Number(line, "active_ms"), 20, 60_000);
                Assert.InRange(Number(line, "idle_ms"), idleMs, 60_000);
                Assert.InRange(Number(line, "setup_ms") + Number(line, "active_ms") + Number(line, "idle_ms") + Number(line, "close_ms"), 88,
                    Number(line, "life_ms"));
            }
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Requests that come one after another to a server which takes one at a time.</summary>
    private static async Task ExpectPlaces(ProxyUnderTest proxy, ScriptedOrigin origin, string cookie, params string[] places)
    {
        var clients = new RawClient[places.Length];
        for (int i = 0; i < clients.Length; i++)
        {
            clients[i] = await proxy.Connect(showsDate: true);
            await clients[i].SendGet("/" + i, cookie);
            await proxy.WaitForMetric("nativeproxy_queue_waiting", i);
        }
        OriginConnection server = await origin.Accept();
        for (int i = 0; i < clients.Length; i++)
        {
            await server.Answer();
            await clients[i].ReadResponse();
            Expect(await JsonLine(proxy, i + 1), [$"target=/{i}", .. places[i].Split(' ')]);
            await clients[i].DisposeAsync();
        }
    }

    private static async Task<JsonElement> JsonLine(ProxyUnderTest proxy, int number) =>
        JsonDocument.Parse((await proxy.Output.WaitForCount(number))[number - 1]).RootElement;

    private static long Number(JsonElement line, string name) => line.GetProperty(name).GetInt64();

    /// <summary>Each of these, "name=value", is in the line.</summary>
    private static void Expect(JsonElement line, params string[] fields)
    {
        HashSet<string> there = [.. line.EnumerateObject().Select(static field => $"{field.Name}={field.Value}")];
        Assert.All(fields, field => Assert.True(there.Contains(field), $"{field} is not in {line}"));
    }
}
