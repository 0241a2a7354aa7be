using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using NativeProxy.Foundation;
using NativeProxy.Upstreams.Balancing;
using NativeProxy.Upstreams.Connections;
using Xunit;

namespace NativeProxy.Tests.Upstreams;

public class ConsistentHashBalancerTests
{
    /// <summary>16,384 addresses of one network, as clients have them.</summary>
    private static readonly string[] _addresses = [.. Enumerable.Range(0, 16384).Select(static i => $"10.1.{i >> 8}.{i & 255}")];

    [Fact]
    [Trait("promise", "S2.11")]
    public void Address_KeepsItsServer()
    {
        var test = new ServersOnBoard("a1 b1 c1");
        Dictionary<string, string> first = Owners(test);

        Assert.Equal(first, Owners(test));
        Assert.Equal(first, Owners(new ServersOnBoard("a1 b1 c1")));
    }

    /// <summary>The lots are part of the contract: a client must find its server again after an upgrade.</summary>
    [Theory]
    [InlineData("192.0.2.1", "a")]
    [InlineData("192.0.2.2", "c")]
    [InlineData("198.51.100.77", "d")]
    [InlineData("2001:db8::1", "b")]
    public void KnownAddresses_GoWhereTheyAlwaysWent(string address, string expected) =>
        Assert.Equal(expected, OwnerOf(new ServersOnBoard("a1 b1 c1 d1"), address));

    [Theory]
    [InlineData("a1 b1 c1 d1")]
    [InlineData("a3 b1")]
    [InlineData("a10 b5 c1")]
    public void Addresses_AreSpreadByWeight(string servers)
    {
        var test = new ServersOnBoard(servers);
        double weightSum = test.All.Sum(static server => server.Standing.Weight);
        ILookup<string, string> byServer = Owners(test).ToLookup(static pair => pair.Value, static pair => pair.Key);

        // The lots are fixed, so this holds always or never.
        Assert.All(test.All, server =>
            Assert.InRange(byServer[server.Name].Count() / (_addresses.Length * server.Standing.Weight / weightSum), 0.95, 1.05));
    }

    [Theory]
    [InlineData("a")]
    [InlineData("c")]
    [Trait("promise", "S2.11")]
    public void ServerThatGoesDown_MovesItsOwnClientsOnly_AndGetsThemBack(string lost)
    {
        var test = new ServersOnBoard("a1 b2 c3");
        Dictionary<string, string> before = Owners(test);

        test.Slot(lost).IsUp = false;
        Dictionary<string, string> without = Owners(test);
        test.Slot(lost).IsUp = true;

        Assert.DoesNotContain(lost, without.Values);
        Assert.All(before.Where(pair => pair.Value != lost), pair => Assert.Equal(pair.Value, without[pair.Key]));
        Assert.Equal(2, without.Where(pair => before[pair.Key] == lost).Select(static pair => pair.Value).Distinct().Count());
        Assert.Equal(before, Owners(test));
    }

    [Fact]
    public void NewServer_TakesFromTheOthersAndMovesNothingBetweenThem()
    {
        Dictionary<string, string> before = Owners(new ServersOnBoard("a1 b1 c1"));
        Dictionary<string, string> after = Owners(new ServersOnBoard("a1 d1 c1 b1"));

        Assert.All(after.Where(static pair => pair.Value != "d"), pair => Assert.Equal(before[pair.Key], pair.Value));
        Assert.Equal(3, after.Where(static pair => pair.Value == "d").Select(pair => before[pair.Key]).Distinct().Count());
    }

    [Fact]
    public void ServerThatGainsWeight_OnlyTakes()
    {
        Dictionary<string, string> before = Owners(new ServersOnBoard("a1 b1 c1"));
        Dictionary<string, string> after = Owners(new ServersOnBoard("a2 b1 c1"));

        Assert.All(before.Where(pair => pair.Value != after[pair.Key]), pair => Assert.Equal("a", after[pair.Key]));
        Assert.NotEqual(before, after);
    }

    [Fact]
    public void FailedServer_IsLeftForTheOneThatWouldFollowIt()
    {
        var test = new ServersOnBoard("a1 b1 c1");
        foreach (string address in _addresses.Take(100))
        {
            UpstreamServer own = Pick(test, address)!;
            UpstreamServer next = Pick(test, address, own)!;
            test.Slot(own.Name).IsUp = false;

            Assert.NotSame(own, next);
            Assert.Same(next, Pick(test, address));
            test.Slot(own.Name).IsUp = true;
        }
    }

    [Fact]
    public void PortAndMapping_MakeNoDifference()
    {
        ulong key = RequestKey.OfClient(Parse("10.0.0.1"));

        Assert.Equal(key, RequestKey.OfClient(PeerAddress.Of(new IPEndPoint(IPAddress.Parse("10.0.0.1"), 4711))));
        Assert.Equal(key, RequestKey.OfClient(Parse("::ffff:10.0.0.1")));
        Assert.NotEqual(key, RequestKey.OfClient(Parse("10.0.0.2")));
    }

    [Fact]
    public void OnlyServer_IsTakenEvenWhenItHasFailed()
    {
        var test = new ServersOnBoard("a1 b0");

        Assert.Same(test["a"], Pick(test, "10.0.0.1", except: test["a"]));
        test.Slot("a").IsUp = false;
        Assert.Null(Pick(test, "10.0.0.1", except: test["a"]));
        Assert.Null(Pick(test, "10.0.0.1"));
    }

    [Fact]
    public void Pick_AllocatesNothing()
    {
        var test = new ServersOnBoard("a1 b1 c1");
        PeerAddress address = Parse("10.0.0.1");
        ConsistentHashBalancer.Pick(test.All, except: null, RequestKey.OfClient(address));

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
            ConsistentHashBalancer.Pick(test.All, except: null, RequestKey.OfClient(address));

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static Dictionary<string, string> Owners(ServersOnBoard test) =>
        _addresses.ToDictionary(static address => address, address => OwnerOf(test, address));

    private static string OwnerOf(ServersOnBoard test, string address) => Pick(test, address)!.Name;

    private static UpstreamServer? Pick(ServersOnBoard test, string address, UpstreamServer? except = null) =>
        ConsistentHashBalancer.Pick(test.All, except, RequestKey.OfClient(Parse(address)));

    private static PeerAddress Parse(string address) => PeerAddress.Of(new IPEndPoint(IPAddress.Parse(address), 1));
}
