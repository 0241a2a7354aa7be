using System;
using System.Collections.Concurrent;
using System.Linq;
using System.Net;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Metrics;
using NativeProxy.Routing;
using NativeProxy.Tests.Metrics;
using NativeProxy.Tests.Transport;
using NativeProxy.Upstreams.Connections;
using NativeProxy.Upstreams.Origins;
using NativeProxy.Upstreams.Queueing;
using Xunit;

namespace NativeProxy.Tests.Upstreams;

/// <summary>Destinations of a forward proxy on a running loop, with a name service that the test plays.</summary>
public sealed class OriginTableTests : IDisposable
{
    private readonly LoopUnderTest _test = new();
    private readonly LoopCounters _counters = LastingCounters.Create();
    private readonly ConcurrentDictionary<string, IPAddress[]> _names = new();
    private readonly ConcurrentQueue<string> _asked = new();
    private long _ttlMs = 60_000;
    private readonly ManualResetEventSlim _mayAnswer = new(initialState: true);
    private readonly OwnAddresses _own = new();
    private readonly OriginTable _table;

    public OriginTableTests()
    {
        _table = new OriginTable(_test.Loop, _counters,
            new NameResolver(_test.Loop, _counters, lookup => Task.Run(() => lookup.Answered(Ask(lookup.Name)))), _own);
        _own.Set();
        _table.Apply(DestinationPolicyTests.Settings(""));
    }

    public void Dispose()
    {
        _mayAnswer.Set();
        _test.Dispose();
    }

    [Fact]
    public async Task Address_IsKnownAtOnce_AndNobodyIsAsked()
    {
        Origin origin = await Find("198.51.100.1", 80);

        Assert.Equal((false, "198.51.100.1:80"), (origin.Group.IsPending, Addresses(origin)));
        Assert.Equal("[2001:db8::1]:8080", Addresses(await Find("2001:db8::1", 8080)));
        Assert.Empty(_asked);
    }

    [Fact]
    public async Task ThousandRequestsToAKnownDestination_AllocateNothing()
    {
        PeerAddress client = PeerAddress.Of(IPAddress.Parse("192.168.1.9"), 4711);
        byte[] text = Encoding.ASCII.GetBytes("GET http://198.51.100.1:8080/x HTTP/1.1\r\nHost: 198.51.100.1:8080\r\n\r\n");
        var head = new RequestHead(100);
        RequestHeadParser.Parse(text, new HeadLimits(8192, 100, 4096), head);

        long allocated = await _test.Run(() =>
        {
            long before = 0;
            for (int i = 0; i <= 1000; i++)
            {
                if (i == 1)
                    before = GC.GetAllocatedBytesForCurrentThread();
                Assert.NotNull(ForwardTarget.Read(text, head).FindIn(_table, client, isConnect: false, out _));
            }
            return GC.GetAllocatedBytesForCurrentThread() - before;
        });

        Assert.Equal(0, allocated);
    }

    [Fact]
    public async Task Name_IsPendingUntilItsAddressesAreKnown()
    {
        _names["a.test"] = [IPAddress.Parse("198.51.100.1"), IPAddress.Parse("198.51.100.2")];
        _mayAnswer.Reset();
        Origin origin = await Find("a.test", 80);

        Assert.True(await _test.Run(() => origin.Group.IsPending && origin.IsBusy && origin.Group.Choose(except: null, hashKey: 0, out _) is null));
        _mayAnswer.Set();
        await Settled(origin);

        Assert.Equal("198.51.100.1:80 198.51.100.2:80", Addresses(origin));
        Assert.Same(origin, await Find("A.TEST", 80));
        Assert.Equal(["a.test"], _asked);
    }

    [Fact]
    public async Task WaiterInLine_IsServedWhenTheNameIsResolved_AndWhenItIsNot()
    {
        _names["a.test"] = [IPAddress.Parse("198.51.100.1")];
        foreach (string name in (string[])["a.test", "unknown.test"])
        {
            _mayAnswer.Reset();
            Origin origin = await Find(name, 80);
            var waiter = new RecordingWaiter();
            await _test.Run(() => origin.Group.Queue.TryAdd(new QueueTicket(waiter, _test.Loop), timeoutMs: 0));
            Assert.Empty(waiter.Seen);
            _mayAnswer.Set();
            await _test.Until(() => waiter.Seen.Count == 1, "the waiter is served");

            Assert.Equal(["room"], waiter.Seen);
        }
    }

    [Fact]
    public async Task UnknownName_IsRememberedForAWhile()
    {
        Origin origin = await Find("unknown.test", 80);
        await Settled(origin);
        await Find("unknown.test", 80);

        Assert.Equal((ProxyError.NameNotResolved, false), (origin.Group.NoServerError, origin.Group.HasServer));
        Assert.Single(_asked);
        Assert.Equal((1, 1), (_counters.Read(CounterId.NameLookups), _counters.Read(CounterId.NameLookupsFailed)));
    }

    [Fact]
    public async Task AddressesThatAreDenied_AreLeftOut()
    {
        _names["mixed.test"] = [IPAddress.Loopback, IPAddress.Parse("198.51.100.1"), IPAddress.Parse("169.254.169.254")];
        _names["inside.test"] = [IPAddress.Loopback, IPAddress.IPv6Loopback];
        Origin mixed = await Find("mixed.test", 80);
        Origin inside = await Find("inside.test", 80);
        Origin insideForLocal = await Find("inside.test", 80, DestinationScope.LocalOnly);
        await Settled(mixed, inside, insideForLocal);

        Assert.Equal("198.51.100.1:80", Addresses(mixed));
        Assert.Equal(("", ProxyError.DestinationRefused), (Addresses(inside), inside.Group.NoServerError));
        Assert.Equal("127.0.0.1:80 [::1]:80", Addresses(insideForLocal));
        Assert.NotSame(inside, insideForLocal);
    }

    [Fact]
    public async Task AddressesAreBounded()
    {
        _names["many.test"] = [.. Enumerable.Range(1, 100).Select(i => IPAddress.Parse("198.51.100." + i))];
        Origin origin = await Find("many.test", 80);
        await Settled(origin);

        Assert.Equal(8, origin.Group.Servers.Count);
    }

    [Fact]
    public async Task NewAddresses_ReplaceTheOld_AndServersThatStayAreTheSame()
    {
        _names["a.test"] = [IPAddress.Parse("198.51.100.1"), IPAddress.Parse("198.51.100.2")];
        Origin origin = await Find("a.test", 80);
        await Settled(origin);
        UpstreamServer[] before = [.. origin.Group.Servers];
        _names["a.test"] = [IPAddress.Parse("198.51.100.3"), IPAddress.Parse("198.51.100.2")];
        await _test.Run(origin.Expire);
        await Find("a.test", 80);
        await Settled(origin);

        Assert.Equal("198.51.100.3:80 198.51.100.2:80", Addresses(origin));
        Assert.Same(before[1], origin.Group.Servers[1]);
        Assert.Equal((true, false), (before[0].Standing.IsRetired, before[1].Standing.IsRetired));
    }

    [Fact]
    public async Task SettingsTakenAnew_JudgeTheAddressesAgain()
    {
        Origin origin = await Find("198.51.100.1", 80);
        await _test.Run(() => _table.Apply(DestinationPolicyTests.Settings("deny = [\"198.51.100.0/24\"]")));
        Assert.Same(origin, await Find("198.51.100.1", 80));

        Assert.Equal(("", ProxyError.DestinationRefused), (Addresses(origin), origin.Group.NoServerError));
    }

    [Fact]
    public async Task PortsAndScopes_AreDifferentOrigins()
    {
        Origin[] origins =
            [await Find("198.51.100.1", 80), await Find("198.51.100.1", 81), await Find("198.51.100.1", 80, DestinationScope.PermittedOrLocal)];

        Assert.Equal(3, origins.Distinct().Count());
        Assert.Equal((3, 3), (_table.Count, _counters.Read(CounterId.Origins)));
    }

    [Fact]
    public async Task FullTable_ForgetsTheOneThatWasNotUsedForLongest_ButNotABusyOne()
    {
        _mayAnswer.Reset();
        Origin busy = await Find("busy.test", 80);
        Origin used = await Find("198.51.100.1", 1);
        Origin unused = await Find("198.51.100.1", 2);
        await _test.Run(() =>
        {
            for (int port = 3; _table.Count < OriginTable.OriginsMax; port++)
                _table.Find("198.51.100.1"u8, port, DestinationScope.Permitted);
        });
        await Find("198.51.100.1", 1);
        await Find("198.51.100.2", 1);

        Assert.Equal(OriginTable.OriginsMax, _table.Count);
        Assert.True(unused.Group.Servers[0].Standing.IsRetired);
        Assert.False(used.Group.Servers[0].Standing.IsRetired);
        Assert.Same(busy, await Find("busy.test", 80));
        Assert.Same(used, await Find("198.51.100.1", 1));
        Assert.NotSame(unused, await Find("198.51.100.1", 2));
    }

    [Fact]
    public async Task OriginForgottenDuringItsLookup_KeepsNoConnections()
    {
        _names["a.test"] = [IPAddress.Parse("198.51.100.1")];
        _mayAnswer.Reset();
        Origin origin = await Find("a.test", 80);
        await _test.Run(_table.Retire);
        _mayAnswer.Set();
        await Settled(origin);

        Assert.True(origin.Group.Servers[0].Standing.IsRetired);
        Assert.Equal((0, 0), (_table.Count, _counters.Read(CounterId.Origins)));
    }

    [Fact]
    public async Task Lookups_AreBounded_AndBeyondTheBoundThereIsAnAnswerAtOnce()
    {
        var lookups = new ConcurrentQueue<NameLookup>();
        var table = new OriginTable(_test.Loop, _counters, new NameResolver(_test.Loop, _counters, lookups.Enqueue, lookupsMax: 20), _own);
        table.Apply(DestinationPolicyTests.Settings(""));
        Origin[] origins = await _test.Run(() => Enumerable.Range(0, 25)
            .Select(i => table.Find(Encoding.ASCII.GetBytes($"n{i}.test"), 80, DestinationScope.Permitted)).ToArray());

        Assert.Equal((20, 20), (await _test.Run(() => origins.Count(origin => origin.Group.IsPending)), lookups.Count));
        Assert.Equal(ProxyError.TooManyLookups, origins[20].Group.NoServerError);
        foreach (NameLookup lookup in lookups)
            lookup.Answered(new NameAnswer(NameOutcome.NoSuchName, [], 5_000, ""));
        await Settled(origins);
        Assert.Equal(ProxyError.NameNotResolved, origins[0].Group.NoServerError);
    }

    [Theory]
    [InlineData(0, 256)]
    [InlineData(100_000, 256)]
    [InlineData(1024, 64)]
    [InlineData(64, 8)]
    public void LookupsAtOnce_DependOnTheDescriptors(int socketsMax, int lookups) => Assert.Equal(lookups, NameResolver.LookupsFor(socketsMax));

    [Fact]
    public async Task NameThatIsBeingLookedUp_IsNotAskedForTwice()
    {
        _names["a.test"] = [IPAddress.Parse("198.51.100.1")];
        _mayAnswer.Reset();
        Origin[] origins = [await Find("a.test", 80), await Find("a.test", 81), await Find("A.test", 80, DestinationScope.PermittedOrLocal)];
        _mayAnswer.Set();
        await Settled(origins);

        Assert.Equal(["198.51.100.1:80", "198.51.100.1:81", "198.51.100.1:80"], origins.Select(Addresses));
        Assert.Equal(["a.test"], _asked);
    }

    [Fact]
    public async Task AnswerIsUsedForItsTime_AndNotLonger()
    {
        _names["a.test"] = [IPAddress.Parse("198.51.100.1")];
        _ttlMs = 60_000;
        await Settled(await Find("a.test", 80));
        await Settled(await Find("a.test", 80));
        Assert.Single(_asked);

        _ttlMs = -1;
        _names["b.test"] = [IPAddress.Parse("198.51.100.2")];
        await Settled(await Find("b.test", 80));
        await Settled(await Find("b.test", 80));
        Assert.Equal(["a.test", "b.test", "b.test"], _asked);
    }

    [Fact]
    public async Task AddressIsJudgedByTheInterfaces_WhichAreLookedAtWhenThatWasLongAgo()
    {
        _own.Set(PeerAddress.Of(IPAddress.Parse("198.51.100.7"), 0));
        Origin own = await Find("198.51.100.7", 80);
        Assert.Equal(("", ProxyError.DestinationRefused), (Addresses(own), own.Group.NoServerError));
        Assert.Empty(_asked);

        var never = new OriginTable(_test.Loop, _counters,
            new NameResolver(_test.Loop, _counters, lookup => Task.Run(() => lookup.Answered(Ask(lookup.Name)))), new OwnAddresses());
        never.Apply(DestinationPolicyTests.Settings(""));
        Origin literal = await _test.Run(() => never.Find("198.51.100.7"u8, 80, DestinationScope.Permitted));
        await Settled(literal);
        Assert.Equal(["198.51.100.7"], _asked);
    }

    private NameAnswer Ask(string name)
    {
        _asked.Enqueue(name);
        _mayAnswer.Wait(LoopUnderTest.Deadline);
        if (IPAddress.TryParse(name, out IPAddress? literal))
            return new NameAnswer(NameOutcome.Found, [literal], 60_000, "");
        return _names.TryGetValue(name, out IPAddress[]? found)
            ? new NameAnswer(NameOutcome.Found, found, _ttlMs, "")
            : new NameAnswer(NameOutcome.NoSuchName, [], 5_000, "");
    }

    private Task<Origin> Find(string host, int port, DestinationScope scope = DestinationScope.Permitted) =>
        _test.Run(() => _table.Find(Encoding.ASCII.GetBytes(host), port, scope));

    private Task Settled(params Origin[] origins) => _test.Until(() => !origins.Any(origin => origin.Group.IsPending), "the names are looked up");

    private static string Addresses(Origin origin) =>
        string.Join(' ', origin.Group.Servers.Select(server => server.Standing.Addresses.First.EndPoint));

    /// <summary>Writes down what it hears; "room" or "timeout".</summary>
    private sealed class RecordingWaiter : IServerWaiter
    {
        public ConcurrentQueue<string> Seen { get; } = new();

        public void OnServerHasRoom() => Seen.Enqueue("room");

        public void OnQueueTimeout() => Seen.Enqueue("timeout");
    }
}
