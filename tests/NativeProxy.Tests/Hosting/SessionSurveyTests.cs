using System;
using System.Collections.Generic;
using System.Linq;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;
using NativeProxy.Foundation;
using NativeProxy.Metrics;
using NativeProxy.Tests.Transport;
using Xunit;

namespace NativeProxy.Tests.Hosting;

/// <summary>What a worker tells an operator of its client connections, and how it ends one.</summary>
public sealed class SessionSurveyTests : IDisposable
{
    private const string Answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    private readonly WorkerUnderTest _test = new();
    private readonly List<Socket> _sockets = [];

    public void Dispose()
    {
        _sockets.ForEach(static socket => socket.Dispose());
        _test.Dispose();
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHo", "reading_head", "client")]
    [InlineData("\r\n", "idle", "client")]
    public async Task ClientThatHasNotAsked_IsWaitedFor(string sent, string state, string waitsFor)
    {
        Client(sent);
        JsonElement session = await One(state);
        Assert.Equal((waitsFor, 0), (session.GetProperty("waits_for").GetString(), session.GetProperty("requests").GetInt32()));
        Assert.Equal(JsonValueKind.Null, session.GetProperty("request").ValueKind);
    }

    [Fact]
    public async Task RequestInFlight_SaysWhereItIs()
    {
        Socket client = Client("GET /x?secret=1 HTTP/1.1\r\nHost: a\r\n\r\n");
        Socket server = Origin();
        server.ReadHead();
        JsonElement session = await One("waiting_for_answer");
        Assert.Equal(("server", "app", "a", 1), (session.GetProperty("waits_for").GetString(), session.GetProperty("upstream").GetString(),
            session.GetProperty("server").GetString(), session.GetProperty("requests").GetInt32()));
        Assert.Equal(1, await Count("server=app/a"));
        Assert.Equal(1, await Count("server=app"));
        Assert.Equal(0, await Count("server=app/b"));
        Assert.Equal(0, await Count("server=ap"));

        server.SendText("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no");
        client.ReadHead();
        await One("sending_answer");
        server.SendText("k");
        await One("idle");
    }

    /// <summary>What its story is told by: what came when, what is awaited until when, over which connection.</summary>
    [Fact]
    public async Task Session_SaysWhatCameWhen_AndWhatEndsIt()
    {
        Socket client = Client("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
        Socket server = Origin();
        server.ReadHead();
        JsonElement session = await One("waiting_for_answer");
        Assert.Equal(("timeouts.response", "GET /x HTTP/1.1\r\nHost: a\r\n\r\n".Length, 0), (Deadlines(session),
            session.GetProperty("bytes_received").GetInt32(), session.GetProperty("bytes_sent").GetInt32()));
        Assert.Equal(session.GetProperty("client").GetString(), session.GetProperty("peer").GetString());
        JsonElement connection = session.GetProperty("server_connection");
        Assert.True(connection.GetProperty("id").GetInt64() > 0);
        Assert.Equal(1, connection.GetProperty("uses").GetInt32());
        JsonElement request = session.GetProperty("request");
        long[] ages = [.. new[] { "age_ms", "head_read_ms", "server_chosen_ms", "sent_ms" }.Select(name => request.GetProperty(name).GetInt64())];
        Assert.Equal(ages.OrderDescending(), ages);
        Assert.Equal(JsonValueKind.Null, request.GetProperty("answered_ms").ValueKind);
        Assert.InRange(session.GetProperty("deadlines")[0].GetProperty("left_ms").GetInt64(), 1, 60_000);

        server.SendText("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no");
        client.ReadHead();
        Assert.Equal(JsonValueKind.Number, (await One("sending_answer")).GetProperty("request").GetProperty("answered_ms").ValueKind);
        server.SendText("k");
        session = await One("idle");
        Assert.Equal("keepalive.timeout", Deadlines(session));
        Assert.Equal(JsonValueKind.Null, session.GetProperty("server_connection").ValueKind);
        client.SendText("GET / HTTP/1.1\r\nHo");
        Assert.Equal("timeouts.request_header", Deadlines(await One("reading_head")));
    }

    [Fact]
    public async Task OneSession_IsAskedForByItsNumber()
    {
        for (int i = 0; i < 3; i++)
            Client("\r\n");
        await One("idle", among: 3);
        foreach (long id in await Ids(""))
            Assert.Equal([id], await Ids($"id={id}"));
        Assert.Empty(await Ids("id=987654321"));
        Assert.Equal(3, await Count(""));
    }

    [Fact]
    public async Task BodyThatIsAwaited_IsTheClients()
    {
        Client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nab");
        Origin().ReadHead();
        Assert.Equal("client", (await One("reading_body")).GetProperty("waits_for").GetString());
    }

    [Fact]
    public async Task Order_SaysWhichComeFirst()
    {
        for (int i = 0; i < 5; i++)
            Client("\r\n");
        await One("idle", among: 5);
        long[] newest = await Ids("order=newest");
        Assert.Equal(newest.OrderDescending(), newest);
        Assert.Equal(newest.Reverse(), await Ids("order=oldest"));
        Assert.Equal(newest[..2], await Ids("count=2"));
        Assert.Equal(newest.Reverse().Take(3), await Ids("order=oldest&count=3"));
        Assert.Equal(5, (await Ids("order=longest")).Length);
        Assert.Empty(await Ids("client=10.0.0.1"));
        Assert.Equal(5, await Count("client=127.0.0.0/8"));
        Assert.Empty(await Ids("listener=other"));
        Assert.Empty(await Ids("state=tunnel"));
    }

    /// <summary>A reload takes connections over one by one, the newest first: their order at the listener is none of age.</summary>
    [Fact]
    public async Task Order_IsThatOfAge_AfterAReload()
    {
        for (int i = 0; i < 4; i++)
            Client("\r\n");
        await One("idle", among: 4);
        await _test.Reload().WaitAsync(LoopUnderTest.Deadline);
        for (int i = 0; i < 2; i++)
            Client("\r\n");
        await One("idle", among: 6);
        long[] oldest = await Ids("order=oldest");
        Assert.Equal(oldest.Order(), oldest);
        Assert.Equal(oldest[..2], await Ids("order=oldest&count=2"));
        Assert.Equal(oldest.Reverse().Take(3), await Ids("order=newest&count=3"));
    }

    [Fact]
    public async Task IdleSession_IsEndedInOrder()
    {
        Socket client = Client("\r\n");
        await End(await One("idle"), isThere: true);
        Assert.Equal(SocketError.Success, client.ReadToError());
        client.Dispose();
        await Deadline(() => _test.Counter(CloseCounters.Of(CloseReason.EndedByOperator)) == 1);
    }

    [Fact]
    public async Task BusySession_IsCut_AndItsServerConnectionToo()
    {
        Socket client = Client("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        Socket server = Origin();
        server.ReadHead();
        await End(await One("waiting_for_answer"), isThere: true);
        Assert.Equal(SocketError.Success, client.ReadToError());
        Assert.Equal(SocketError.ConnectionReset, server.ReadToError());
        await Deadline(() => _test.Counter(CloseCounters.Of(ServerCloseReason.EndedByOperator)) == 1);
        Assert.Equal(1, _test.Counter(CloseCounters.Of(CloseReason.EndedByOperator)));
    }

    [Fact]
    public async Task SessionThatIsNotThere_IsNotEnded()
    {
        Client("\r\n");
        await One("idle");
        Assert.Equal("false", Encoding.ASCII.GetString(await Ask("end 999999")));
        Assert.Equal("null", Encoding.ASCII.GetString(await Ask("end x")));
        Assert.Equal("null", Encoding.ASCII.GetString(await Ask("what is this")));
        Assert.Equal(1, await Count(""));
    }

    /// <summary>Connections come and go, and are ended, while they are looked at in slices.</summary>
    [Fact]
    public async Task ManySurveys_WhileConnectionsComeAndGo_FindWhoStays()
    {
        for (int i = 0; i < 300; i++)
            Client("\r\n");
        await One("idle", among: 300);
        Task<byte[]>[] asked = new Task<byte[]>[40];
        for (int i = 0; i < asked.Length; i++)
        {
            asked[i] = _test.Worker.Ask($"sessions count=1000&order={(i % 3 == 0 ? "oldest" : i % 3 == 1 ? "newest" : "longest")}");
            for (int j = 0; j < 5; j++)
                _sockets[(i * 5) + j].Dispose();
            Client("\r\n");
        }
        foreach (Task<byte[]> answer in asked)
            Assert.InRange(Sessions(await answer).Length, 100, 345);
        await One("idle", among: 140);
    }

    [Fact]
    public async Task DrainingWorker_StillAnswers()
    {
        Client("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        Origin().ReadHead();
        _test.Worker.BeginDrain();
        await One("waiting_for_answer");
        Origin(Answer);
    }

    private Socket Client(string sent)
    {
        Socket client = _test.Client();
        _sockets.Add(client);
        client.SendText(sent);
        return client;
    }

    private Socket Origin()
    {
        Socket server = _test.AcceptAtOrigin();
        _sockets.Add(server);
        return server;
    }

    /// <summary>The last server connection answers.</summary>
    private void Origin(string answer) => _sockets[^1].SendText(answer);

    private Task<byte[]> Ask(string question) => _test.Worker.Ask(question).WaitAsync(LoopUnderTest.Deadline);

    private async Task<JsonElement[]> Ask(string query, bool isList) => isList ? Sessions(await Ask($"sessions {query}")) : [];

    private async Task<int> Count(string query) => (await Ask(query, isList: true)).Length;

    private async Task<long[]> Ids(string query) =>
        [.. (await Ask(query, isList: true)).Select(static session => session.GetProperty("id").GetInt64())];

    private async Task End(JsonElement session, bool isThere) =>
        Assert.Equal(isThere ? "true" : "false", Encoding.ASCII.GetString(await Ask($"end {session.GetProperty("id").GetInt64()}")));

    /// <summary>Waits until so many are in this state, and all there are.</summary>
    private async Task<JsonElement> One(string state, int among = 1)
    {
        JsonElement[] seen = [];
        await Deadline(async () =>
        {
            seen = await Ask("count=1000", isList: true);
            return seen.Length == among && Array.TrueForAll(seen, session => session.GetProperty("state").GetString() == state);
        });
        return seen[0];
    }

    private static Task Deadline(Func<bool> isMet) => Deadline(() => Task.FromResult(isMet()));

    private static async Task Deadline(Func<Task<bool>> isMet)
    {
        long until = Environment.TickCount64 + (long)LoopUnderTest.Deadline.TotalMilliseconds;
        while (!await isMet())
            Assert.True(Environment.TickCount64 < until, "what is awaited does not come");
    }

    private static string Deadlines(JsonElement session) =>
        string.Join(' ', session.GetProperty("deadlines").EnumerateArray().Select(static one => one.GetProperty("key").GetString()));

    private static JsonElement[] Sessions(byte[] answer)
    {
        using var document = JsonDocument.Parse(answer);
        return [.. document.RootElement.Clone().EnumerateArray()];
    }
}
