using System.Collections.Immutable;
using NativeProxy.LoadTest.Generator;
using NativeProxy.LoadTest.Tls;

namespace NativeProxy.LoadTest.Compare;

/// <summary>What a scenario measures, and therefore which figure its ratio is made of.</summary>
internal enum ScenarioKind
{
    /// <summary>closed loop; ratio of processor time per request</summary>
    Cost,

    /// <summary>open loop at half of the maximum rate of HAProxy, or of the baseline where HAProxy does not run; ratio of p99</summary>
    Latency,

    /// <summary>idle connections; ratio of resident bytes per connection</summary>
    Herd,

    /// <summary>started again and again; ratio of the time until it listens</summary>
    Start,

    /// <summary>managed bytes allocated per request; only contenders that tell them</summary>
    Allocation,

    /// <summary>closed loop on our own proxy with what the scenario is about and without; ratio of processor time per request to without</summary>
    Feature,

    /// <summary>closed loop on our own proxy with keep-alive on and off on each side; ratio of processor time per request to both on</summary>
    Persistence,

    /// <summary>all clients at once, one request each, on servers that take few at once; ratio of the time until all are served</summary>
    Slots,
}

/// <summary>One way of using a proxy. The plan lacks only its target (and an open loop its rate).</summary>
/// <param name="Name">Short, for the command line and for files.</param>
/// <param name="Title">For people.</param>
/// <param name="ServerPipelining">Requests of one client that may be under way on one server connection; above 1 only for those that can do
/// it.</param>
/// <param name="Use">What the proxy is configured to do; other than plain only for those that can do it.</param>
internal sealed record Scenario(
    string Name, string Title, ScenarioKind Kind, LoadPlan Plan, bool HasAccessLog = false, int ServerPipelining = 1, ProxyUse Use = ProxyUse.Plain)
{
    /// <summary>Requests that a server of <see cref="ScenarioKind.Slots"/> takes at once.</summary>
    public const int SlotsOfServer = 4;

    /// <summary>How long such a server works on a request.</summary>
    public const int SlotMs = 10;

    private static readonly LoadPlan Base = new() { Target = new(0, 0) };
    private static readonly LoadPlan Secure = Base with { Tls = TlsUse.Full };

    public static readonly ImmutableArray<Scenario> All =
    [
        new("get64", "small GET, 64 connections", ScenarioKind.Cost, Base),
        new("get512", "small GET, 512 connections", ScenarioKind.Cost, Base with { Connections = 512 }),
        new("get4096", "small GET, 4096 connections", ScenarioKind.Cost, Base with { Connections = 4096 }),
        new("connect", "connection per request, 64 at once", ScenarioKind.Cost, Base with { IsConnectionPerRequest = true }),
        new("pipeline", "16 pipelined GETs, 64 connections", ScenarioKind.Cost, Base with { Pipeline = 16 }),
        new("pipeline-servers", "16 pipelined GETs, 64 connections, pipelined to the server", ScenarioKind.Cost, Base with { Pipeline = 16 },
            ServerPipelining: 16),
        new("large", "1 MB response, 16 connections", ScenarioKind.Cost, Base with { Connections = 16, Path = "/s/1048576" }),
        new("post", "64 KB POST, 64 connections", ScenarioKind.Cost, Base with { Method = "POST", BodyBytes = 65536 }),
        new("log", "small GET, 64 connections, access log on", ScenarioKind.Cost, Base, HasAccessLog: true),
        new("relay", "small GET through a relay of bytes, 64 connections", ScenarioKind.Cost, Base, Use: ProxyUse.Relay),
        new("relay-large", "1 MB response through a relay of bytes, 16 connections", ScenarioKind.Cost,
            Base with { Connections = 16, Path = "/s/1048576" }, Use: ProxyUse.Relay),
        new("p99", "p99 at a constant rate, 64 connections", ScenarioKind.Latency, Base),
        new("idle", "idle connections, resident memory", ScenarioKind.Herd, Base with { Connections = 8000, IsHerd = true }),
        new("start", "start of the program", ScenarioKind.Start, Base),
        new("keepalive", "small GET, 64 clients, keep-alive on and off on each side", ScenarioKind.Persistence, Base),
        new("routes", "small GET, 64 connections, 1,000 routes, 100 upstreams, 20 header rules", ScenarioKind.Feature, Base, Use: ProxyUse.Routes),
        new("limit", "small GET, 64 connections, a rate limit by client", ScenarioKind.Feature, Base, Use: ProxyUse.RateLimit),
        new("slots", "3,000 clients at once on 3 servers of 4 slots of 10 ms", ScenarioKind.Slots, BurstOf(3000), Use: ProxyUse.Slots)
        {
            Ways = [new(Servers: 3), new(Servers: 3, Workers: 2)],
        },
        new("farm", "1,000 clients at once on 1 to 8 servers of 4 slots of 10 ms", ScenarioKind.Slots, BurstOf(1000), Use: ProxyUse.Slots)
        {
            Ways = [new(Servers: 1), new(Servers: 2), new(Servers: 4), new(Servers: 8)],
        },
        new("tls-get64", "small GET over TLS, 64 connections", ScenarioKind.Cost, Secure),
        new("tls-get512", "small GET over TLS, 512 connections", ScenarioKind.Cost, Secure with { Connections = 512 }),
        new("tls-connect", "full handshake and a small GET per connection, 64 at once", ScenarioKind.Cost,
            Secure with { IsConnectionPerRequest = true }),
        new("tls-resume", "resumed handshake and a small GET per connection, 64 at once", ScenarioKind.Cost,
            Secure with { IsConnectionPerRequest = true, Tls = TlsUse.Resumed }),
        new("tls-large", "1 MB response over TLS, 16 connections", ScenarioKind.Cost, Secure with { Connections = 16, Path = "/s/1048576" }),
        new("tls-idle", "idle TLS connections, resident memory", ScenarioKind.Herd, Secure with { Connections = 8000, IsHerd = true }),
        new("alloc", "managed memory allocated per small GET, 64 connections", ScenarioKind.Allocation, Base),
    ];

    /// <summary>Of <see cref="ScenarioKind.Slots"/>: with what each contender runs; the first is the measure of its others.</summary>
    public ImmutableArray<SlotWay> Ways { get; init; } = [];

    /// <summary>
    /// Why this cannot be run honestly here, with the descriptors that a process may open, or null. A proxy needs two per connection.
    /// </summary>
    public string? Refusal() => Plan.Refusal()
        ?? Linux.Descriptors.Refusal(Kind == ScenarioKind.Herd ? Plan.Connections : 2L * Plan.Connections);

    private static LoadPlan BurstOf(int clients) => Base with { Connections = clients, IsBurst = true, Path = $"/d/{SlotMs}/s/64" };
}

/// <summary>One way of running <see cref="ScenarioKind.Slots"/>.</summary>
/// <param name="Servers">Servers behind the proxy.</param>
/// <param name="Workers">Workers, or threads, of the proxy.</param>
internal readonly record struct SlotWay(int Servers, int Workers = 1)
{
    /// <summary>The time that the servers alone would take for so many clients, ms.</summary>
    public double IdealMs(int clients) => (double)clients * Scenario.SlotMs / (Servers * Scenario.SlotsOfServer);

    public override string ToString() => $"servers={Servers} workers={Workers}";
}
