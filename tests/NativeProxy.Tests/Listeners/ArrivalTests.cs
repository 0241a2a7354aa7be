using System;
using NativeProxy.Clients;
using NativeProxy.Foundation;
using NativeProxy.Listeners;
using NativeProxy.Metrics;
using NativeProxy.Tests.Http1;
using NativeProxy.Tests.ProxyProtocol;
using NativeProxy.Tests.Simulation.Network;
using Xunit;

namespace NativeProxy.Tests.Listeners;

/// <summary>A connection from accept to its first request, where a PROXY header comes before that.</summary>
public sealed class ArrivalTests
{
    private const string Proxy = "proxy_protocol = true\n";

    private static readonly byte[] Get = Wire.Bytes("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    private static readonly byte[] V1 = Wire.Bytes(Headers.V1);
    private static readonly byte[] V2 = Headers.V2(0x21, 0x11, Headers.Addresses4);

    [Fact]
    public void ListenerWithoutProxyHeaders_HasNoArrivals()
    {
        using var trial = new ListenerTrial();
        SimulatedSocket client = trial.Connect();
        Assert.Equal("ClientSession", trial.Live);
        Assert.Null(trial.Listener.NewestLive!.Identity);
        trial.Write(client, Get);
        Assert.Contains("X-Forwarded-For: 192.0.2.1\r\n", trial.Streams[0].Lines, StringComparison.Ordinal);
        Assert.Null(trial.Leftovers(client));
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(1, true)]
    [InlineData(2, true)]
    public void HeaderAtEverySplit_IsRead_AndTheRequestBehindItServed(int version, bool isCompletionBased)
    {
        byte[] header = version == 1 ? V1 : V2;
        byte[] all = [.. header, .. Get];
        using var trial = new ListenerTrial(Proxy, isCompletionBased);
        for (int cut = 0; cut <= all.Length; cut++)
        {
            SimulatedSocket client = trial.Connect();
            Assert.Equal("Arrival", trial.Live);
            trial.Write(client, all.AsSpan(0, cut));
            Assert.Equal(cut < header.Length ? "Arrival" : "ClientSession", trial.Live);
            trial.Write(client, all.AsSpan(cut));
            Assert.Equal("start GET / end", trial.Events[^1]);
            Assert.Contains("X-Forwarded-For: 192.0.2.33\r\n", trial.Streams[^1].Lines, StringComparison.Ordinal);
            ClientConnection connection = trial.Listener.NewestLive!;
            Assert.Equal(("192.0.2.33:40000", "192.0.2.1"), (connection.Address.ToString(), connection.Tcp!.Peer.ToString().Split(':')[0]));
            trial.Events.Clear();
            client.Close(reset: true);
            trial.Settle();
            Assert.Equal("192.0.2.33:40000", trial.NextLogged()!.Value.Client);
        }
        Assert.Null(trial.Leftovers());
    }

    /// <summary>Extensions make a version 2 header long; half of it waits as any other.</summary>
    [Fact]
    public void LongestHeaderInTwoParts_IsRead()
    {
        byte[] header = Headers.V2(0x21, 0x11, [.. Headers.Addresses4, .. Headers.Extension(4, new byte[4096 - 16 - 12 - 3])]);
        Assert.Equal(4096, header.Length);
        using var trial = new ListenerTrial(Proxy);
        foreach (int cut in (int[])[2047, 2048, 2049, 4095])
        {
            SimulatedSocket client = trial.Connect();
            trial.Write(client, header.AsSpan(0, cut));
            trial.Write(client, [.. header[cut..], .. Get]);
            Assert.Equal("start GET / end", trial.Events[^1]);
            trial.Events.Clear();
            client.Close(reset: true);
            trial.Settle();
        }
        Assert.Null(trial.Leftovers());
    }

    [Fact]
    public void RequestsBehindTheHeaderInOneDelivery_AreAllServed()
    {
        using var trial = new ListenerTrial(Proxy + "pipelining = 4");
        SimulatedSocket client = trial.Connect();
        trial.Write(client, [.. V1, .. Get, .. Get, .. Get[..7]]);
        Assert.Equal(["open a", "start GET / end", "open a", "start GET / end"], trial.Events);
        Assert.Equal(2, trial.Counters.Read(CounterId.RequestsInFlight));
        Assert.Null(trial.Leftovers(client));
    }

    [Fact]
    public void BalancerThatSpeaksForItself_IsTheClient()
    {
        using var trial = new ListenerTrial(Proxy);
        SimulatedSocket client = trial.Connect();
        trial.Write(client, [.. Wire.Bytes("PROXY UNKNOWN\r\n"), .. Get]);
        Assert.Null(trial.Listener.NewestLive!.Identity);
        Assert.Contains("X-Forwarded-For: 192.0.2.1\r\n", trial.Streams[0].Lines, StringComparison.Ordinal);
        Assert.Null(trial.Leftovers(client));
    }

    /// <summary>The object of a connection serves others afterwards.</summary>
    [Fact]
    public void AnnouncedClient_IsForgottenWithItsConnection()
    {
        using var trial = new ListenerTrial(Proxy);
        SimulatedSocket client = trial.Connect();
        trial.Write(client, V1);
        ClientConnection session = trial.Listener.NewestLive!;
        client.Close(reset: false);
        trial.Settle();
        Assert.Null(session.Identity);
        client = trial.Connect();
        trial.Write(client, [.. Wire.Bytes("PROXY UNKNOWN\r\n"), .. Get]);
        Assert.Same(session, trial.Listener.NewestLive);
        Assert.Null(session.Identity);
        Assert.Null(trial.Leftovers(client));
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("PROXY TCP4 x\r\n")]
    [InlineData("\r\n\r\n\0\r\nQUIX\n")]
    public void BadHeader_EndsTheConnectionWithoutAnAnswer_WhereverItIsCut(string header)
    {
        byte[] bytes = Wire.Bytes(header);
        for (int cut = 0; cut < bytes.Length; cut++)
        {
            using var trial = new ListenerTrial(Proxy);
            SimulatedSocket client = trial.Connect();
            trial.Write(client, bytes.AsSpan(0, cut));
            trial.Write(client, bytes.AsSpan(cut));
            Assert.Equal(("", "BadProxyHeader", ""), (trial.Read(client), trial.Closes(), trial.Live));
            Assert.True(client.Incoming.EndArrived || client.IsReset);
            Assert.Equal(-1, trial.NextLogged()!.Value.Status);
            Assert.Null(trial.NextLogged());
            Assert.Empty(trial.Events);
            Assert.Null(trial.Leftovers(client));
        }
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("PROXY TCP4 192", true)]
    public void LateHeader_EndsTheConnection_AndIsLoggedIfItHasBegun(string begin, bool isLogged)
    {
        using var trial = new ListenerTrial(Proxy + "timeouts.request_header = \"2s\"");
        SimulatedSocket client = trial.Connect();
        trial.Settle(1500);
        trial.Write(client, Wire.Bytes(begin));
        trial.Settle(400);
        Assert.Equal("", trial.Closes());
        trial.Settle(200);
        Assert.Equal(("RequestHeaderTimeout", 1), (trial.Closes(), trial.Counters.Read(CounterId.TimeoutsRequestHeader)));
        Assert.True(client.Incoming.EndArrived);
        Assert.Equal(isLogged, trial.NextLogged() is not null);
        Assert.Null(trial.Leftovers(client));
    }

    /// <summary>One time for both.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("GET / HT")]
    public void TimeForTheHeader_GoesOnForTheHeadBehindIt(string begin)
    {
        using var trial = new ListenerTrial(Proxy + "timeouts.request_header = \"2s\"");
        SimulatedSocket client = trial.Connect();
        trial.Settle(1500);
        trial.Write(client, [.. V1, .. Wire.Bytes(begin)]);
        trial.Settle(400);
        Assert.Equal("", trial.Closes());
        trial.Settle(200);
        Assert.Equal("RequestHeaderTimeout", trial.Closes());
        Assert.Equal(begin.Length > 0, trial.Read(client).StartsWith("HTTP/1.1 408 ", StringComparison.Ordinal));
        Assert.Null(trial.Leftovers(client));
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("", true)]
    [InlineData("PROXY TCP4 192", false)]
    [InlineData("PROXY TCP4 192", true)]
    public void ClientThatLeavesBeforeItsHeader_ClosesSilently(string begin, bool reset)
    {
        foreach (bool isCompletionBased in (bool[])[false, true])
        {
            using var trial = new ListenerTrial(Proxy, isCompletionBased);
            SimulatedSocket client = trial.Connect();
            trial.Write(client, Wire.Bytes(begin));
            client.Close(reset);
            trial.Settle();
            Assert.Equal(("ClientClosed", ""), (trial.Closes(), trial.Live));
            Assert.Null(trial.NextLogged());
            Assert.Null(trial.Leftovers());
        }
    }

    [Fact]
    public void DrainEndsArrivalsOfWhichNothingHasCome_AndServesTheOthers()
    {
        using var trial = new ListenerTrial(Proxy);
        SimulatedSocket idle = trial.Connect();
        SimulatedSocket begun = trial.Connect();
        trial.Write(begun, V1.AsSpan(0, 9));
        trial.Run(() => trial.Listener.Drain(CloseReason.Draining));
        Assert.True(idle.Incoming.EndArrived);
        idle.Close(reset: false);
        trial.Settle();
        Assert.Equal("Arrival", trial.Live);
        trial.Write(begun, [.. V1.AsSpan(9), .. Get]);
        Assert.Equal("start GET / end", trial.Events[^1]);
        Assert.Null(trial.Leftovers(begun));
    }

    [Theory]
    [InlineData("")]
    [InlineData("PROXY")]
    public void CutEndsArrivals(string begin)
    {
        using var trial = new ListenerTrial(Proxy);
        SimulatedSocket client = trial.Connect();
        trial.Write(client, Wire.Bytes(begin));
        int count = 0;
        trial.Run(() => count = trial.Listener.Cut(int.MaxValue));
        Assert.Equal((1, "Stopped", ""), (count, trial.Closes(), trial.Live));
        Assert.Null(trial.Leftovers(client));
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("PROXY", false)]
    public void SheddingTakesArrivalsOfWhichNothingHasCome(string begin, bool isShed)
    {
        using var trial = new ListenerTrial(Proxy);
        SimulatedSocket client = trial.Connect();
        trial.Write(client, Wire.Bytes(begin));
        bool answer = !isShed;
        trial.Run(() => answer = trial.Listener.NewestLive!.TryShed(CloseReason.DescriptorPressure));
        Assert.Equal((isShed, isShed ? "DescriptorPressure" : ""), (answer, trial.Closes()));
        trial.Settle();
        Assert.Equal(isShed ? 0 : 1, trial.Listener.StayingCount);
        Assert.Null(trial.Leftovers(client));
    }

    [Fact]
    public void ArrivalKeepsItsPlaceInTheOrder_AndItsObjectIsUsedAgain()
    {
        using var trial = new ListenerTrial(Proxy);
        SimulatedSocket[] clients = [trial.Connect(), trial.Connect(), trial.Connect()];
        ClientConnection middle = trial.Listener.NewestLive!.Older!;
        trial.Write(clients[1], V1);
        Assert.Equal("Arrival ClientSession Arrival", trial.Live);
        trial.Write(clients[0], V1);
        Assert.Equal("Arrival ClientSession ClientSession", trial.Live);
        trial.Write(clients[2], V1);
        Assert.Equal("ClientSession ClientSession ClientSession", trial.Live);
        SimulatedSocket[] others = [trial.Connect(), trial.Connect(), trial.Connect()];
        ClientConnection newest = trial.Listener.NewestLive!;
        Assert.Contains(middle, (ClientConnection[])[newest, newest.Older!, newest.Older!.Older!]);
        Assert.IsType<Arrival>(newest);
        Assert.Null(trial.Leftovers([.. clients, .. others]));
    }
}
