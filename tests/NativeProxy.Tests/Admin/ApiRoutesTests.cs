using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;
using NativeProxy.Admin;
using NativeProxy.Caching;
using NativeProxy.Config;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Metrics;
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
    private readonly AdminTrial _trial = new();
    private readonly ServiceState _state;
    private readonly ApiRoutes _api;
    private readonly List<string> _asked = [];
    private byte[][]? _answers = [];
    private bool _workersFail;
    private int _reloads;
    private int _drains;

    public ApiRoutesTests()
    {
        File.WriteAllText(_writeFile, Token + "\n");
        File.WriteAllText(_readFile, "only-for-reading-0123\n");
        _servers.Publish(ServersOnBoard.SettingsOf("a1 b1"));
        _state = _trial.State;
        _state.Tokens = new AdminTokens("", _writeFile);
        var last = new LastCheck(DateTimeOffset.UnixEpoch, true, "it answers with status 200");
        _api = new ApiRoutes(_trial.Boards with { Servers = _servers }, _state, new AdminPowers(
            slot => slot.Server == "a" ? last : null, _told.Add, () => _reloads++, () => _state.Upgrade.TryBegin())
        {
            Say = _told.Add,
            Drain = () => _drains++,
            AskWorkers = question =>
            {
                _asked.Add(question);
                return _workersFail ? Task.FromException<IReadOnlyList<byte[]>?>(new InvalidOperationException("a test"))
                    : Task.FromResult<IReadOnlyList<byte[]>?>(_answers);
            },
        }, TimeProvider.System);
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

    /// <summary>The file says 0: no limit. What is set already, or is what the file says, is no change.</summary>
    [Fact]
    public void Limit_IsSet_Told_AndTakenBack()
    {
        Assert.Equal((20, 20), LimitAfter("20"));
        Assert.Equal((20, 20), LimitAfter("20"));
        Assert.Equal((0, null), LimitAfter("0"));
        Assert.Equal((7, 7), LimitAfter("7"));
        Assert.Equal((0, null), LimitAfter("null"));
        Assert.Equal((0, null), LimitAfter("null"));
        Assert.Equal(
            ["has 20 connections at most", "has the limit of connections that the file says", "has 7 connections at most",
                "has the limit of connections that the file says"],
            _told.Select(static line => line["server \"b\" of upstream \"app\" ".Length..^" by an operator".Length]));
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
    [InlineData("""{"max_connections": -1}""")]
    [InlineData("""{"max_connections": 1000001}""")]
    [InlineData("""{"max_connections": "20"}""")]
    [InlineData("""{"max_connections": null, "max_connections": 5}""")]
    [InlineData("""{"max_connections": 5, "state": "off"}""")]
    [InlineData("""{"state": "drain", "more": true}""")]
    [InlineData("""{"state": {"a": {"b": {}}}}""")]
    public void WrongBody_ChangesNothing(string body)
    {
        Assert.Equal(400, Ask("PATCH /api/servers/app/a", body: body).StatusCode);
        Assert.Empty(_told);
        Assert.All(_servers.Current, static server => Assert.Equal(
            (OperatorState.Ready, 100, (int?)null), (server.Operator, server.OperatorPercent, server.Limit.Wanted)));
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
    [InlineData("GET /api/listeners", 200)]
    [InlineData("GET /api/upstreams", 200)]
    [InlineData("GET /api/routes", 200)]
    [InlineData("GET /api/counters", 200)]
    [InlineData("GET /api/certificates", 200)]
    [InlineData("GET /api/tables", 200)]
    [InlineData("GET /api/limits", 200)]
    [InlineData("GET /api/config", 200)]
    [InlineData("GET /api/sessions", 200)]
    [InlineData("POST /api/sessions", 405)]
    [InlineData("POST /api/listeners", 405)]
    [InlineData("POST /api/config", 405)]
    [InlineData("GET /api/sessions/5", 404)]
    [InlineData("GET /api/sessions/0", 404)]
    [InlineData("PATCH /api/sessions/5", 405)]
    [InlineData("GET /api/sessions/5/end", 405)]
    [InlineData("DELETE /api/sessions/5/end", 405)]
    [InlineData("DELETE /api/sessions/5", 404)]
    [InlineData("POST /api/sessions/5/end", 404)]
    [InlineData("DELETE /api/sessions/-5", 404)]
    [InlineData("DELETE /api/sessions/99999999999999999999", 404)]
    [InlineData("DELETE /api/sessions/", 404)]
    [InlineData("POST /api/sessions/end", 404)]
    [InlineData("POST /api/sessions//end", 404)]
    [InlineData("GET /api/drain", 405)]
    [InlineData("POST /api/drain?x", 202)]
    [InlineData("GET /api/cache/purge", 405)]
    [InlineData("POST /api/cache/purge", 400)]
    public void PathAndMethod_SayWhatIsDone(string line, int status)
    {
        Assert.Equal(status, Ask(line).StatusCode);
        Assert.Equal(line == "POST /api/reload" ? 1 : 0, _reloads);
        Assert.Equal(line == "POST /api/drain?x" ? 1 : 0, _drains);
    }

    /// <summary>Whatever the list has is refused to whoever must not have it; nothing is listed that is not there.</summary>
    [Fact]
    public void EverythingThatIsListed_IsRefusedToStrangers_AndThere()
    {
        JsonElement[] listed = [.. JsonOf(Ask("GET /api")).EnumerateArray()];
        Assert.True(listed.Length > 15);
        _answers = [Encoding.ASCII.GetBytes("""[{"id":5,"age_ms":7}]""")];
        foreach (JsonElement one in listed)
        {
            string method = one.GetProperty("method").GetString()!;
            string path = one.GetProperty("path").GetString()!.Replace("UPSTREAM/SERVER", "app/a", StringComparison.Ordinal)
                .Replace("ID", "5", StringComparison.Ordinal);
            string line = $"{method} {path}";
            Assert.NotEqual(405, Ask(line, body: "{}").StatusCode);
            Assert.Equal(403, Ask(line, "Origin: http://evil.example").StatusCode);
            Assert.Equal(403, Ask(line, "Sec-Fetch-Site: cross-site").StatusCode);
            Assert.Equal(403, Ask(line, host: "rebound.example").StatusCode);
            Assert.Equal(403, Ask(line, peer: "10.0.0.1").StatusCode);
            bool needsToken = method is not "GET" || path == "/api/config";
            Assert.Equal(needsToken ? 401 : 200, Ask(line, authorization: "").StatusCode);
            Assert.Equal(needsToken ? 401 : 200, Ask(line, authorization: "Bearer wrong-token-0123456789").StatusCode);
            Assert.Equal(method is not "GET", one.TryGetProperty("lasts", out _));
            _state.Tokens = AdminTokens.None;
            Assert.Equal(needsToken ? 403 : 200, Ask(line).StatusCode);
            _state.Tokens = new AdminTokens(_readFile, _writeFile);
            Assert.Equal(401, Ask(line, authorization: "").StatusCode);
            _state.Tokens = new AdminTokens("", _writeFile);
        }
    }

    [Fact]
    public void Sessions_OfAllWorkers_AreInOneOrder_AndNoMoreThanAskedFor()
    {
        _answers = [Encoding.ASCII.GetBytes("""[{"id":1,"age_ms":5},{"id":4,"age_ms":90}]"""), Encoding.ASCII.GetBytes("""[{"id":2,"age_ms":7}]""")];
        Assert.Equal("1 2 4", Ids(Ask("GET /api/sessions")));
        Assert.Equal("4 2", Ids(Ask("GET /api/sessions?order=oldest&count=2")));
        Assert.Equal(["sessions ", "sessions order=oldest&count=2"], _asked);
    }

    [Fact]
    public void OneSession_IsShown_OrIsNotThere_OrNobodyKnows()
    {
        _answers = [[.. "[]"u8], Encoding.ASCII.GetBytes("""[{"id":2,"age_ms":7}]""")];
        Assert.Equal(7, JsonOf(Ask("GET /api/sessions/2")).GetProperty("session").GetProperty("age_ms").GetInt32());
        Assert.Equal(["sessions id=2"], _asked);
        _answers = [[.. "[]"u8]];
        Assert.Equal(404, Ask("GET /api/sessions/2").StatusCode);
        _answers = [[.. "[]"u8], []];
        Assert.Equal(503, Ask("GET /api/sessions/2").StatusCode);
    }

    /// <summary>A page that is open a hundred times costs what one costs.</summary>
    [Fact]
    public void SameQuestion_IsAskedOnce_AtATime()
    {
        for (int i = 0; i < 100; i++)
            Ask("GET /api/sessions?count=5");
        Assert.InRange(_asked.Count, 1, 3);
    }

    /// <summary>Queries may hold secrets: whoever reads without a token must not see them, though all else be open.</summary>
    [Fact]
    public void QueriesOfTargets_NeedAToken()
    {
        Assert.Equal(200, Ask("GET /api/sessions", authorization: "").StatusCode);
        Assert.Equal(401, Ask("GET /api/sessions?query=shown", authorization: "").StatusCode);
        Assert.Equal(200, Ask("GET /api/sessions?query=shown").StatusCode);
        Assert.Equal(401, Ask("GET /api/sessions?query=shown", authorization: "").StatusCode);
        _state.Tokens = AdminTokens.None;
        Assert.Equal(403, Ask("GET /api/sessions?query=shown").StatusCode);
        _state.Tokens = new AdminTokens(_readFile, _writeFile);
        Assert.Equal(200, Ask("GET /api/sessions?query=shown", authorization: "Bearer only-for-reading-0123").StatusCode);
    }

    /// <summary>A worker that has not answered may have more, and may have ended what was to be ended.</summary>
    [Fact]
    public void WorkerThatDoesNotAnswer_IsSaid()
    {
        _answers = [[], Encoding.ASCII.GetBytes("""[{"id":1,"age_ms":5}]""")];
        JsonElement answer = JsonOf(Ask("GET /api/sessions"));
        Assert.Equal((2, 1), (answer.GetProperty("workers_asked").GetInt32(), answer.GetProperty("workers_answered").GetInt32()));
        _answers = [[], [.. "false"u8]];
        Assert.Equal(503, Ask("DELETE /api/sessions/5").StatusCode);
        _answers = [[], [.. "true"u8]];
        Assert.Equal(200, Ask("DELETE /api/sessions/5").StatusCode);
    }

    [Fact]
    public void TooManyQuestions_AreToldSo_AndAskedAgain()
    {
        _answers = null;
        Assert.Equal(503, Ask("GET /api/sessions").StatusCode);
        Assert.Equal(503, Ask("DELETE /api/sessions/5").StatusCode);
        _answers = [];
        Assert.Equal(200, Ask("GET /api/sessions").StatusCode);
    }

    [Fact]
    public void AnswerThatFailed_IsNotKept()
    {
        _workersFail = true;
        Assert.Throws<AggregateException>(() => Ask("GET /api/sessions"));
        _workersFail = false;
        Assert.Equal(200, Ask("GET /api/sessions").StatusCode);
    }

    [Theory]
    [InlineData("5", "5", "end 5", 200)]
    [InlineData("5", "6", "end 6", 404)]
    public void SessionThatIsEnded_IsTold_AndOneThatIsNotThere_IsNot(string there, string wanted, string question, int status)
    {
        _answers = [[.. "false"u8], there == wanted ? [.. "true"u8] : [.. "false"u8]];
        Assert.Equal(status, Ask($"DELETE /api/sessions/{wanted}").StatusCode);
        Assert.Equal([question], _asked);
        Assert.Equal(status == 200 ? ["session 5 is ended by an operator"] : [], _told);
    }

    [Theory]
    [InlineData("""{"url": "http://A.example/x?y=1"}""", "a.example /x?y=1", 200)]
    [InlineData("""{"url": "https://a.example"}""", "a.example /", 200)]
    [InlineData("""{"url": "https://a.example?q"}""", "a.example /?q", 200)]
    [InlineData("""{"url": "ftp://a.example/"}""", "", 400)]
    [InlineData("""{"url": "http:///x"}""", "", 400)]
    [InlineData("""{"url": "http://u@a.example/"}""", "", 400)]
    [InlineData("""{"url": "http://a.example/x#y"}""", "", 400)]
    [InlineData("""{"url": "http://a.example/x y"}""", "", 400)]
    [InlineData("""{"url": "http://a.example/", "url": "http://b.example/"}""", "", 400)]
    [InlineData("""{"url": 5}""", "", 400)]
    [InlineData("""[]""", "", 400)]
    [InlineData("", "", 400)]
    public void Purge_MovesTheStampOfBothSchemes(string body, string key, int status)
    {
        ulong hash = CacheKey.HashOf(Encoding.ASCII.GetBytes(key.Length == 0 ? "a.example /" : key), _trial.Boards.Changes.Hash);
        Assert.Equal(status, Ask("POST /api/cache/purge", body: body).StatusCode);
        long moved = status == 200 ? 1 : 0;
        Assert.Equal((moved, moved), (_trial.Boards.Changes.StampOf(hash), _trial.Boards.Changes.StampOf(CacheKey.UnderOtherScheme(hash))));
        Assert.Equal(moved, _told.Count);
    }

    [Fact]
    public void Server_ShowsWhatAllWorkersHaveCounted()
    {
        for (int worker = 0; worker < 2; worker++)
        {
            LatencyRow row = _trial.Boards.Latencies.Find(TallyNames.OfServer("app", "a"), worker)!;
            row.CountStatus(200);
            row.CountStatus(503);
            row.Add(40);
            row.Show(Tally.Idle, 3);
            row.Count(Tally.Retried);
        }
        JsonElement server = JsonOf(Ask("GET /api/servers/app/a")).GetProperty("server");
        Assert.Equal((2, 0, 2), (server.GetProperty("responses").GetProperty("2xx").GetInt32(),
            server.GetProperty("responses").GetProperty("4xx").GetInt32(), server.GetProperty("responses").GetProperty("5xx").GetInt32()));
        Assert.Equal((2, 6), (server.GetProperty("retried").GetInt32(), server.GetProperty("connections").GetProperty("idle").GetInt32()));
        Assert.Equal((2, 40.0), (server.GetProperty("latency").GetProperty("count").GetInt32(),
            server.GetProperty("latency").GetProperty("mean_ms").GetDouble()));
        JsonElement upstream = JsonOf(Ask("GET /api/upstreams")).GetProperty("upstreams")[0];
        Assert.Equal((2, 2), (upstream.GetProperty("servers").GetInt32(), upstream.GetProperty("responses").GetProperty("2xx").GetInt32()));
    }

    [Fact]
    public void Config_IsTheFileAsItWasRead() =>
        Assert.Equal(_trial.Text, Encoding.UTF8.GetString(Ask("GET /api/config").Body.Span));

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

    /// <summary>Who may write the file of a Unix socket is somebody on this machine; a token is needed there, too.</summary>
    [Fact]
    public void UnixSocket_IsThisMachine()
    {
        Assert.Equal(200, Ask("GET /api/servers", host: "localhost", peer: "unix").StatusCode);
        Assert.Equal(403, Ask("GET /api/servers", "Origin: http://evil.example", host: "localhost", peer: "unix").StatusCode);
        Assert.Equal(401, Ask("POST /api/reload", host: "localhost", peer: "unix", authorization: "").StatusCode);
    }

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
        string[] lines =
        [
            "PATCH /api/servers/app/a", "GET /api/servers/app/", "POST /api/reload", "PATCH /api/servers/", "GET /api/", "GET /api/sessions?",
            "DELETE /api/sessions/", "POST /api/cache/purge", "POST /api/drain",
        ];
        for (int i = 0; i < 3000; i++)
        {
            byte[] noise = new byte[random.Next(1, 60)];
            random.NextBytes(noise);
            string text = string.Concat(noise.Select(static value => (char)(0x21 + (value % 0x5E))));
            string body = """{"state": "drain", "weight_percent": 50}"""[..random.Next(41)] + Encoding.Latin1.GetString(noise);
            SmallResponse response = Ask(lines[i % lines.Length] + (i % 3 == 0 ? "" : text), body: body, authorization: $"Bearer {text}");
            Assert.InRange(response.StatusCode, 200, 499);
        }
        Assert.Equal((0, 0, 0), (_told.Count, _reloads, _drains));
    }

    /// <summary>Asks as the session does: by a head that was parsed.</summary>
    private SmallResponse Ask(string line, string field = "X: y", string host = "127.0.0.1:9901", string peer = "127.0.0.1", string body = "",
        string authorization = "Bearer " + Token)
    {
        string fields = $"Host: {host}\r\n{field}\r\n{(authorization.Length > 0 ? $"Authorization: {authorization}\r\n" : "")}\r\n";
        byte[] bytes = Encoding.Latin1.GetBytes($"{line} HTTP/1.1\r\n{fields}");
        var head = new RequestHead(fieldCountMax: 64);
        if (RequestHeadParser.Parse(bytes, new HeadLimits(8192, 64, 4096), head).Status != ParseStatus.Done)
            return SmallHttpText.Plain(400, "as the session says it");
        SmallResponse response = _api.Respond(new SmallRequest(head.MethodKind, head.Target.Of(bytes))
        {
            Peer = peer.Length > 0 && peer != "unix" ? IPAddress.Parse(peer) : null, IsOverUnixSocket = peer == "unix", HeadBytes = bytes,
            Fields = head.Fields, Body = Encoding.Latin1.GetBytes(body),
        });
        return response.Later is { } later ? later.Result : response;
    }

    private static string Ids(SmallResponse response) =>
        string.Join(' ', JsonOf(response).GetProperty("sessions").EnumerateArray().Select(static session => session.GetProperty("id").GetInt32()));

    private (int InForce, int? Operator) LimitAfter(string value)
    {
        JsonElement server = JsonOf(Ask("PATCH /api/servers/app/b", body: $$"""{"max_connections": {{value}}}""")).GetProperty("server");
        JsonElement set = server.GetProperty("operator").GetProperty("max_connections");
        return (server.GetProperty("max_connections").GetInt32(), set.ValueKind == JsonValueKind.Null ? null : set.GetInt32());
    }

    private static JsonElement JsonOf(SmallResponse response)
    {
        using var document = JsonDocument.Parse(response.Body);
        return document.RootElement.Clone();
    }
}
