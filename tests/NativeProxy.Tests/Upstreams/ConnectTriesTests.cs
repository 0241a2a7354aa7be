using System.Linq;
using System.Net;
using System.Net.Sockets;
using NativeProxy.Config;
using NativeProxy.Metrics;
using NativeProxy.Tests.Metrics;
using NativeProxy.Upstreams.Connections;
using Xunit;

namespace NativeProxy.Tests.Upstreams;

public class ConnectTriesTests
{
    private readonly LoopCounters _counters = LastingCounters.Create();

    [Fact]
    public void AddressesShareTheTimeThatIsLeft()
    {
        UpstreamServer server = Server("timeouts.connect = \"600ms\"", addresses: 3);
        ConnectTries tries = Begun(server, nowMs: 1000);

        Assert.Equal(200, tries.TimeoutMs(server, nowMs: 1000));
        Assert.True(tries.Failed(server, SocketError.ConnectionRefused, nowMs: 1100));
        tries.Next(server);
        Assert.Equal(250, tries.TimeoutMs(server, nowMs: 1100));
        Assert.True(tries.Failed(server, SocketError.TimedOut, nowMs: 1350));
        tries.Next(server);
        Assert.Equal(250, tries.TimeoutMs(server, nowMs: 1350));
        Assert.Equal((1L, 1L),
            (_counters.Read(CounterId.ServerConnectFailuresRefused), _counters.Read(CounterId.ServerConnectFailuresTimeout)));
    }

    /// <summary>A route may say another time than the upstream, a longer one, too.</summary>
    [Theory]
    [InlineData(300, 150)]
    [InlineData(6000, 3000)]
    public void WhoAsksMaySayAnotherTime(long limitMs, long eachMs)
    {
        UpstreamServer server = Server("timeouts.connect = \"600ms\"", addresses: 2);
        ConnectTries tries = Begun(server, nowMs: 1000, limitMs);
        Assert.Equal(eachMs, tries.TimeoutMs(server, nowMs: 1000));
        Assert.True(tries.Failed(server, SocketError.TimedOut, nowMs: 1000 + limitMs - 1));
        Assert.False(tries.Failed(server, SocketError.TimedOut, nowMs: 1000 + limitMs));
    }

    [Fact]
    public void EachAddressIsTriedOnce_InTheOrderOfTheRing()
    {
        UpstreamServer server = Server("", addresses: 3);
        ConnectTries tries = Begun(server, nowMs: 0);
        ServerAddress first = tries.Address;

        Assert.True(tries.Failed(server, SocketError.ConnectionRefused, nowMs: 0));
        tries.Next(server);
        ServerAddress second = tries.Address;
        Assert.True(tries.Failed(server, SocketError.ConnectionRefused, nowMs: 0));
        tries.Next(server);
        ServerAddress third = tries.Address;

        Assert.Equal([1, 2, 3], new[] { first, second, third }.Select(static address => ((IPEndPoint)address.EndPoint).Port));
        Assert.False(tries.Failed(server, SocketError.ConnectionRefused, nowMs: 0));
    }

    [Theory]
    [InlineData(599, true)]
    [InlineData(600, false)]
    public void NoAddressIsTried_WhenTheTimeOfTheConnectIsOver(long nowMs, bool expected)
    {
        UpstreamServer server = Server("timeouts.connect = \"600ms\"", addresses: 2);

        Assert.Equal(expected, Begun(server, nowMs: 0).Failed(server, SocketError.TimedOut, nowMs));
    }

    [Fact]
    public void NoAddressIsTried_OfAServerThatIsRetired()
    {
        UpstreamServer server = Server("", addresses: 2);
        ConnectTries tries = Begun(server, nowMs: 0);

        server.Retire();

        Assert.False(tries.Failed(server, SocketError.ConnectionRefused, nowMs: 0));
    }

    [Fact]
    public void AddressThatWorked_IsTheFirstOfTheNextConnect()
    {
        UpstreamServer server = Server("", addresses: 3);
        ConnectTries tries = Begun(server, nowMs: 0);
        tries.Failed(server, SocketError.ConnectionRefused, nowMs: 0);
        tries.Next(server);
        tries.Worked(server);

        Assert.Equal(2, ((IPEndPoint)Begun(server, nowMs: 0).Address.EndPoint).Port);
    }

    [Fact]
    public void ConnectWithoutALimit_WaitsForEver()
    {
        var server = new UpstreamServer(null!, _counters, "a", new IPEndPoint(IPAddress.Loopback, 1));

        Assert.Equal(0, Begun(server, nowMs: 0).TimeoutMs(server, nowMs: 1));
    }

    private static ConnectTries Begun(UpstreamServer server, long nowMs, long limitMs = 0)
    {
        var tries = default(ConnectTries);
        tries.Begin(server, limitMs, nowMs);
        return tries;
    }

    private UpstreamServer Server(string lines, int addresses)
    {
        UpstreamSettings settings = ServerUnderTest.SettingsOf(lines);
        var server = new UpstreamServer(
            null!, _counters, "a", [.. Enumerable.Range(1, addresses).Select(static port => new IPEndPoint(IPAddress.Loopback, port))]);
        server.Apply(settings, settings.Servers[0], connectionsMax: 0);
        return server;
    }
}
