using System;
using System.Collections.Generic;
using System.Linq;
using NativeProxy.Buffers;
using NativeProxy.Clients;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Metrics;
using NativeProxy.Tests.Simulation.Network;
using Xunit;

namespace NativeProxy.Tests.Clients.Http1;

/// <summary>Several requests of one client in flight: their answers come in any order and go in that of the requests.</summary>
public sealed class PipelinedAnswersTests
{
    private const string Ok = "HTTP/1.1 200 OK\r\n";

    private static readonly string[] Names = ["a", "b", "c"];

    [Fact]
    public void SafeRequests_BeginBesideEachOther_AndKnowWhatFollowsAndWhoIsAhead()
    {
        using var trial = new ClientTrial("pipelining = 2");
        trial.Ask(Requests(3));
        Assert.Equal(["a begin, more follows", "b begin behind a, more follows"], trial.News());
        Assert.Equal((1, 2), (trial.Count(CounterId.RequestsInParallel), trial.Count(CounterId.RequestsInFlight)));
        Assert.Equal((0, 1), (trial["a"].InputReads, trial["b"].InputReads));
        trial.Respond("a", "Content-Length: 0\r\n");
        Assert.Equal(["a ended", "b drained", "c begin behind b"], trial.News());
        Assert.Null(trial.Leftovers());
    }

    [Theory]
    [InlineData("POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx")]
    [InlineData("DELETE /b HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET /b HTTP/1.0\r\n\r\n")]
    [InlineData("GET /b HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")]
    [InlineData("GET /b HTTP/1.1\r\nHost: a\r\nAuthorization: Negotiate eA==\r\n\r\n")]
    public void RequestThatMayNotRunBesideOthers_WaitsForThem(string second)
    {
        using var trial = new ClientTrial("pipelining = 4");
        trial.Ask(Requests(1) + second);
        Assert.Equal(["a begin, more follows"], trial.News());
        trial.Respond("a", "Content-Length: 0\r\n");
        Assert.Equal("a ended", trial.Events[0]);
        Assert.StartsWith("b begin", trial.Events[1], StringComparison.Ordinal);
        Assert.Null(trial.Leftovers());
    }

    [Fact]
    public void BadRequestBehindOthers_IsRefusedInItsTurn()
    {
        using var trial = new ClientTrial("pipelining = 4");
        SimulatedSocket client = trial.Ask(Requests(1) + "GET /b HTTP/1.1\r\n\r\n");
        Assert.Equal(["a begin, more follows"], trial.News());
        trial.Respond("a", "Content-Length: 0\r\n");
        string answers = trial.Read(client);
        Assert.StartsWith(Ok + "Content-Length: 0\r\n\r\nHTTP/1.1 400 ", answers, StringComparison.Ordinal);
        Assert.Equal("BadRequest", trial.Closes());
        Assert.Null(trial.Leftovers());
    }

    /// <summary>
    /// Each request is answered at once or in two parts, and all parts come in each order: after each, the client has got all of what is given of
    /// the first that is not over, and nothing of those behind it.
    /// </summary>
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void AnswersInAnyOrder_GoInThatOfTheRequests(int count)
    {
        using var trial = new ClientTrial("pipelining = 4");
        int runs = 0;
        for (int parts = 0; parts < 1 << count; parts++)
        {
            int[] steps = [.. Enumerable.Range(0, count).SelectMany(i => Enumerable.Repeat(i, 1 + ((parts >> i) & 1)))];
            foreach (int[] order in Orders(steps))
            {
                RunInOrder(trial, count, parts, order);
                runs++;
            }
        }
        Assert.Equal(count == 2 ? 2 + 3 + 3 + 6 : 6 + (3 * 12) + (3 * 30) + 90, runs);
        Assert.Null(trial.Leftovers());
    }

    [Fact]
    public void WithheldAnswer_PausesItsUserWhenItIsFull_AndGoesOnWhenItsTurnComes()
    {
        using var trial = new ClientTrial("pipelining = 2");
        SimulatedSocket client = trial.Ask(Requests(2));
        string most = new('x', 31_000);
        trial.Respond("b", "Content-Length: 62000\r\n", most, isLast: false);
        Assert.DoesNotContain("b blocked", trial.Events);
        trial.Send("b", most[..2000]);
        Assert.Equal("b blocked", trial.Events[^1]);
        Assert.Equal(trial["b"].Stream.SentBytes, trial.Loop.Pools.LentCount > 0 ? 33_000 + (Ok + "Content-Length: 62000\r\n\r\n").Length : 0);

        trial.Respond("a", "Content-Length: 1\r\n", "a");
        Assert.Equal(["a ended", "b drained"], trial.News()[^2..]);
        trial.Send("b", most[2000..], isLast: true);
        Assert.Equal($"{Ok}Content-Length: 1\r\n\r\na{Ok}Content-Length: 62000\r\n\r\n{most}{most}", trial.Read(client));
        Assert.Null(trial.Leftovers());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void WithheldAnswer_IsTakenByASlowClientPieceByPiece(bool isOver)
    {
        using var trial = new ClientTrial("pipelining = 3") { WindowBytes = 1000 };
        SimulatedSocket client = trial.Ask(Requests(3));
        string body = new('x', 20_000);
        trial.Respond("c", "Content-Length: 1\r\n", "c");
        trial.Respond("b", "Content-Length: 20000\r\n", isOver ? body : body[..10_000], isOver);
        trial.Respond("a", "Content-Length: 1\r\n", "a");
        Assert.DoesNotContain("b ended", trial.Events);
        string answers = trial.Read(client);
        if (!isOver)
        {
            Assert.DoesNotContain("c ended", trial.Events);
            trial.Send("b", body[..10_000], isLast: true);
            answers += trial.Read(client);
        }
        Assert.Equal($"{Ok}Content-Length: 1\r\n\r\na{Ok}Content-Length: 20000\r\n\r\n{body}{Ok}Content-Length: 1\r\n\r\nc", answers);
        Assert.Equal(["a ended", "b ended", "c ended"], trial.Events.Where(static text => text.EndsWith("ended", StringComparison.Ordinal)));
        Assert.Null(trial.Leftovers());
    }

    [Fact]
    public void AnswerThatIsLostForWantOfBuffers_GivesItsPlaceToAnother()
    {
        using var trial = new ClientTrial("pipelining = 2");
        SimulatedSocket client = trial.Ask(Requests(2));
        WithoutBuffers(trial, () => trial.Respond("b", "Content-Length: 1\r\n", "b"));
        ClientStream stream = trial["b"].Stream;
        Assert.True(stream.IsLost);
        trial.Run(() =>
        {
            stream.Withdraw();
            Assert.Equal((false, false, 0, 0L), (stream.IsLost, stream.HasBegun, stream.StatusCode, stream.SentBytes));
            stream.Answer(ProxyError.BuffersExhausted, RejectReason.None);
        });
        Assert.Equal("", trial.Read(client));
        trial.Respond("a", "Content-Length: 1\r\n", "a");
        Assert.StartsWith(Ok + "Content-Length: 1\r\n\r\naHTTP/1.1 503 ", trial.Read(client), StringComparison.Ordinal);
        Assert.Null(trial.Leftovers());
    }

    [Fact]
    public void AnswerInWhosePlaceNoOtherFits_EndsTheConnectionInItsTurn()
    {
        using var trial = new ClientTrial("pipelining = 3");
        SimulatedSocket client = trial.Ask(Requests(3));
        trial.Respond("c", "Content-Length: 1\r\n", "c");
        WithoutBuffers(trial, () => trial.Run(() => trial["b"].Stream.Answer(ProxyError.BuffersExhausted, RejectReason.None)));
        Assert.Equal(("", "open"), (trial.Read(client), ClientTrial.Fate(client)));
        trial.News();
        trial.Respond("a", "Content-Length: 1\r\n", "a");
        Assert.Equal((Ok + "Content-Length: 1\r\n\r\na", "fin"), (trial.Read(client), ClientTrial.Fate(client)));
        Assert.Equal(["a ended", "b ended", "c leaves", "c gone None Resource", "c ended"], trial.News());
        Assert.Equal("Resource", trial.Closes());
        Assert.Null(trial.Leftovers());
    }

    [Fact]
    public void WithdrawnAnswer_WasNeverBegun_AndWhatIsSentCannotBeWithdrawn()
    {
        using var trial = new ClientTrial("pipelining = 2");
        SimulatedSocket client = trial.Ask(Requests(2));
        trial.Respond("a", "Content-Length: 2\r\n", "a", isLast: false);
        trial.Respond("b", "Content-Length: 2\r\n", "b", isLast: false);
        trial.Run(() =>
        {
            trial["a"].Stream.Withdraw();
            trial["b"].Stream.Withdraw();
        });
        Assert.Equal((true, false), (trial["a"].Stream.HasBegun, trial["b"].Stream.HasBegun));
        trial.Respond("b", "HTTP/1.1 204 None\r\n");
        trial.Send("a", "A", isLast: true);
        Assert.Equal(Ok + "Content-Length: 2\r\n\r\naAHTTP/1.1 204 None\r\n\r\n", trial.Read(client));
        Assert.Null(trial.Leftovers());
    }

    [Theory]
    [InlineData("GET /b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "ClientAsked")]
    [InlineData("GET /b HTTP/1.1\r\nHost: a\r\n\r\n", "MaxRequests")]
    public void LastAnswerOfAConnection_EndsItInItsTurn(string second, string reason)
    {
        using var trial = new ClientTrial("pipelining = 4\nkeepalive.max_requests = 2");
        SimulatedSocket client = trial.Ask(Requests(1) + second + "GET /c HTTP/1.1\r\nHost: a\r\n\r\n");
        trial.Respond("b", "Content-Length: 1\r\n", "b");
        Assert.Equal("", trial.Read(client));
        trial.Respond("a", "Content-Length: 1\r\n", "a");
        Assert.Equal((Ok + "Content-Length: 1\r\n\r\na" + Ok + "Content-Length: 1\r\nConnection: close\r\n\r\nb", reason),
            (trial.Read(client), trial.Closes()));
        Assert.DoesNotContain("c begin", string.Join(' ', trial.Events), StringComparison.Ordinal);
        Assert.Null(trial.Leftovers());
    }

    [Fact]
    public void CutOfTheFirst_GivesTheOthersUp()
    {
        using var trial = new ClientTrial("pipelining = 3");
        SimulatedSocket client = trial.Ask(Requests(3));
        trial.Respond("a", "Content-Length: 9\r\n", "a", isLast: false);
        trial.Respond("b", "Content-Length: 1\r\n", "b");
        trial.News();
        trial.Run(() => trial["a"].Stream.Cut(CloseReason.TruncatedResponse));
        Assert.Equal(
            ["a ended", "b leaves", "c leaves", "b gone None TruncatedResponse", "b ended", "c gone None TruncatedResponse", "c ended"],
            trial.News().Take(7));
        Assert.Equal((Ok + "Content-Length: 9\r\n\r\na", "fin"), (trial.Read(client), ClientTrial.Fate(client)));
        Assert.Null(trial.Leftovers());
    }

    [Fact]
    public void NoSocketToSpare_MeansOneRequestAfterTheOther()
    {
        using var trial = new ClientTrial("pipelining = 4") { HasSocketToSpare = false };
        trial.Ask(Requests(2));
        Assert.Equal(["a begin, more follows"], trial.News());
        trial.Respond("a", "Content-Length: 0\r\n");
        Assert.Equal(["a ended", "b begin"], trial.News());
        Assert.Null(trial.Leftovers());
    }

    private static string Requests(int count) => string.Concat(Names.Take(count).Select(static name => $"GET /{name} HTTP/1.1\r\nHost: a\r\n\r\n"));

    private static void RunInOrder(ClientTrial trial, int count, int parts, int[] order)
    {
        SimulatedSocket client = trial.Ask(Requests(count));
        string[] given = ["", "", ""];
        bool[] isOver = new bool[3];
        string got = "";
        foreach (int i in order)
        {
            bool isTwoParts = ((parts >> i) & 1) != 0;
            isOver[i] = !isTwoParts || given[i].Length > 0;
            if (given[i].Length > 0)
                trial.Send(Names[i], "YZ", isLast: true);
            else
                trial.Respond(Names[i], "Content-Length: 4\r\n", isTwoParts ? $"{Names[i]}X" : $"{Names[i]}XYZ", isOver[i]);
            given[i] += given[i].Length > 0 ? "YZ" : $"{Ok}Content-Length: 4\r\n\r\n{Names[i]}{(isTwoParts ? "X" : "XYZ")}";
            got += trial.Read(client);
            int visible = Array.IndexOf(isOver, false) is >= 0 and var first ? Math.Min(first + 1, count) : count;
            Assert.Equal((string.Join('-', order), string.Concat(given.Take(visible))), (string.Join('-', order), got));
        }
        Assert.Equal(Names.Take(count).Select(static name => name + " ended"),
            trial.News().Where(static text => text.EndsWith(" ended", StringComparison.Ordinal)));
        trial.Close(client, reset: false);
        trial.News();
    }

    /// <summary>All different orders of these steps.</summary>
    private static IEnumerable<int[]> Orders(int[] steps)
    {
        if (steps.Length == 0)
        {
            yield return [];
            yield break;
        }
        foreach (int next in steps.Distinct())
        {
            int index = Array.IndexOf(steps, next);
            foreach (int[] rest in Orders([.. steps[..index], .. steps[(index + 1)..]]))
                yield return [next, .. rest];
        }
    }

    private static void WithoutBuffers(ClientTrial trial, Action action)
    {
        var taken = new List<BufferBlock>();
        foreach (int bytes in (int[])[BufferPools.LargeBlockBytes, 1])
        {
            while (trial.Loop.Pools.TryLend(Borrower.SendQueue, bytes, out BufferBlock? block))
                taken.Add(block);
        }
        action();
        foreach (BufferBlock block in taken)
            trial.Loop.Pools.Return(block);
    }
}
