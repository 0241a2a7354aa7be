using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.Admin;
using NativeProxy.Tests.Hosting;
using NativeProxy.Tests.Pipes;
using NativeProxy.Tests.Transport;
using Xunit;

namespace NativeProxy.Tests.Admin;

/// <summary>The stream of events: what it tells and when, to how many, and how it ends. The test moves the clock.</summary>
public sealed class EventStreamTests : IDisposable
{
    private const string Token = "only-for-reading-0123";
    private const string Fields = "Host: 127.0.0.1\r\n";

    private static readonly string[] All = ["status", "servers", "listeners", "counters", "closes", "certificates", "sessions", "tick"];

    private readonly ManualTime _time = new();
    private readonly AdminTrial _trial = new();
    private readonly string _tokenFile = Path.GetTempFileName();
    private readonly Socket _listening = Peers.Listen();
    private readonly SmallHttpServer _server;
    private readonly List<Socket> _clients = [];
    private Func<Task<IReadOnlyList<byte[]>?>> _answer = static () => Task.FromResult<IReadOnlyList<byte[]>?>([[.. "[]"u8]]);
    private int _askedCount;

    public EventStreamTests() => _server = SmallHttpServer.Start(_listening,
        new AdminRoutes(_trial.Boards, _trial.State, new AdminPowers(static _ => null, static _ => { }, static () => { }, static () => { })
        {
            AskWorkers = _ =>
            {
                Interlocked.Increment(ref _askedCount);
                return _answer();
            },
        }, _time),
        placesMax: 64, _time);

    public void Dispose()
    {
        _clients.ForEach(static client => client.Dispose());
        _server.Dispose();
        File.Delete(_tokenFile);
    }

    [Theory]
    [InlineData("HTTP/1.1")]
    [InlineData("HTTP/1.0")]
    public async Task Stream_BeginsWithAll_ThenTellsWhatChanges(string version)
    {
        Socket client = Ask(version: version);
        string head = client.ReadHead();
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", head, StringComparison.Ordinal);
        Assert.Contains("\r\nContent-Type: text/event-stream\r\n", head, StringComparison.Ordinal);
        Assert.Contains("\r\nCache-Control: no-store\r\n", head, StringComparison.Ordinal);
        Assert.Contains("\r\nConnection: close\r\n", head, StringComparison.Ordinal);
        Assert.DoesNotContain("Content-Length", head, StringComparison.Ordinal);
        Dictionary<string, JsonElement> first = Told(client);
        Assert.Equal(All, first.Keys);
        Assert.Equal(2, first["servers"].GetProperty("servers").GetArrayLength());
        Assert.Equal("web", first["listeners"].GetProperty("listeners")[0].GetProperty("listener").GetString());
        Assert.Equal(0, first["tick"].GetProperty("at_ms").GetInt64());

        _trial.State.IsDraining = true;
        await Advance(1000);
        Dictionary<string, JsonElement> second = Told(client);
        Assert.Equal(["status", "tick"], second.Keys);
        Assert.True(second["status"].GetProperty("draining").GetBoolean());
        Assert.Equal(1000, second["tick"].GetProperty("at_ms").GetInt64());
        await Advance(2000);
        Assert.Equal(["tick"], Told(client).Keys);
    }

    [Fact]
    public async Task ManyStreams_CostAsMuchAsOne()
    {
        for (int i = 0; i < EventFeed.StreamsMax; i++)
        {
            Socket client = Ask();
            client.ReadHead();
            Told(client);
        }
        Assert.Equal(1, _askedCount);
        for (int tick = 1; tick <= 4; tick++)
        {
            await Waiting.Until(() => _time.DueCount(tick * 1000) == EventFeed.StreamsMax, () => "all streams to wait");
            _time.AdvanceTo(tick * 1000);
            _clients.ForEach(static client => Told(client));
        }
        Assert.InRange(_askedCount, 1, 3);
    }

    [Fact]
    public async Task OneStreamTooMany_IsRefused_AndOthersAreAnswered()
    {
        for (int i = 0; i < EventFeed.StreamsMax; i++)
            Ask().ReadHead();
        string refusal = Encoding.ASCII.GetString(Ask(fields: "Connection: close\r\n").ReadToEnd());
        Assert.StartsWith("HTTP/1.1 503 ", refusal, StringComparison.Ordinal);
        Assert.Contains("\r\nRetry-After: 10\r\n", refusal, StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 200 ", Ask("/api/status").ReadHead(), StringComparison.Ordinal);

        // One that leaves is noticed when it is told something.
        _clients[0].Reset();
        for (int tick = 1; ; tick++)
        {
            Socket another = Ask(fields: "Connection: close\r\n");
            if (another.ReadHead().Contains(" 200 ", StringComparison.Ordinal))
                break;
            Assert.True(tick < 20, "the place is not given back");
            await Advance(tick * 1000);
        }
    }

    [Fact]
    public async Task TokenThatIsExchanged_EndsTheStream()
    {
        File.WriteAllText(_tokenFile, Token + "\n");
        _trial.State.Tokens = new AdminTokens(_tokenFile, "");
        Assert.StartsWith("HTTP/1.1 401 ", Ask().ReadHead(), StringComparison.Ordinal);
        Socket client = Ask(fields: $"Authorization: Bearer {Token}\r\n");
        Assert.StartsWith("HTTP/1.1 200 ", client.ReadHead(), StringComparison.Ordinal);
        Told(client);
        await Waiting.Until(() => _time.DueCount(1000) == 1, () => "the stream to wait");
        _time.AdvanceTo(1000);
        Told(client);
        File.WriteAllText(_tokenFile, "another-token-0123456\n");
        await Waiting.Until(() => _time.DueCount(2000) == 1, () => "the stream to wait");
        _time.AdvanceTo(2000);
        Assert.Empty(client.ReadToEnd());
    }

    [Theory]
    [InlineData("GET /api/events?every=0", 400)]
    [InlineData("GET /api/events?every=11", 400)]
    [InlineData("GET /api/events?every=1&every=1", 400)]
    [InlineData("GET /api/events?every=-1", 400)]
    [InlineData("GET /api/events?order=x", 400)]
    [InlineData("GET /api/events?order", 400)]
    [InlineData("GET /api/events?query=shown", 400)]
    [InlineData("GET /api/events?every=10&order=newest", 200)]
    [InlineData("GET /api/events?", 200)]
    [InlineData("HEAD /api/events", 200)]
    [InlineData("POST /api/events", 403)]
    [InlineData("GET /api/events/", 404)]
    public void Question_IsAnsweredWithItsStatus(string line, int status)
    {
        string[] parts = line.Split(' ');
        Assert.StartsWith($"HTTP/1.1 {status} ", Ask(parts[1], method: parts[0]).ReadHead(), StringComparison.Ordinal);
    }

    /// <summary>A stranger is nobody to tell anything, as elsewhere in the API.</summary>
    [Fact]
    public void PageOfAnotherSite_IsRefused() =>
        Assert.StartsWith("HTTP/1.1 403 ", Ask(fields: "Origin: http://evil.example\r\n").ReadHead(), StringComparison.Ordinal);

    [Fact]
    public void Head_GetsTheHeadAlone_AndTakesNoPlace()
    {
        for (int i = 0; i < 2 * EventFeed.StreamsMax; i++)
            Assert.EndsWith("\r\n\r\n", Encoding.ASCII.GetString(Ask(method: "HEAD").ReadToEnd()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Change_IsRefusedWithItsMethod()
    {
        await File.WriteAllTextAsync(_tokenFile, Token);
        _trial.State.Tokens = new AdminTokens("", _tokenFile);
        string head = Ask(method: "POST", fields: $"Authorization: Bearer {Token}\r\n").ReadHead();
        Assert.StartsWith("HTTP/1.1 405 ", head, StringComparison.Ordinal);
        Assert.Contains("\r\nAllow: GET, HEAD\r\n", head, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LongerPauses_AreAskedFor()
    {
        Socket client = Ask("/api/events?every=5");
        client.ReadHead();
        Told(client);
        await Advance(5000);
        Assert.Equal(5000, Told(client)["tick"].GetProperty("at_ms").GetInt64());
        await _time.UntilNextDue(10_000);
    }

    /// <summary>What else there is to tell does not wait for workers that are busy.</summary>
    [Fact]
    public async Task WorkersThatAnswerLate_AreToldLater()
    {
        var late = new TaskCompletionSource<IReadOnlyList<byte[]>?>(TaskCreationOptions.RunContinuationsAsynchronously);
        _answer = () => late.Task;
        Socket client = Ask();
        client.ReadHead();
        await Advance(250);
        Assert.DoesNotContain("sessions", Told(client).Keys);
        late.SetResult([[.. "[]"u8]]);
        await Advance(1000);
        Assert.Contains("sessions", Told(client).Keys);
    }

    [Fact]
    public async Task WorkersThatFail_LeaveTheRestToBeTold()
    {
        _answer = static () => Task.FromException<IReadOnlyList<byte[]>?>(new InvalidOperationException("a test"));
        Socket client = Ask();
        client.ReadHead();
        Assert.DoesNotContain("sessions", Told(client).Keys);
        _answer = static () => Task.FromResult<IReadOnlyList<byte[]>?>([]);
        await Advance(1000);
        Assert.Contains("sessions", Told(client).Keys);
    }

    [Fact]
    public void EndOfTheProcess_EndsTheStreamInOrder()
    {
        Socket client = Ask();
        client.ReadHead();
        Told(client);
        _server.Dispose();
        Assert.Equal(SocketError.Success, client.ReadToError());
    }

    private Socket Ask(string target = "/api/events", string method = "GET", string fields = "", string version = "HTTP/1.1")
    {
        Socket client = Peers.Connect(_listening);
        _clients.Add(client);
        client.SendText($"{method} {target} {version}\r\n{Fields}{fields}\r\n");
        return client;
    }

    /// <summary>All that waits for this time goes on.</summary>
    private async Task Advance(long toMs)
    {
        await _time.UntilNextDue(toMs);
        _time.AdvanceTo(toMs);
    }

    /// <summary>The events up to the next tick, that one included.</summary>
    private static Dictionary<string, JsonElement> Told(Socket client)
    {
        var text = new StringBuilder();
        while (!Regex.IsMatch(text.ToString(), "event: tick\ndata: .*\n\n\\z"))
            text.Append(Encoding.UTF8.GetString(client.ReadExactly(1)));
        var told = new Dictionary<string, JsonElement>();
        foreach (string[] lines in text.ToString().Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(static part => part.Split('\n')))
        {
            if (lines is ["retry: 1000"])
                continue;
            Assert.Equal(2, lines.Length);
            Assert.StartsWith("event: ", lines[0], StringComparison.Ordinal);
            Assert.StartsWith("data: {", lines[1], StringComparison.Ordinal);
            using var document = JsonDocument.Parse(lines[1]["data: ".Length..]);
            told.Add(lines[0]["event: ".Length..], document.RootElement.Clone());
        }
        return told;
    }
}
