using System;
using System.Linq;
using System.Net;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Messages;

/// <summary>Who the client is behind trusted proxies, and what of it servers, routes and the log are told.</summary>
public sealed class ClientIdentityTests
{
    private const string Trusted = "forwarded.trusted = [\"127.0.0.1\", \"10.0.0.0/8\"]";
    private static readonly IPAddress Stranger = IPAddress.Parse("127.0.0.2");

    [Fact]
    public async Task EachRequestOfAConnection_HasItsOwnClient()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(change: config => config
            .Listener(Trusted, "request_headers.set = { X-Client = \"{client_ip} {client_port} {peer_ip}\" }")
            .Route("source = [\"203.0.113.0/24\"]", "deny = 403"));
        await scene.Client.Ask("/1", "X-Forwarded-For: 6.6.6.6, 198.51.100.7:77, 10.1.2.3\r\n");
        Assert.Equal(403, (await scene.Client.Ask("/2", "X-Forwarded-For: 203.0.113.9\r\n")).Status);
        await scene.Client.Ask("/3");
        await scene.Client.Ask("/4", "Connection: X-Forwarded-For\r\nX-Forwarded-For: 2001:db8::1\r\n");
        Assert.Equal(
            [
                "198.51.100.7 77 127.0.0.1", $"127.0.0.1 {scene.Client.LocalPort} 127.0.0.1", "2001:db8::1 0 127.0.0.1",
            ],
            scene.Origin.Requests.Select(static item => HttpResponse.FieldOf(item.Request, "X-Client")));
        Assert.Equal(
            ["6.6.6.6, 198.51.100.7:77, 10.1.2.3, 127.0.0.1", "127.0.0.1", "2001:db8::1, 127.0.0.1"],
            scene.Origin.Requests.Select(static item => HttpResponse.FieldOf(item.Request, "X-Forwarded-For")));

        string[] lines = [.. (await scene.Proxy.Output.WaitForCount(4)).Take(4)];
        Assert.StartsWith("198.51.100.7:77 [", lines[0], StringComparison.Ordinal);
        Assert.EndsWith(" peer=127.0.0.1", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("203.0.113.9:0 [", lines[1], StringComparison.Ordinal);
        Assert.StartsWith($"127.0.0.1:{scene.Client.LocalPort} [", lines[2], StringComparison.Ordinal);
        Assert.EndsWith(" why=-", lines[2], StringComparison.Ordinal);
        Assert.StartsWith("2001:db8::1:0 [", lines[3], StringComparison.Ordinal);
    }

    [Fact]
    public async Task PipelinedRequests_KeepTheirClientsApart()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(change: config => config.Listener(Trusted, "pipelining = 4"));
        await scene.Client.Send(
            RawClient.Get("/1", "X-Forwarded-For: 198.51.100.1\r\n") + RawClient.Get("/2", "X-Forwarded-For: 198.51.100.2\r\n")
            + RawClient.Get("/3"));
        for (int i = 0; i < 3; i++)
            Assert.Equal(200, (await scene.Client.ReadResponse()).Status);
        string[] lines = [.. await scene.Proxy.Output.WaitForCount(3)];
        (string Target, string Start)[] expected = [("/1", "198.51.100.1:0 ["), ("/2", "198.51.100.2:0 ["), ("/3", "127.0.0.1:")];
        foreach ((string target, string start) in expected)
            Assert.StartsWith(start, lines.Single(line => line.Contains($"GET {target} ", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RequestThatIsRefused_IsLoggedWithItsClient()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(change: config => config.Listener(Trusted, "limits.body_bytes = 1"));
        await scene.Client.Send("POST / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 198.51.100.1\r\nContent-Length: 2\r\n\r\nab");
        Assert.Equal(413, (await scene.Client.ReadResponse()).Status);
        Assert.StartsWith("198.51.100.1:0 [", (await scene.Proxy.Output.WaitForCount(1))[0], StringComparison.Ordinal);
    }

    /// <summary>Neither in the request that the server gets, nor for a condition of a route, nor in a text.</summary>
    [Fact]
    public async Task OfAStranger_NothingCounts()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(change: config => config
            .Listener(Trusted, "request_headers.set = { X-Seen = \"{client_ip} {scheme} {header.X-Real-IP}\" }")
            .Route("header = { X-Forwarded-Proto = \"https\" }", "deny = 403")
            .Route("scheme = \"https\"", "deny = 403"));
        await using RawClient stranger = await RawClient.Connect(scene.Proxy.Port(), from: Stranger);
        await stranger.Ask("/", "X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\nX_Forwarded_For: 6.6.6.6\r\n"
            + "Forwarded: for=6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\nConnection: X-Forwarded-Proto, X-Forwarded-Host, X-Kept\r\nX-Kept: 1\r\n");
        string request = scene.Origin.Requests.Last().Request;
        Assert.DoesNotContain("6.6.6.6", request, StringComparison.Ordinal);
        Assert.DoesNotContain("evil", request, StringComparison.Ordinal);
        Assert.EndsWith(
            "X-Seen: 127.0.0.2 http \r\nX-Forwarded-For: 127.0.0.2\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: test\r\n"
            + "Via: 1.1 nativeproxy\r\n\r\n",
            request, StringComparison.Ordinal);
        Assert.Equal(403, (await scene.Client.Ask("/", "X-Forwarded-Proto: https\r\n")).Status);
    }

    [Fact]
    [Trait("promise", "ARCH-4")]
    public async Task Server_IsToldWhatItIsToBeTold()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(change: config => config.Listener(
            "forwarded = { x_real_ip = true, x_forwarded_port = true, x_original_to = true, forwarded = true, trusted = [\"127.0.0.1\"] }",
            "request_headers.set = { X-Local = \"{local_ip}:{local_port}\" }"));
        int port = scene.Proxy.Port();
        await scene.Client.Ask("/", "X-Forwarded-For: 198.51.100.1\r\nForwarded: for=\"[2001:db8::1]\"\r\nConnection: X-Real-IP, Forwarded\r\n");
        Assert.EndsWith(
            $"X-Local: 127.0.0.1:{port}\r\nX-Forwarded-For: 198.51.100.1, 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: test\r\n"
            + $"X-Forwarded-Port: {port}\r\nX-Original-To: 127.0.0.1\r\nX-Real-IP: 198.51.100.1\r\n"
            + "Forwarded: for=\"[2001:db8::1]\", for=127.0.0.1;by=127.0.0.1;host=test;proto=http\r\nVia: 1.1 nativeproxy\r\n\r\n",
            scene.Origin.Requests.Last().Request, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("promise", "ARCH-14")]
    public async Task ExceptedPeer_SpeaksForItself()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(change: config => config.Listener("forwarded.except = [\"127.0.0.1\"]"));
        await scene.Client.Ask("/", "X-Forwarded-For: 192.0.2.5\r\nX-Forwarded-Proto: https\r\n");
        await using RawClient other = await RawClient.Connect(scene.Proxy.Port(), from: Stranger);
        await other.Ask("/", "X-Forwarded-For: 192.0.2.5\r\nX-Forwarded-Proto: https\r\n");
        Assert.Equal(
            [("192.0.2.5", "https"), ("192.0.2.5, 127.0.0.2", "http")],
            scene.Origin.Requests.Select(static item =>
                (HttpResponse.FieldOf(item.Request, "X-Forwarded-For"), HttpResponse.FieldOf(item.Request, "X-Forwarded-Proto"))));
    }

    [Fact]
    public async Task ProxyHeader_IsReadFromTheBalancersAlone_AndSaysWhatWasConnectedTo()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(change: config => config
            .Listener("proxy_protocol = true", "proxy_protocol_trusted = [\"127.0.0.1\"]", "forwarded.trusted = [\"192.0.2.0/24\"]",
                "forwarded.x_original_to = true", "forwarded.x_forwarded_port = true",
                "request_headers.set = { X-Ends = \"{client_ip} {peer_ip} {local_ip}\" }")
            .Route("scheme = \"https\"", "respond = { status = 200, body = \"secure\" }"));
        await scene.Client.Send(
            "PROXY TCP4 192.0.2.33 198.51.100.1 40000 8443\r\n" + RawClient.Get("/", "X-Forwarded-For: 203.0.113.4\r\n"));
        await scene.Client.ReadResponse();
        string request = scene.Origin.Requests.Last().Request;
        Assert.Equal("203.0.113.4 127.0.0.1 198.51.100.1", HttpResponse.FieldOf(request, "X-Ends"));
        Assert.Equal("203.0.113.4, 192.0.2.33", HttpResponse.FieldOf(request, "X-Forwarded-For"));
        Assert.Equal(("198.51.100.1", "8443"), (HttpResponse.FieldOf(request, "X-Original-To"), HttpResponse.FieldOf(request, "X-Forwarded-Port")));

        await using RawClient plain = await RawClient.Connect(scene.Proxy.Port(), from: Stranger);
        Assert.Equal("ok", (await plain.Ask()).Body);
        Assert.Equal("127.0.0.2 127.0.0.2 127.0.0.1", HttpResponse.FieldOf(scene.Origin.Requests.Last().Request, "X-Ends"));
        await using RawClient liar = await RawClient.Connect(scene.Proxy.Port(), from: Stranger);
        await liar.Send("PROXY TCP4 192.0.2.33 198.51.100.1 40000 80\r\n" + RawClient.Get());
        Assert.Equal(400, (await liar.ReadResponse()).Status);

        // Version 2 with a TLS extension: the client speaks TLS with the balancer.
        await using RawClient secure = await scene.Proxy.Connect();
        await secure.Send("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x14\xC0\0\x02\x21\xC6\x33\x64\x01\x9C\x40\x20\xFB\x20\0\x05\x01\0\0\0\0" + RawClient.Get());
        Assert.Equal("secure", (await secure.ReadResponse()).Body);
    }

    [Fact]
    public async Task Reload_ChangesWhoIsTrusted_OnKeptConnections()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(change: config => config.Listener("forwarded.trusted = [\"127.0.0.9\"]"));
        await scene.Client.Ask("/", "X-Forwarded-For: 198.51.100.1\r\n");
        await scene.Proxy.Reload(text => text.Replace("127.0.0.9", "127.0.0.1", StringComparison.Ordinal));
        await scene.Client.Ask("/", "X-Forwarded-For: 198.51.100.1\r\n");
        Assert.Equal(
            ["127.0.0.1", "198.51.100.1, 127.0.0.1"],
            scene.Origin.Requests.Select(static item => HttpResponse.FieldOf(item.Request, "X-Forwarded-For")));
        Assert.Equal(1, await scene.Proxy.Metric("nativeproxy_client_connections_accepted_total"));
    }

    [Fact]
    public async Task HostOfRouteAndUpstream_IsWhatTheServerGets_AndTheClientsIsTold()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(change: config => config
            .Upstream("host_header = \"upstream.example\"").Route("path = [\"/r\"]", "host_header = \"route.example:81\""));
        await scene.Client.Ask("/x");
        await scene.Client.Ask("/r");
        await scene.Client.Send("GET http://other.example:80/x HTTP/1.1\r\nHost: a\r\n\r\n");
        await scene.Client.ReadResponse();
        Assert.Equal(
            [("upstream.example", "test"), ("route.example:81", "test"), ("upstream.example", "other.example:80")],
            scene.Origin.Requests.Select(
                static item => (HttpResponse.FieldOf(item.Request, "Host"), HttpResponse.FieldOf(item.Request, "X-Forwarded-Host"))));
    }

    /// <summary>Also where a request goes on to another server, and where it came without Host.</summary>
    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: client.example\r\n\r\n")]
    [InlineData("GET http://client.example/ HTTP/1.1\r\nHost: client.example\r\n\r\n")]
    [InlineData("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")]
    [InlineData("PUT / HTTP/1.1\r\nHost: client.example\r\nContent-Length: 2\r\n\r\nok")]
    public async Task EachServer_GetsItsOwnName_WhereHostIsThatOfTheServer(string request)
    {
        await using ScriptedOrigin dead = ScriptedOrigin.Driven();
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(dead, origin).Upstream("host_header = \"{server_name}\"", "balance = \"first\"", "retry.on = [\"empty_response\"]"));
        await using RawClient client = await proxy.Connect();
        await client.Send(request);
        OriginConnection first = await dead.Accept();
        string told = await first.ReadRequest();
        first.Close();
        OriginConnection second = await origin.Accept();
        string toldAgain = await second.Answer();
        Assert.Equal(200, (await client.ReadResponse()).Status);

        Assert.Equal((dead.Address, origin.Address), (HttpResponse.FieldOf(told, "Host"), HttpResponse.FieldOf(toldAgain, "Host")));
        Assert.StartsWith($"{request[..3]} / HTTP/1.1\r\nHost: {dead.Address}\r\n", told, StringComparison.Ordinal);
        Assert.Equal(told.Replace(dead.Address, origin.Address, StringComparison.Ordinal), toldAgain);
        Assert.Single(Regex.Matches(told, "(?i)\r\nhost:"));
    }

    [Fact]
    public async Task HostOfTheServer_HoldsForARouteAndItsMirror()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ScriptedOrigin copies = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).AddUpstream("copies", copies.Address)
            .Route("path = [\"/r\"]", "upstream = \"app\"", "host_header = \"{server_name}\"", "mirror = { upstream = \"copies\" }"));
        await using RawClient client = await proxy.Connect();
        await client.Ask("/r");
        await client.Ask("/x");
        await Deadline.Until(() => copies.Requests.Count == 1, static () => "no copy has come");
        Assert.Equal([origin.Address, "test"], origin.Requests.Select(static item => HttpResponse.FieldOf(item.Request, "Host")));
        Assert.Equal(copies.Address, HttpResponse.FieldOf(copies.Requests.Single().Request, "Host"));
    }
}
