using System;
using System.Linq;
using NativeProxy.Metrics;
using NativeProxy.Tests.Simulation.Network;
using Xunit;
using Xunit.Abstractions;

namespace NativeProxy.Tests.Simulation;

/// <summary>24 hours of the proxy's own time: what it holds at the end is what it held at the beginning.</summary>
public class DayTests(ITestOutputHelper output)
{
    private const int Hours = 24;
    private const int MinuteMs = 60_000;

    /// <summary>Clients and servers with all their faults, a round of them every ten minutes, and reloads.</summary>
    [Theory]
    [InlineData(3, false)]
    [InlineData(5, false)]
    [InlineData(8, true)]
    public void RoundsOfChaosAllDay_LeaveNothingBehind(ulong seed, bool isLayered)
    {
        DayResult day = ChaosRun.RunForHours(seed, Hours, roundsPerHour: 6, roundRequests: 20, isLayered);

        output.WriteLine($"{day.Requests} requests, {day.Complete} answered whole; buffers held by the hour: {string.Join(' ', day.HeldBytes)}");
        Assert.Equal(Hours, day.HeldBytes.Count);
        Assert.True(day.Complete > day.Requests / 10, $"only {day.Complete} of {day.Requests} answered");
        Assert.True(day.HeldBytes.Skip(Hours / 2).Max() <= day.HeldBytes.Take(Hours / 2).Max(), "buffers grow by the hour");
    }

    /// <summary>One client that asks each minute keeps its connection all day, and a tunnel beside it that hardly says a word.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void OneConnectionAllDay_CostsAtTheEndWhatItCostsAtFirst(bool isCompletionBased)
    {
        const string Lines = "keepalive = { timeout = \"75s\", max_age = \"0s\", max_requests = 0 }\nupgrade = [\"websocket\"]\n"
            + "timeouts.tunnel = \"1h\"";
        using var scene = new Scene(Lines, isCompletionBased: isCompletionBased);
        SimulatedSocket tunnel = scene.Connect();
        scene.Write(tunnel, "GET /live HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
        scene.Read(scene.ServerSockets[0]);
        scene.Write(scene.ServerSockets[0], "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 101 ", scene.Read(tunnel), StringComparison.Ordinal);
        SimulatedSocket client = scene.Connect();
        (long HeldBytes, int LentCount, int Timers) first = default;

        for (int minute = 0; minute < Hours * 60; minute++)
        {
            scene.Write(client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            SimulatedSocket server = scene.ServerSockets[^1];
            Assert.Contains("GET / ", scene.Read(server), StringComparison.Ordinal);
            scene.Write(server, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            Assert.EndsWith("\r\n\r\nok", scene.Read(client), StringComparison.Ordinal);
            if (minute % 50 == 0)
            {
                scene.Write(tunnel, "ping");
                Assert.Equal("ping", scene.Read(scene.ServerSockets[0]));
            }
            scene.Settle(MinuteMs);
            var now = (scene.Proxy.Loop.Pools.HeldBytes, scene.Proxy.Loop.Pools.LentCount, scene.Proxy.Loop.Wheel.LinkedCount);
            first = minute == 0 ? now : first;
            Assert.Equal(first, now);
        }

        Assert.Equal((2, 2, 1), (scene.Proxy.Counters.Read(CounterId.ClientConnectionsAccepted),
            scene.Proxy.Counters.Read(CounterId.ClientConnectionsOpen), scene.Proxy.Counters.Read(CounterId.TunnelsOpen)));
        tunnel.Close(reset: false);
        scene.ServerSockets[0].Close(reset: false);
        client.Close(reset: false);
        scene.Settle(10 * MinuteMs);
        scene.Proxy.DrainAndCheck();
    }
}
