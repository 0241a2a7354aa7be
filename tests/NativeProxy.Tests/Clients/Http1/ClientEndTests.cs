using System;
using System.Linq;
using NativeProxy.Clients;
using NativeProxy.Foundation;
using NativeProxy.Metrics;
using NativeProxy.Tests.Http1;
using NativeProxy.Tests.Simulation.Network;
using Xunit;

namespace NativeProxy.Tests.Clients.Http1;

/// <summary>How a client connection ends, in each of its states, by the client, by the proxy or by both.</summary>
public sealed class ClientEndTests
{
    private const string Get = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";
    private const string GetB = "GET /b HTTP/1.1\r\nHost: a\r\n\r\n";
    private const string Post = "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n";
    private const string Browser = "GET /a HTTP/1.1\r\nHost: a\r\nUser-Agent: b\r\n\r\n";
    private const string Close = "GET /a HTTP/1.1\r\nHost: a\r\nUser-Agent: b\r\nConnection: close\r\n\r\n";
    private const string None = "HTTP/1.1 204 None\r\n";

    [Theory]
    [InlineData("", false, "ClientClosed")]
    [InlineData("", true, "ClientClosed")]
    [InlineData("GET /a HT", false, "ClientClosed")]
    [InlineData("GET /a HT", true, "ClientClosed")]
    public void ClientThatLeavesBetweenRequests_ClosesSilently(string begin, bool reset, string reason)
    {
        foreach (bool isCompletionBased in (bool[])[false, true])
        {
            using var trial = new ClientTrial("half_close = \"finish\"", isCompletionBased: isCompletionBased);
            SimulatedSocket client = trial.Ask(begin);
            trial.Close(client, reset);
            Assert.Equal(["connection ended"], trial.News());
            Assert.Equal(reason, trial.Closes());
            Assert.Null(trial.Leftovers());
        }
    }

    [Theory]
    [InlineData(1, "fin")]
    [InlineData(1, "reset")]
    [InlineData(1, "send")]
    [InlineData(3, "fin")]
    [InlineData(3, "reset")]
    [InlineData(3, "send")]
    public void ClientThatLeavesItsRequests_GivesThemAllUp_ThoseInLineFirst(int count, string how)
    {
        string[] names = [.. "abc".Take(count).Select(static name => name.ToString())];
        using var trial = new ClientTrial("pipelining = 3");
        SimulatedSocket client = trial.Ask(string.Concat(names.Select(static name => Get.Replace("/a", "/" + name, StringComparison.Ordinal))));
        trial.News();
        if (how == "send")
        {
            client.Other.BreaksAtNextSend = true;
            trial.Respond("a", "Content-Length: 9\r\n", "x", isLast: false);
        }
        else
        {
            trial.Close(client, reset: how == "reset");
        }
        string[] expected =
        [
            .. names.Select(static name => name + " leaves"),
            .. names.SelectMany(static name => (string[])[name + " gone ClientAborted ClientAborted", name + " ended"]), "connection ended",
        ];
        Assert.Equal(expected, trial.News());
        Assert.Equal("ClientAborted", trial.Closes());
        Assert.Null(trial.Leftovers());
    }

    [Theory]
    [InlineData("abort", Get, false, false)]
    [InlineData("abort", Close, true, false)]
    [InlineData("finish", Get, false, true)]
    [InlineData("finish", Browser, false, true)]
    [InlineData("finish", Post, false, false)]
    [InlineData("finish", Post + "hello", false, true)]
    [InlineData("auto", Get, false, true)]
    [InlineData("auto", Browser, false, false)]
    [InlineData("auto", Browser, true, true)]
    [InlineData("auto", Close, false, true)]
    [InlineData("auto", "GET /a HTTP/1.0\r\nUser-Agent: b\r\n\r\n", false, true)]
    [InlineData("auto", Post, true, false)]
    public void ClientThatHalfCloses_IsAnsweredByPolicy(string policy, string request, bool isWorthFinishing, bool isAnswered)
    {
        using var trial = new ClientTrial($"half_close = \"{policy}\"");
        trial.When["a begin"] = () => trial["a"].IsWorthFinishing = isWorthFinishing;
        SimulatedSocket client = trial.Ask(request);
        trial.End(client);
        trial.Settle(100);
        Assert.Equal(isAnswered ? 1 : 0, trial.Count(CounterId.ClientsHalfClosed));
        Assert.Equal(!isAnswered, trial.Events.Contains("a gone ClientAborted ClientAborted"));
        if (isAnswered)
        {
            trial.Respond("a", None);
            Assert.Equal("HTTP/1.1 204 None\r\nConnection: close\r\n\r\n", trial.Read(client));
        }
        Assert.Equal("fin", ClientTrial.Fate(client));
        Assert.Equal(0, trial.Count(CounterId.ClientsHalfClosed));
        Assert.Null(trial.Leftovers());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void WholeRequestsBeforeTheFin_AreAllAnswered_TheLastWithClose(int pipelining)
    {
        using var trial = new ClientTrial($"half_close = \"finish\"\npipelining = {pipelining}");
        foreach (string name in (string[])["b", "c"])
        {
            foreach (string begin in (string[])["", " behind a", " behind b"])
            {
                trial.When[$"{name} begin{begin}"] = () => trial[name].Respond("Content-Length: 1\r\n", name);
                trial.When[$"{name} begin{begin}, more follows"] = () => trial[name].Respond("Content-Length: 1\r\n", name);
            }
        }
        SimulatedSocket client = trial.Ask(Get + GetB + GetB.Replace("/b", "/c", StringComparison.Ordinal) + "GET /d HT");
        trial.End(client);
        trial.Respond("a", "Content-Length: 1\r\n", "a");
        trial.Settle(100);

        string answers = trial.Read(client);
        Assert.Equal(3, answers.Split("HTTP/1.1 200 OK").Length - 1);
        Assert.EndsWith("\r\n\r\nc", answers, StringComparison.Ordinal);
        if (pipelining < 4)
            Assert.EndsWith("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\nc", answers, StringComparison.Ordinal);
        Assert.Equal(("ClientClosed", "fin"), (trial.Closes(), ClientTrial.Fate(client)));
        Assert.Null(trial.Leftovers());
    }

    [Fact]
    public void HalfClosedClients_AreBounded()
    {
        using var trial = new ClientTrial("half_close = \"finish\"\nlimits.half_closed = 1");
        SimulatedSocket first = trial.Ask(Get);
        SimulatedSocket second = trial.Ask(GetB);
        trial.End(first);
        trial.End(second);
        Assert.Contains("b gone ClientAborted ClientAborted", trial.Events);
        trial.Respond("a", None);
        Assert.StartsWith("HTTP/1.1 204 ", trial.Read(first), StringComparison.Ordinal);
        SimulatedSocket third = trial.Ask(GetB);
        trial.End(third);
        trial.Respond("b", None);
        Assert.StartsWith("HTTP/1.1 204 ", trial.Read(third), StringComparison.Ordinal);
        Assert.Null(trial.Leftovers());
    }

    [Fact]
    public void HalfClosedClientThatResetsLater_IsGone()
    {
        using var trial = new ClientTrial("half_close = \"finish\"", isCompletionBased: true);
        SimulatedSocket client = trial.Ask(Get);
        trial.End(client);
        trial.Close(client, reset: true);
        trial.Settle(1100);
        Assert.Equal(["a begin", "a leaves", "a gone ClientAborted ClientAborted", "a ended", "connection ended"], trial.News());
        Assert.Null(trial.Leftovers());
    }

    /// <summary>The loop does not look at a client whose last request it serves, so its FIN is found only when somebody asks.</summary>
    [Theory]
    [InlineData("abort", true)]
    [InlineData("finish", false)]
    [InlineData("auto", false)]
    public void RequestThatHasWaited_LooksWhetherItsClientHasLeft(string policy, bool hasLeft)
    {
        using var trial = new ClientTrial($"half_close = \"{policy}\"");
        bool? answer = null;
        SimulatedSocket client = trial.Connect();
        trial.When["a begin"] = client.ShutdownSend;
        client.Send(Wire.Bytes(Close), out _);
        for (int i = 0; answer is null && i < 10; i++)
        {
            if (trial.Events.Count > 0 && client.Other.Incoming.EndArrived)
                trial.Run(() => answer = trial["a"].Stream.EndIfClientLeft());
            else
                trial.Step();
        }
        Assert.Equal(hasLeft, answer);
        Assert.Equal(hasLeft, trial.Events.Contains("a ended"));
        Assert.Null(trial.Leftovers());
    }

    [Fact]
    public void ClientThatTakesNothingOfItsAnswer_IsReset_AndOneThatTakesALittleIsNot()
    {
        using var trial = new ClientTrial("timeouts.send = \"2s\"") { WindowBytes = 1000 };
        SimulatedSocket client = trial.Ask(Get);
        trial.Respond("a", "Content-Length: 50000\r\n", new string('x', 5000), isLast: false);
        for (int i = 0; i < 3; i++)
        {
            trial.Settle(1900);
            client.Receive(new byte[500], out _);
        }
        Assert.Equal(["a begin", "a blocked"], trial.News());
        trial.Settle(4100);
        Assert.Equal(["a leaves", "a gone ClientSendTimeout SendTimeout", "a ended", "connection ended"], trial.News());
        Assert.Equal(("SendTimeout", 1), (trial.Closes(), trial.Count(CounterId.TimeoutsClientSend)));
        Assert.True(client.IsReset);
        Assert.Null(trial.Leftovers());
    }

    /// <summary>FIN tells the client that there is no more; the client's tells us that it has got it.</summary>
    [Fact]
    public void Farewell_WaitsForTheClient_ButNotForEver()
    {
        using var trial = new ClientTrial("timeouts.linger = \"2s\"\nkeepalive.max_requests = 1");
        SimulatedSocket client = trial.Ask(Get);
        trial.Respond("a", None);
        Assert.Equal("fin", ClientTrial.Fate(client));
        trial.Write(client, "what still comes is thrown away");
        Assert.Equal(1, trial.Loop.Sockets.Count);
        trial.Settle(2100);
        Assert.Equal((0, 1), (trial.Loop.Sockets.Count, trial.Count(CounterId.TimeoutsLinger)));
        Assert.Equal(["a begin", "a ended", "connection ended"], trial.News());
        Assert.Null(trial.Leftovers());
    }

    /// <summary>One object serves one connection after another.</summary>
    [Fact]
    public void SessionAndStream_AreUsedAgain_WithNothingLeftOfTheFirst()
    {
        using var trial = new ClientTrial();
        SimulatedSocket client = trial.Ask(Post + "he");
        ClientStream stream = trial["a"].Stream;
        ClientConnection session = trial.Session;
        trial.Close(client, reset: true);
        client = trial.Ask("GET /b HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Same(stream, trial["b"].Stream);
        Assert.Same(session, trial.Session);
        Assert.Equal((1, 0L, 0, false, CloseReason.None),
            (stream.RequestNumber, stream.SentBytes, stream.StatusCode, stream.HasBegun, stream.CloseReason));
        trial.Respond("b", None);
        Assert.Equal("HTTP/1.1 204 None\r\n\r\n", trial.Read(client));
        Assert.Null(trial.Leftovers());
    }
}
