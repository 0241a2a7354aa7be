using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using NativeProxy.Admin;
using NativeProxy.Caching;
using NativeProxy.Config;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Tests.Http1;
using NativeProxy.Tests.Upstreams;
using NativeProxy.Upstreams.Board;
using Xunit;
using Xunit.Abstractions;

namespace NativeProxy.Tests.Admin;

/// <summary>
/// Made-up requests against all that the operator's endpoint has, judged by a second reading of their heads as text: whoever is a stranger, or shows
/// no right token, has changed nothing, and whatever comes is answered as the manual says. See <see cref="AdminFuzz"/>.
/// </summary>
public sealed class AdminFuzzTests : IDisposable
{
    private const string WriteToken = "0123456789abcdef0123456789abcdef";
    private const string ReadToken = "only-for-reading-0123";

    private static readonly (string Method, string Path, string Body)[] Known =
    [
        ("PATCH", "/api/servers/app/a", """{"state": "drain"}"""), ("PATCH", "/api/servers/app/b", """{"state":"ready","weight_percent":50}"""),
        ("PATCH", "/api/servers/app/b", """{"state": "maintenance"}"""), ("PATCH", "/api/servers/app/a", """{"weight_percent": 7}"""),
        ("PATCH", "/api/servers/app/a", """{"max_connections": 20}"""), ("PATCH", "/api/servers/app/b", """{"max_connections": null}"""),
        ("GET", "/api/servers/app/a", ""), ("GET", "/api", ""), ("GET", "/api/status", ""), ("GET", "/api/servers", ""),
        ("POST", "/api/reload", ""), ("POST", "/api/drain", ""), ("POST", "/api/upgrade", ""), ("GET", "/api/config", ""),
        ("POST", "/api/cache/purge", """{"url": "http://a.example/x?y=1"}"""), ("GET", "/api/sessions", ""), ("DELETE", "/api/sessions/5", ""),
        ("POST", "/api/sessions/5/end", ""), ("GET", "/api/listeners", ""), ("GET", "/api/upstreams", ""), ("GET", "/api/routes", ""),
        ("GET", "/api/counters", ""), ("GET", "/api/certificates", ""), ("GET", "/api/tables", ""), ("GET", "/api/limits", ""),
        ("GET", "/api/errors", ""), ("POST", "/api/recording", """{"client": "127.0.0.1", "bodies": true, "seconds": 5}"""),
        ("POST", "/api/recording", """{"upstream": "app", "server": "a", "connections": 3, "bytes": 4096}"""),
        ("POST", "/api/recording/take", ""), ("POST", "/api/recording/stop", ""), ("GET", "/health", ""), ("GET", "/metrics", ""),
        ("GET", "/closes", ""), ("GET", "/", ""), ("GET", "/api/events", ""), ("GET", "/api/sessions/5", ""),
    ];

    /// <summary>Which requests may change anything at all.</summary>
    private static readonly Regex Changes = new(
        @"\A(PATCH /api/servers/app/[ab]|POST /api/(reload|drain|upgrade|cache/purge|recording|recording/take|recording/stop)"
        + @"|DELETE /api/sessions/[0-9]+|POST /api/sessions/[0-9]+/end)\z",
        RegexOptions.CultureInvariant);

    private static readonly Regex OwnHost = new(
        @"\A(localhost|[0-9]+(\.[0-9]+){3}|\[[0-9a-f:.]+\])(:[0-9]+)?\z", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase);

    /// <summary>What <see cref="Secured"/> is for; the last part of the second by a wildcard.</summary>
    private static readonly Regex OwnName = new(
        @"\A(site\.example|[0-9a-z-]+\.wild\.example)(:[0-9]+)?\z", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase);

    private static readonly EndpointSecurity Secured = new(null!, ["site.example", "*.wild.example", "192.0.2.1"]);

    private static readonly string[] Methods =
        ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get", "PATCHX", "M-SEARCH", "POST\0"];

    private static readonly string[] Queries =
    [
        "", "?", "?x", "?count=5", "?count=1001", "?order=oldest&count=2", "?query=shown", "?qu%65ry=shown", "?query=show%6e", "?query=shown&query=x",
        "?client=10.0.0.0/8", "?client=::1%251", "?client=%", "?state=idle", "?state=IDLE", "?listener=%00", "?server=app/a&&&", "?count=%EF%BC%95",
        "?server=%ed%a0%80", "?listener=" + "%41", "?=", "?/api/reload", "??", "?client=1/1", "?client=[::1]/128", "?count=-1&order", "?every=3",
    ];

    private static readonly string[] Hosts =
    [
        "localhost", "127.0.0.1", "[::1]:9901", "rebound.example", "rebound.example:9901", "localhost.example", "localhost.", "127.0.0.1.example",
        "", "0x7f.1", "2130706433", "127.1", "localhost:x", "localhost@rebound.example", "[::1", "[::1%25lo]", "LOCALHOST:99999", "*:80",
        "/tmp/socket", "[localhost]", "127.0.0.1\t:80", "[::ffff:127.0.0.1]", "evil\0localhost", "127.0.0.1,rebound.example", "-", "xn--localhost",
        "site.example", "Site.Example:9901", "a.wild.example", "a.b.wild.example", ".wild.example", "wild.example", "*.wild.example", "site.example.",
        "site.example:9901.evil.example", "evil.site.example", "a.wild.example.evil.example",
    ];

    private static readonly string[] Origins =
    [
        "http://127.0.0.1:9901", "http://localhost", "https://127.0.0.1:9901", "http://evil.example", "null", "http://127.0.0.1:9901.evil.example",
        "http://127.0.0.1:9901/", "HTTP://127.0.0.1:9901", "http://127.0.0.1:99", "file://", "http://127.0.0.1:9901 http://evil.example", "http://",
        "https://site.example", "https://a.wild.example", "http://site.example", "https://",
    ];

    private static readonly string[] Sites = ["none", "same-origin", "same-site", "cross-site", "NONE", "", "none, cross-site", "x"];

    private static readonly string[] Credentials =
    [
        "Bearer " + WriteToken, "bearer   " + WriteToken + "  ", "Bearer " + ReadToken, "Bearer\t" + WriteToken, "Bearer", "Bearer ", WriteToken,
        "Basic " + WriteToken, "Bearer " + WriteToken + WriteToken, "Bearer " + WriteToken[..^1], "Bearer " + WriteToken + ", Bearer " + WriteToken,
        "Bearer " + WriteToken + "\0", "Bearer x" + WriteToken, "BEARER " + WriteToken, "Bearer \"" + WriteToken + "\"",
        "Bearer %30" + WriteToken[1..],
    ];

    private static readonly string[] Values =
    [
        "1e999", "99999999999999999999999", "-0", "1E2", "0.5e2", "00", "1.0", "101", "0", "null", "true", "\"\"", "[]", "{}", "\"\\ud800\"",
        "\"\\udc00\\ud800\"", "\"\xed\xa0\x80\"", "\"\xff\"", "\"\\u0000\"", "\"\\u0064rain\"", "\"drain\\u0000\"", "\"fe80::1%5\"", "\"1.2.3.4/33\"",
        "\"::/0\"", "\"1\"", "\"::1/-1\"", "\"ftp://a/\"", "\"http://[::1]:x/\"", "\"http://a\\r\\nb/\"", "\"http://\\u00e4/\"", "NaN",
        "9223372036854775808",
    ];

    private static readonly string[] Names = ["\"\\ud800\":", "\"\":", "\"State\":", "\"\xff\":", "\"a\\u001b[2Jb\":", "\"a\\nb\":"];

    private readonly ITestOutputHelper _output;
    private readonly string _writeFile = Path.GetTempFileName();
    private readonly string _readFile = Path.GetTempFileName();
    private readonly ServerBoard _servers = ServersOnBoard.NewBoard();
    private readonly AdminTrial _trial = new();
    private readonly AdminRoutes _routes;
    private readonly List<string> _told = [];
    private readonly List<string> _ended = [];
    private readonly HashSet<int> _seen = [];
    private IReadOnlyList<byte[]>? _answers = [];
    private int _reloads;
    private int _upgrades;
    private int _drains;
    private int _changes;

    public AdminFuzzTests(ITestOutputHelper output)
    {
        _output = output;
        File.WriteAllText(_writeFile, WriteToken + "\n");
        File.WriteAllText(_readFile, ReadToken + "\n");
        _servers.Publish(ServersOnBoard.SettingsOf("a1 b1"));
        _routes = new AdminRoutes(_trial.Boards with { Servers = _servers }, _trial.State,
            new AdminPowers(static _ => null, _told.Add, () => _reloads++, () => _upgrades++)
            {
                Say = _told.Add,
                Drain = () => _drains++,
                AskWorkers = question =>
                {
                    if (!question.StartsWith(WorkerQuestion.Sessions + " ", StringComparison.Ordinal))
                        _ended.Add(question);
                    return Task.FromResult<IReadOnlyList<byte[]>?>(_answers);
                },
            },
            TimeProvider.System);
    }

    public void Dispose()
    {
        File.Delete(_writeFile);
        File.Delete(_readFile);
    }

    [Fact]
    public void AnyRequest_IsAnswered_AndChangesWhatItMayOnly()
    {
        bool isWhole = AdminFuzz.Run(_output, 3, (random, _) =>
        {
            byte[] bytes = Wire.Bytes(HeadOf(random, out string body));
            if (random.Percent(15))
                bytes = AdminFuzz.Mutate(bytes, random);
            _trial.State.Tokens = random.Next(8) switch
            {
                0 => AdminTokens.None,
                1 or 2 => new AdminTokens(_readFile, _writeFile),
                3 => new AdminTokens(_readFile, ""),
                _ => new AdminTokens("", _writeFile),
            };
            _trial.State.IsDraining = random.Percent(5);
            _answers = random.One<IReadOnlyList<byte[]>?>([null, [], [[]], [[.. "true"u8]], [[.. "false"u8], [.. "true"u8]], [[.. "false"u8]]]);
            IPAddress? peer = random.Percent(92) ? IPAddress.Loopback : random.One([IPAddress.Parse("10.0.0.1"), IPAddress.IPv6Any, null]);
            bool isUnix = random.Percent(5);
            Try(bytes, Wire.Bytes(body), peer, isUnix, !isUnix && random.Percent(30) ? Secured : null);
        });
        _output.WriteLine($"{_changes} changes, {_told.Count} lines, answers {string.Join(' ', _seen.Order())}");
        if (isWhole)
            Assert.True(_changes > 10 && _seen.IsSupersetOf([200, 202, 400, 401, 403, 404, 405, 503]), "the requests do not reach everything");
    }

    /// <summary>Asks, and looks at what came of it.</summary>
    private void Try(byte[] bytes, byte[] body, IPAddress? peer, bool isUnix, EndpointSecurity? security)
    {
        var head = new RequestHead(fieldCountMax: 64);
        ParseOutcome outcome = RequestHeadParser.Parse(bytes, new HeadLimits(8192, 64, 4096), head);
        if (outcome.Status != ParseStatus.Done)
            return;
        string text = Wire.Text(bytes.AsSpan(0, outcome.ConsumedBytes)).TrimStart('\r', '\n');
        string before = Fingerprint();
        int told = _told.Count;
        var request = new SmallRequest(head.MethodKind, head.Target.Of(bytes))
        {
            Peer = peer, IsOverUnixSocket = isUnix, Security = security, HeadBytes = bytes, Fields = head.Fields, Body = body,
        };
        SmallResponse? refusal = _routes.RefusalOf(request);
        Check(before == Fingerprint(), "asked whether it may, it did", text, body);
        SmallResponse response = _routes.Respond(request);
        response = response.Later is { } later ? later.GetAwaiter().GetResult() : response;
        int toldBytes = FirstOf(response);
        bool isChanged = before != Fingerprint();
        _changes += isChanged ? 1 : 0;
        _seen.Add(response.StatusCode);
        string what = $"{response.StatusCode}{(isChanged ? ", changed" : "")}, from {peer} {isUnix} {security is not null}, {_trial.State.Tokens}";

        Check(refusal is null || refusal.Value.StatusCode == response.StatusCode, $"{what}: refused as {refusal?.StatusCode}", text, body);
        Check(response.Stream is null || (toldBytes > 0 && response.StatusCode == 200), $"{what}: a stream of {toldBytes} bytes", text, body);
        CheckAnswer(response, what, text, body);
        CheckPermission(response, isChanged, isUnix || (peer is not null && IPAddress.IsLoopback(peer)), security is not null, what, text, body);
        for (int i = told; i < _told.Count; i++)
            Check(_told[i].All(static sign => sign is >= ' ' and <= '~'), $"said: {_told[i]}", text, body);
        if (response.StatusCode == 200 && text.StartsWith("PATCH", StringComparison.Ordinal))
            CheckServer(text, body);
    }

    /// <summary>What a stream says first. It ends then, as that of a client that has gone.</summary>
    private static int FirstOf(in SmallResponse response)
    {
        using SmallStream? stream = response.Stream;
        return stream?.NextAsync(default).GetAwaiter().GetResult().Length ?? 0;
    }

    private static void CheckAnswer(in SmallResponse response, string what, string text, byte[] body)
    {
        Check(response.StatusCode is 200 or 202 or 299 or 400 or 401 or 403 or 404 or 405 or 503, what, text, body);
        Check(Regex.IsMatch(response.Fields, @"\A([A-Za-z-]+: [ -~]+\r\n)*\z"), $"{what}: fields {response.Fields}", text, body);
        Check(response.Stream is not null || response.Body.Length is > 0 and < 1_000_000, what, text, body);
        string answer = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(response.Body.Span);
        if (response.ContentType == "application/json")
            JsonDocument.Parse(answer, new JsonDocumentOptions { AllowDuplicateProperties = false }).Dispose();
        else if (response.StatusCode >= 400)
            Check(!answer[..^1].Any(char.IsControl) && answer[^1] == '\n', $"{what}: {answer}", text, body);
    }

    /// <summary>A second reading of the head: by lines of text, and by what the manual promises.</summary>
    private void CheckPermission(in SmallResponse response, bool isChanged, bool isHere, bool isSecured, string what, string text, byte[] body)
    {
        string[] line = text[..text.IndexOf('\r', StringComparison.Ordinal)].Split(' ');
        string path = line[1].Split('?')[0];
        bool isRead = line[0] is "GET" or "HEAD";
        string[] hosts = Fields(text, "host");
        string[] origins = Fields(text, "origin");
        string[] sites = Fields(text, "sec-fetch-site");
        bool isNamed = isSecured && hosts.Length == 1 && OwnName.IsMatch(hosts[0]);
        bool isStranger = (!isHere && !isSecured) || hosts.Length != 1 || !(OwnHost.IsMatch(hosts[0]) || isNamed) || origins.Length > 1
            || sites.Length > 1 || origins.Any(origin => origin.Length > 0 && origin != (isSecured ? "https://" : "http://") + hosts[0])
            || sites.Any(static site => site is not ("" or "none" or "same-origin"));
        bool holdsWrite = _trial.State.Tokens.WriteFile.Length > 0 && Shows(text, WriteToken);
        bool holdsAny = holdsWrite || (_trial.State.Tokens.ReadFile.Length > 0 && Shows(text, ReadToken));
        bool isOk = response.StatusCode is 200 or 202;

        if (path == "/api" || path.StartsWith("/api/", StringComparison.Ordinal))
        {
            Check(!isStranger || response.StatusCode == 403, $"{what}: to a stranger", text, body);
            Check(isRead || holdsWrite || response.StatusCode is 401 or 403, $"{what}: without the token", text, body);
            bool isTrusted = isHere && !(isNamed && hosts[0].Contains("wild", StringComparison.OrdinalIgnoreCase));
            Check(isTrusted || holdsAny || response.StatusCode is 401 or 403, $"{what}: from elsewhere, without any token", text, body);
        }
        bool needsAny = path == "/api/config" || (path == "/api/sessions" && line[1].Split('?', '&').Skip(1).Any(static part =>
            part.StartsWith("query=", StringComparison.Ordinal))) || (_trial.State.Tokens.ReadFile.Length > 0 && path is not ("/health" or "/"));
        Check(!isOk || !needsAny || holdsAny, $"{what}: without any token", text, body);
        Check(!isChanged || (!isStranger && holdsWrite && Changes.IsMatch($"{line[0]} {path}")), $"{what}: not to be changed", text, body);
        Check(!isChanged || isOk || (_ended.Count > 0 && path.StartsWith("/api/sessions/", StringComparison.Ordinal)),
            $"{what}: said no, and did it", text, body);
    }

    /// <summary>What was taken is what the body says to anybody who reads JSON strictly, and it stands on the board.</summary>
    private void CheckServer(string text, byte[] body)
    {
        ServerSlot server = _servers.Current.Single(one => text.Contains($" /api/servers/app/{one.Server}", StringComparison.Ordinal));
        using var document = JsonDocument.Parse(body, new JsonDocumentOptions { AllowDuplicateProperties = false });
        foreach (JsonProperty property in document.RootElement.EnumerateObject())
        {
            string shown = property.Name switch
            {
                "state" => OperatorStates.NameOf(server.Operator),
                "weight_percent" => $"{server.OperatorPercent}",
                "max_connections" => property.Value.ValueKind == JsonValueKind.Null ? "" : $"{server.Limit.InForce}",
                _ => "nothing",
            };

            // -0 is a number, and 0 (RFC 8259 6).
            string said = property.Value.ValueKind == JsonValueKind.Number && property.Value.TryGetInt32(out int number)
                ? $"{number}" : property.Value.ToString();
            Check(shown == said, $"{shown} is set", text, body);
        }
        Check(server.OperatorPercent is >= 1 and <= 100, "a weight", text, body);
    }

    private bool Shows(string text, string token) => Fields(text, "authorization") is [var shown]
        && shown.StartsWith("bearer ", StringComparison.OrdinalIgnoreCase) && shown["bearer ".Length..].Trim(' ') == token;

    private static string[] Fields(string text, string name) =>
        [.. text.Split("\r\n").Skip(1).Where(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))
            .Select(line => line[(name.Length + 1)..].Trim(' ', '\t'))];

    /// <summary>All that a request could have changed.</summary>
    private string Fingerprint()
    {
        ulong page = CacheKey.HashOf("a.example /x?y=1"u8, _trial.Boards.Changes.Hash);
        return string.Join(',', _servers.Current.Select(static server => $"{server.Operator} {server.OperatorPercent} {server.ChangedAtMs}"))
            + $" {_told.Count} {_reloads} {_upgrades} {_drains} {_ended.Count} {_trial.Boards.Changes.StampOf(page)} "
            + $"{_trial.Boards.Recordings.Order.Number} {_trial.State.IsDraining}";
    }

    private static void Check(bool isFine, string what, string text, byte[] body)
    {
        if (!isFine)
            Assert.Fail($"{what}: {Wire.Show(Wire.Bytes(text))} {Wire.Show(body)}");
    }

    private static string HeadOf(Random random, out string body)
    {
        (string method, string path, body) = random.One(Known);
        bool isFriend = random.Percent(40);
        if (random.Percent(25))
            method = random.One(Methods);
        if (random.Percent(30))
            path = PathLike(path, random);
        if (random.Percent(40))
            path += random.Percent(80) ? random.One(Queries) : AdminFuzz.Mutate(random.One(Queries) + "&x", random);
        if (random.Percent(50))
            body = BodyLike(body, random);
        List<string> fields = [$"Host: {(isFriend || random.Percent(60) ? "127.0.0.1:9901" : random.One(Hosts))}"];
        if (isFriend || random.Percent(70))
            fields.Add($"Authorization: {(isFriend || random.Percent(50) ? Credentials[0] : random.One(Credentials))}");
        if (!isFriend && random.Percent(10))
            fields.Add($"authorization: {random.One(Credentials)}");
        for (int i = isFriend ? 0 : random.Next(3); i > 0; i--)
        {
            if (random.Percent(50))
                fields.Add($"{random.One(["Origin", "ORIGIN"])}: {random.One(Origins)}");
            if (random.Percent(50))
                fields.Add($"{random.One(["Sec-Fetch-Site", "sec-fetch-site"])}: {random.One(Sites)}");
            if (random.Percent(5))
                fields.Add($"Host: {random.One(Hosts)}");
            if (random.Percent(20))
                fields.Add(random.One(["X-HTTP-Method-Override: POST", "X-Original-URL: /api/reload", "Accept: text/html"]));
        }
        return $"{method} {path} HTTP/1.{(random.Percent(90) ? 1 : 0)}\r\n{string.Join("\r\n", fields.OrderBy(_ => random.Next()))}\r\n\r\n";
    }

    private static string PathLike(string path, Random random)
    {
        int place = random.Next(path.Length);
        return random.Next(10) switch
        {
            0 => path[..place] + $"%{(int)path[place]:X2}" + path[(place + 1)..],
            1 => path.Replace("/", "//", StringComparison.Ordinal),
            2 => path[..place] + random.One(["%00", "\0", "%2f", "%2F..", ";x", "/./", "/../", "%", "%zz", "#", "\\", "%ed%a0%80"]) + path[place..],
            3 => path + random.One(["/", "//", "/.", "/..", "/end", "/5", "%20", "."]),
            4 => path.ToUpperInvariant(),
            5 => random.One(["http://127.0.0.1:9901", "http://evil.example", "HTTP://localhost", "//", "/x/..", "*"]) + path,
            6 => path + "/" + new string(random.One("a/%.0".ToCharArray()), random.One([10, 3000, 4090, 9000])),
            7 => "/api/servers/" + random.One(["app/a/", "/app/a", "app%2fa", "app/A", "app/a b", "a", "app", "../servers/app/a", "b/app"]),
            8 => "/api/sessions/" + random.One(["0", "-1", "+5", "9223372036854775808", "5 ", "\u0665", "5/end/end", "end", "/end"]),
            _ => AdminFuzz.Mutate(path, random),
        };
    }

    private static string BodyLike(string body, Random random)
    {
        if (body.Length == 0 || random.Percent(10))
            body = random.One(Known).Body;
        return random.Next(10) switch
        {
            0 => string.Concat(Enumerable.Repeat(random.One(["[", "{\"state\":", "{\"url\":[", "\""]), random.One([3, 60, 2000]))) + body,
            1 when body.Length > 2 => body[..^1] + "," + body[1..],
            2 or 3 => Regex.Replace(body, @"(?<=: ?)(""[^""]*""|[0-9a-z]+)", _ => random.One(Values)),
            4 => Regex.Replace(body, @"""([a-z])([a-z_]*)"":", match => $"\"\\u{(int)match.Groups[1].Value[0]:x4}{match.Groups[2].Value}\":"),
            5 => Regex.Replace(body, @"""[a-z_]+"":", _ => random.One(Names)),
            6 => random.One(["\xef\xbb\xbf", " \n", "/* */", "\0", "{}", "[1] "]) + body,
            7 => body + random.One(["\0", "{}", ",", "//", "]", " \t\r\n", "\u001a"]),
            8 => body[..random.Next(body.Length + 1)],
            _ => AdminFuzz.Mutate(body, random),
        };
    }
}
