using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using NativeProxy.Caching;
using NativeProxy.Clients;
using NativeProxy.Config;
using NativeProxy.Exchanges;
using NativeProxy.Exchanges.Logged;
using NativeProxy.Foundation;
using NativeProxy.Http1;
using NativeProxy.Metrics;
using NativeProxy.Routing;
using NativeProxy.Tests.Config;
using NativeProxy.Tests.Metrics;
using NativeProxy.Tests.Simulation.Engine;
using NativeProxy.Transport;
using NativeProxy.Upstreams.Connections;
using NativeProxy.Upstreams.Groups;

namespace NativeProxy.Tests.Simulation;

/// <summary>
/// What a worker has around one listener, for a test that plays the rest by hand: settings, counters, the place where messages are put together,
/// and a group of one server.
/// </summary>
internal sealed class TrialServices
{
    private readonly SimulatedEventLoop _loop;

    /// <param name="loop">The loop.</param>
    /// <param name="listener">Lines of the listener's table and its sub-tables.</param>
    /// <param name="upstream">Lines of the upstream's table and its sub-tables.</param>
    public TrialServices(SimulatedEventLoop loop, string listener = "", string upstream = "")
    {
        _loop = loop;
        ProxySettings settings = SettingsTrial.Parse(SettingsTrial.With(listener, upstream)).Settings;
        Settings = settings.Listeners[0];
        Scratch = new WireScratch(Settings.Limits.HeaderBytes, Settings.Limits.HeaderCount, EventLoop.ReceiveBytesMax);
        UpstreamSettings group = settings.Upstreams[0];
        EndPoint = IPEndPoint.Parse(group.Servers[0].Address);
        Server = new UpstreamServer(loop, Counters, group.Servers[0].Name, EndPoint);
        Server.Apply(group, group.Servers[0], group.Servers[0].MaxConnections);
        Group = new UpstreamGroup(loop, group.Name, logId: 0);
        Group.Apply(group, [Server]);
        Group.Cache = ResponseCache.Of(group.Cache, before: null, Counters, loop.Clock, ChangeBoard.CreatePrivate());
    }

    public ListenerSettings Settings { get; }

    public LoopCounters Counters { get; } = LastingCounters.Create();

    public WireScratch Scratch { get; }

    /// <summary>Where the server is.</summary>
    public IPEndPoint EndPoint { get; }

    public UpstreamServer Server { get; }

    public UpstreamGroup Group { get; }

    /// <summary>What client connections share.</summary>
    /// <param name="owner">Who has them.</param>
    /// <param name="service">Who serves their requests.</param>
    /// <param name="settings">Of another listener than the one that is there; null = of that one.</param>
    public Frontend MakeFrontend(IFrontendOwner owner, IRequestService service, ListenerSettings? settings = null) =>
        new(_loop, settings ?? Settings, Scratch, Counters, owner, service);

    /// <summary>What exchanges share; their requests go to the group.</summary>
    /// <param name="streams">Makes the streams of exchanges and of fetches.</param>
    /// <param name="accessLog">Null when none is written.</param>
    public RequestService MakeService(Func<IServerStreamUser, ServerStream> streams, ExchangeLog? accessLog = null)
    {
        var stock = new ExchangeStock(_loop, Counters, static _ => { });
        stock.CacheFetches.Streams = streams;
        return new RequestService(_loop, Settings, new RouteTable(Settings, Group, origins: null), Scratch, Counters)
        {
            AccessLog = accessLog,
            Stock = stock,
            Streams = streams,
        };
    }

    /// <summary>Why client connections were closed.</summary>
    public string ClientCloses()
    {
        IEnumerable<CloseReason> all = Enumerable.Range(1, CloseReasons.Count - 1).Select(static i => (CloseReason)i);
        return string.Join(' ', all.SelectMany(reason => Enumerable.Repeat(reason, (int)Counters.Read(CloseCounters.Of(reason)))));
    }
}
