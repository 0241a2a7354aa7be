using System;
using System.Linq;
using NativeProxy.Clients;
using NativeProxy.Foundation;
using NativeProxy.Metrics;
using NativeProxy.Tests.Simulation.Network;
using Xunit;

namespace NativeProxy.Tests.Clients.Http1;

/// <summary>What the listener asks of a client connection in each of its states: to end with its answer or at once, or to follow a reload.</summary>
public sealed class ClientDrainTests
{
    private const string Get = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";
    private const string GetB = "GET /b HTTP/1.1\r\nHost: a\r\n\r\n";
    private const string None = "HTTP/1.1 204 None\r\n";

    [Theory]
    [InlineData("", "", "Draining", "fin")]
    [InlineData(Get, "", "Draining", "fin")]
    [InlineData("GET /a HT", "TP/1.1\r\nHost: a\r\n\r\n", "Draining", "open")]
    public void DrainedClient_EndsWhenItIsIdle_ElseWithItsAnswer(string before, string behind, string reason, string fate)
    {
        using var trial = new ClientTrial();
        SimulatedSocket client = trial.Ask(before);
        if (before == Get)
        {
            trial.Respond("a", None);
            trial.Read(client);
        }
        trial.Run(() => Drain(trial));
        Assert.Equal(fate, ClientTrial.Fate(client));
        trial.Write(client, behind);
        if (fate == "open")
        {
            trial.Respond("a", None);
            Assert.Equal("HTTP/1.1 204 None\r\nConnection: close\r\n\r\n", trial.Read(client));
        }
        Assert.Equal((reason, "fin"), (trial.Closes(), ClientTrial.Fate(client)));
        Assert.Null(trial.Leftovers());
    }

    [Fact]
    public void ClientWithRequestsInFlight_GetsAllAnswersBeforeItIsDrained()
    {
        using var trial = new ClientTrial("pipelining = 2");
        SimulatedSocket client = trial.Ask(Get + GetB);
        trial.Run(() => Drain(trial));
        trial.Respond("b", None);
        trial.Respond("a", None);
        Assert.Equal("HTTP/1.1 204 None\r\n\r\nHTTP/1.1 204 None\r\nConnection: close\r\n\r\n", trial.Read(client));
        Assert.Equal(("Draining", "fin"), (trial.Closes(), ClientTrial.Fate(client)));
        Assert.Null(trial.Leftovers());
    }

    [Fact]
    public void IdleClientThatMayWait_GetsOneMoreRequest()
    {
        using var trial = new ClientTrial();
        SimulatedSocket client = trial.Connect();
        trial.Frontend.IdleMayWait = true;
        trial.Run(() => Drain(trial));
        Assert.Equal("open", ClientTrial.Fate(client));
        trial.Write(client, Get);
        trial.Respond("a", None);
        Assert.Equal(("HTTP/1.1 204 None\r\nConnection: close\r\n\r\n", "fin"), (trial.Read(client), ClientTrial.Fate(client)));
        Assert.Null(trial.Leftovers());
    }

    [Theory]
    [InlineData("idle", "fin", "Stopped")]
    [InlineData("head", "fin", "Stopped")]
    [InlineData("begun", "fin", "Stopped")]
    [InlineData("delimited", "reset", "Stopped")]
    [InlineData("unread", "reset", "Stopped")]
    [InlineData("lingering", "fin", "CloseDelimited")]
    public void CutClient_EndsAtOnce_InEachState(string state, string fate, string reason)
    {
        using var trial = new ClientTrial { WindowBytes = state == "unread" ? 1000 : 100_000 };
        SimulatedSocket client = trial.Ask(state switch
        {
            "idle" => "",
            "head" => "GET /a HT",
            "delimited" or "lingering" => "GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
            _ => Get,
        });
        if (state is "begun" or "unread")
            trial.Respond("a", "Content-Length: 9000\r\n", new string('x', 5000), isLast: false);
        else if (state is "delimited" or "lingering")
            trial.Respond("a", "", "x", isLast: state == "lingering");
        bool isCut = false;
        trial.Run(() => isCut = trial.Session.Cut());

        Assert.True(isCut);
        trial.Read(client);
        Assert.Equal((fate, reason), (ClientTrial.Fate(client), trial.Closes()));
        Assert.Equal(state is "begun" or "delimited" or "unread", trial.Events.Contains("a gone Stopped Stopped"));
        Assert.Equal("connection ended", trial.Events[^1]);
        Assert.Null(trial.Leftovers());
    }

    [Fact]
    public void ReloadBetweenTwoRequests_GivesTheConnectionTheNewSettings()
    {
        using var trial = new ClientTrial();
        SimulatedSocket client = trial.Ask(Get);
        trial.Reload("keepalive.max_requests = 2");
        Assert.DoesNotContain("followed", trial.Events);
        trial.Respond("a", None);
        Assert.Equal(["a begin", "a ended", "followed"], trial.News());
        trial.Write(client, GetB);
        trial.Respond("b", None);
        Assert.Equal("HTTP/1.1 204 None\r\n\r\nHTTP/1.1 204 None\r\nConnection: close\r\n\r\n", trial.Read(client));
        Assert.Equal("MaxRequests", trial.Closes());
        trial.Close(client, reset: false);
        Assert.Equal("connection ended on the successor", trial.Events[^1]);
        Assert.Null(trial.Leftovers());
    }

    [Fact]
    public void IdleClient_FollowsAtOnce_AndOneInTheMiddleOfAHeadToo()
    {
        foreach (string begin in (string[])["", "GET /a HT"])
        {
            using var trial = new ClientTrial();
            SimulatedSocket client = trial.Ask(begin);
            trial.Reload("keepalive.enabled = false");
            Assert.Equal(["followed"], trial.News());
            trial.Write(client, Get[begin.Length..]);
            trial.Respond("a", None);
            Assert.Equal("KeepaliveOff", trial.Closes());
            Assert.Null(trial.Leftovers());
        }
    }

    [Theory]
    [InlineData("idle", true)]
    [InlineData("kept", true)]
    [InlineData("head", false)]
    [InlineData("busy", false)]
    [InlineData("slow", false)]
    [InlineData("unread", false)]
    public void OnlyAnIdleClient_WhoseNextRequestIsNotThere_IsShed(string state, bool isShed)
    {
        using var trial = new ClientTrial { WindowBytes = 1000 };
        SimulatedSocket client = trial.Ask(state is "idle" or "unread" ? "" : state == "head" ? "GET /a HT" : Get);
        if (state is "kept" or "slow")
            trial.Respond("a", "Content-Length: 5000\r\n", new string('x', 5000));
        if (state == "kept")
            trial.Read(client);
        bool answer = false;
        trial.Run(() =>
        {
            if (state == "unread")
            {
                client.Other.Incoming.Write("G"u8);
                client.Other.Incoming.Arrive(1);
            }
            answer = trial.Session.TryShed(CloseReason.DescriptorPressure);
        });
        Assert.Equal((isShed, isShed), (answer, trial.Session.IsShed));
        Assert.Equal(isShed ? ["leaves the listener", "connection ended"] : [], trial.Events.Skip(state is "kept" ? 3 : 0)
            .Where(static text => text.Contains("listener", StringComparison.Ordinal) || text.Contains("connection", StringComparison.Ordinal)));
        Assert.Equal((isShed ? "DescriptorPressure" : "", isShed ? "fin" : "open"), (trial.Closes(), ClientTrial.Fate(client)));
        Assert.Null(trial.Leftovers());
    }

    [Fact]
    public void Pressure_EndsTheConnectionWithItsAnswer()
    {
        using var trial = new ClientTrial();
        SimulatedSocket client = trial.Ask(Get);
        trial.Frontend.Pressure = CloseReason.MemoryPressure;
        trial.Respond("a", None);
        Assert.Equal(("HTTP/1.1 204 None\r\nConnection: close\r\n\r\n", "MemoryPressure"), (trial.Read(client), trial.Closes()));
        Assert.Null(trial.Leftovers());
    }

    private static void Drain(ClientTrial trial)
    {
        trial.Frontend.Ending = CloseReason.Draining;
        trial.Session.Drain();
    }
}
