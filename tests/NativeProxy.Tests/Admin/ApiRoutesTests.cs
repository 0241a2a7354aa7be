using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Text;
using System.Text.Json;
using NativeProxy.Admin;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Tests.Metrics;
using NativeProxy.Tests.Upstreams;
using NativeProxy.Upstreams.Board;
using NativeProxy.Upstreams.Health;
using Xunit;

namespace NativeProxy.Tests.Admin;

/// <summary>The API: what it shows, what it changes, and whom it refuses.</summary>
public sealed class ApiRoutesTests : IDisposable
{
    private const string Token = "0123456789abcdef0123456789abcdef";

    private readonly string _writeFile = Path.GetTempFileName();
    private readonly string _readFile = Path.GetTempFileName();
    private readonly ServerBoard _servers = ServersOnBoard.NewBoard();
    private readonly List<string> _told = [];
    private readonly ServiceState _state = new() { ConfigPath = "/etc/p.toml" };
    private readonly ApiRoutes _api;
    private int _reloads;

    public ApiRoutesTests()
    {
        File.WriteAllText(_writeFile, Token + "\n");
        File.WriteAllText(_readFile, "only-for-reading-0123\n");
        _servers.Publish(ServersOnBoard.SettingsOf("a1 b1"));
        _state.Tokens = new AdminTokens("", _writeFile);
        var last = new LastCheck(DateTimeOffset.UnixEpoch, true, "it answers with status 200");
        _api = new ApiRoutes(LastingCounters.CreateBoard(), _servers, _state, new AdminPowers(
            slot => slot.Server == "a" ? last : null, _told.Add, () => _reloads++, () => _state.Upgrade.Begin()));
    }

    public void Dispose()
    {
        File.Delete(_writeFile);
        File.Delete(_readFile);
    }

    [Fact]
    public void Servers_AreListedWithStateAndLastCheck()
    {
        JsonElement[] servers = [.. JsonOf(Ask("GET /api/servers")).GetProperty("servers").EnumerateArray()];
        Assert.Equal(["a", "b"], servers.Select(static server => server.GetProperty("server").GetString()));
        Assert.All(servers, static server => Assert.Equal(("app", "up", 100), (server.GetProperty("upstream").GetString(),
            server.GetProperty("state").GetString(), server.GetProperty("weight_percent").GetInt32())));
        JsonElement health = servers[0].GetProperty("health");
        Assert.Equal(("it answers with status 200", "1970-01-01T00:00:00.000Z"),
            (health.GetProperty("last").GetString(), health.GetProperty("last_at").GetString()));
        Assert.Equal(JsonValueKind.Null, servers[1].GetProperty("health").GetProperty("last").ValueKind);
    }

    [Theory]
    [InlineData("""{"state": "drain"}""", "drain", 100)]
    [InlineData("""{"state":"maintenance","weight_percent":7}""", "maintenance", 7)]
    [InlineData("""{"weight_percent": 100}""", "up", 100)]
    [InlineData("""{"weight_percent": 1}""", "up", 1)]
    [InlineData("""{"state": "ready"}""", "up", 100)]
    public void Change_IsShownAndTold(string body, string state, int percent)
    {
        SmallResponse response = Ask("PATCH /api/servers/app/b", body: body);
        Assert.Equal(200, response.StatusCode);
        JsonElement server = JsonOf(response).GetProperty("server");
        Assert.Equal((state, percent), (server.GetProperty("state").GetString(), server.GetProperty("weight_percent").GetInt32()));
        Assert.Equal(state == "up" && percent == 100 ? 0 : 1, _told.Count);
        Assert.Equal("up", JsonOf(Ask("GET /api/servers/app/a")).GetProperty("server").GetProperty("state").GetString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("\"drain\"")]
    [InlineData("""{"state": "off"}""")]
    [InlineData("""{"state": 1}""")]
    [InlineData("""{"state": "drain", "state": "ready"}""")]
    [InlineData("""{"weight_percent": 0}""")]
    [InlineData("""{"weight_percent": 101}""")]
    [InlineData("""{"weight_percent": 1.5}""")]
    [InlineData("""{"weight_percent": "50"}""")]
    [InlineData("""{"weight": 5}""")]
    [InlineData("""{"state": "drain", "more": true}""")]
    [InlineData("""{"state": {"a": {"b": {}}}}""")]
    public void WrongBody_ChangesNothing(string body)
    {
        Assert.Equal(400, Ask("PATCH /api/servers/app/a", body: body).StatusCode);
        Assert.Empty(_told);
        Assert.All(_servers.Current, static server => Assert.Equal((OperatorState.Ready, 100), (server.Operator, server.OperatorPercent)));
    }

    [Theory]
    [InlineData("GET /api", 200)]
    [InlineData("HEAD /api/status", 200)]
    [InlineData("GET /api/servers?x=1", 200)]
    [InlineData("GET /api/nothing", 404)]
    [InlineData("GET /api/servers/app/c", 404)]
    [InlineData("GET /api/servers/app", 404)]
    [InlineData("PATCH /api/servers/a", 404)]
    [InlineData("DELETE /api/servers/app/a", 405)]
    [InlineData("PATCH /api/servers", 405)]
    [InlineData("POST /api/status", 405)]
    [InlineData("GET /api/reload", 405)]
    [InlineData("PUT /api/reload", 405)]
    [InlineData("POST /api/reload", 202)]
    public void PathAndMethod_SayWhatIsDone(string line, int status)
    {
        Assert.Equal(status, Ask(line).StatusCode);
        Assert.Equal(status == 202 ? 1 : 0, _reloads);
    }

    /// <summary>A web page, whatever site it is of and whatever name it has for this machine, and other machines.</summary>
    [Theory]
    [InlineData("Origin: http://127.0.0.1:9901", 200)]
    [InlineData("Sec-Fetch-Site: same-origin", 200)]
    [InlineData("Sec-Fetch-Site: none", 200)]
    [InlineData("Origin: http://evil.example", 403)]
    [InlineData("Origin: https://127.0.0.1:9901", 403)]
    [InlineData("Origin: null", 403)]
    [InlineData("Origin: http://127.0.0.1:9901\r\nOrigin: http://evil.example", 403)]
    [InlineData("Sec-Fetch-Site: cross-site", 403)]
    [InlineData("Sec-Fetch-Site: same-site", 403)]
    [InlineData("Sec-Fetch-Site: none\r\nsec-fetch-site: cross-site", 403)]
    public void PageOfAnotherSite_IsRefused(string field, int status)
    {
        Assert.Equal(status, Ask("GET /api/servers", field).StatusCode);
        Assert.Equal(status, Ask("PATCH /api/servers/app/a", field, body: """{"state": "drain"}""").StatusCode);
        Assert.Equal(status == 200 ? 1 : 0, _told.Count);
    }

    [Theory]
    [InlineData("localhost", 200)]
    [InlineData("LOCALHOST:9901", 200)]
    [InlineData("127.0.0.1", 200)]
    [InlineData("[::1]:9901", 200)]
    [InlineData("[::1]", 200)]
    [InlineData("rebound.example", 403)]
    [InlineData("rebound.example:9901", 403)]
    [InlineData("localhost.example", 403)]
    [InlineData("127.0.0.1.example", 403)]
    [InlineData("", 403)]
    public void NameThatWasTurnedRoundToThisMachine_IsRefused(string host, int status) =>
        Assert.Equal(status, Ask("GET /api/servers", host: host).StatusCode);

    [Theory]
    [InlineData("127.0.0.1", 200)]
    [InlineData("127.9.9.9", 200)]
    [InlineData("::1", 200)]
    [InlineData("::ffff:127.0.0.1", 200)]
    [InlineData("10.0.0.1", 403)]
    [InlineData("", 403)]
    public void OtherMachine_IsRefused(string peer, int status) =>
        Assert.Equal(status, Ask("GET /api/servers", peer: peer).StatusCode);

    [Theory]
    [InlineData("Bearer " + Token, 200)]
    [InlineData("bearer  " + Token, 200)]
    [InlineData(Token, 401)]
    [InlineData("Bearer", 401)]
    [InlineData("Bearer ", 401)]
    [InlineData("Bearer 0123456789abcdef0123456789abcdeF", 401)]
    [InlineData("Bearer 0123456789abcdef", 401)]
    [InlineData("Basic " + Token, 401)]
    [InlineData("Bearer " + Token + "\r\nAuthorization: Bearer " + Token, 401)]
    [InlineData("", 401)]
    public void Change_NeedsTheToken(string authorization, int status)
    {
        Assert.Equal(status, Ask("PATCH /api/servers/app/a", body: """{"state": "drain"}""", authorization: authorization).StatusCode);
        Assert.Equal(status == 200 ? 1 : 0, _told.Count);
    }

    [Fact]
    public void WithoutATokenFile_NobodyChangesAnything()
    {
        _state.Tokens = AdminTokens.None;
        Assert.Equal(403, Ask("PATCH /api/servers/app/a", body: """{"state": "drain"}""").StatusCode);
        Assert.Equal(403, Ask("POST /api/reload").StatusCode);
        Assert.Equal(200, Ask("GET /api/servers", authorization: "").StatusCode);
        Assert.Equal((0, 0), (_told.Count, _reloads));
    }

    [Theory]
    [InlineData("Bearer only-for-reading-0123", 200, 401)]
    [InlineData("Bearer " + Token, 200, 200)]
    [InlineData("Bearer something-else-0123456", 401, 401)]
    [InlineData("", 401, 401)]
    public void TokenForReading_IsNoneForChanges(string authorization, int read, int written)
    {
        _state.Tokens = new AdminTokens(_readFile, _writeFile);
        Assert.Equal(read, Ask("GET /api/servers", authorization: authorization).StatusCode);
        Assert.Equal(written, Ask("PATCH /api/servers/app/a", body: """{"state": "drain"}""", authorization: authorization).StatusCode);
    }

    /// <summary>An exchanged token holds at once; a file that holds none opens nothing.</summary>
    [Theory]
    [InlineData("another-token-0123456789", "another-token-0123456789", 200)]
    [InlineData("another-token-0123456789", Token, 401)]
    [InlineData("short", "short", 401)]
    [InlineData("", "", 401)]
    [InlineData("two words 0123456789 0123456789", "two words 0123456789 0123456789", 401)]
    [InlineData(null, Token, 401)]
    public void TokenFile_IsReadAtEachQuestion(string? content, string shown, int status)
    {
        if (content is null)
            File.Delete(_writeFile);
        else
            File.WriteAllText(_writeFile, content);
        Assert.Equal(status, Ask("POST /api/reload", authorization: $"Bearer {shown}").StatusCode == 202 ? 200 : 401);
    }

    [Fact]
    public void Status_NamesTheReadingsOfTheConfiguration_NewestFirst()
    {
        for (int i = 1; i <= ConfigLoad.KeptMax + 3; i++)
            _state.Loads.Ended(isTaken: i % 2 == 1, $"reading {i}");
        JsonElement status = JsonOf(Ask("GET /api/status"));
        JsonElement[] loads = [.. status.GetProperty("loads").EnumerateArray()];
        Assert.Equal(ConfigLoad.KeptMax, loads.Length);
        Assert.Equal((23, true, "reading 23"), (loads[0].GetProperty("load").GetInt32(), loads[0].GetProperty("taken").GetBoolean(),
            loads[0].GetProperty("text").GetString()));
        Assert.Equal(22, loads[1].GetProperty("load").GetInt32());
        Assert.Equal("/etc/p.toml", status.GetProperty("config").GetString());
        Assert.Equal(24, JsonOf(Ask("POST /api/reload")).GetProperty("load").GetInt32());
    }

    /// <summary>Whoever shows any token must not be able to hold a thread up.</summary>
    [Fact]
    public void TokenFileThatIsAPipe_OpensNothing_AndNobodyWaitsForIt()
    {
        string pipe = _writeFile + ".pipe";
        using (var make = System.Diagnostics.Process.Start("mkfifo", pipe))
            make.WaitForExit();
        _state.Tokens = new AdminTokens("", pipe);
        Assert.Equal(401, Ask("POST /api/reload").StatusCode);
        Assert.False(TokenFile.TryRead(pipe, out _, out string problem));
        Assert.NotEqual("", problem);
        Assert.False(TokenFile.TryRead("a\0b", out _, out _));
        Assert.False(TokenFile.TryRead("/", out _, out _));
        File.Delete(pipe);
    }

    /// <summary>A reading that is under way may have read the file before it was changed: what was asked for is the one behind it.</summary>
    [Fact]
    public void ReloadWhileOneIsUnderWay_IsTheNextOne()
    {
        _state.Loads.Ended(isTaken: true, "started");
        Assert.Equal(2, JsonOf(Ask("POST /api/reload")).GetProperty("load").GetInt32());
        _state.Loads.Begin();
        Assert.Equal(3, JsonOf(Ask("POST /api/reload")).GetProperty("load").GetInt32());
        _state.Loads.Ended(isTaken: false, "refused");
        Assert.Equal(3, JsonOf(Ask("POST /api/reload")).GetProperty("load").GetInt32());
    }

    /// <summary>Whatever bytes come as a body, as a path or as a field: an answer, and no change that was not asked for.</summary>
    [Fact]
    public void AnyBytes_AreAnswered()
    {
        var random = new Random(20261129);
        string[] lines = ["PATCH /api/servers/app/a", "GET /api/servers/app/", "POST /api/reload", "PATCH /api/servers/", "GET /api/"];
        for (int i = 0; i < 3000; i++)
        {
            byte[] noise = new byte[random.Next(1, 60)];
            random.NextBytes(noise);
            string text = string.Concat(noise.Select(static value => (char)(0x21 + (value % 0x5E))));
            string body = """{"state": "drain", "weight_percent": 50}"""[..random.Next(41)] + Encoding.Latin1.GetString(noise);
            SmallResponse response = Ask(lines[i % lines.Length] + (i % 3 == 0 ? "" : text), body: body, authorization: $"Bearer {text}");
            Assert.InRange(response.StatusCode, 200, 499);
        }
        Assert.Equal((0, 0), (_told.Count, _reloads));
    }

    /// <summary>Asks as the session does: by a head that was parsed.</summary>
    private SmallResponse Ask(string line, string field = "X: y", string host = "127.0.0.1:9901", string peer = "127.0.0.1", string body = "",
        string authorization = "Bearer " + Token)
    {
        string fields = $"Host: {host}\r\n{field}\r\n{(authorization.Length > 0 ? $"Authorization: {authorization}\r\n" : "")}\r\n";
        byte[] bytes = Encoding.Latin1.GetBytes($"{line} HTTP/1.1\r\n{fields}");
        var head = new RequestHead(fieldCountMax: 64);
        return RequestHeadParser.Parse(bytes, new HeadLimits(8192, 64, 4096), head).Status != ParseStatus.Done
            ? SmallHttpText.Plain(400, "as the session says it")
            : _api.Respond(new SmallRequest(head.MethodKind, head.Target.Of(bytes))
        {
            Peer = peer.Length > 0 ? IPAddress.Parse(peer) : null, HeadBytes = bytes, Fields = head.Fields, Body = Encoding.Latin1.GetBytes(body),
        });
    }

    private static JsonElement JsonOf(SmallResponse response)
    {
        using var document = JsonDocument.Parse(response.Body);
        return document.RootElement.Clone();
    }
}
