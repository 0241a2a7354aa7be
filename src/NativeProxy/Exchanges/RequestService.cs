using System;
using NativeProxy.Clients;
using NativeProxy.Config;
using NativeProxy.Exchanges.Logged;
using NativeProxy.Exchanges.Sending;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Logging;
using NativeProxy.Metrics;
using NativeProxy.Recording;
using NativeProxy.Rewriting;
using NativeProxy.Routing;
using NativeProxy.Tracing;
using NativeProxy.Transport;
using NativeProxy.Upstreams.Connections;

namespace NativeProxy.Exchanges;

/// <summary>
/// What the exchanges of one listener share: the routes, the log, the memory for what may have to be sent again, the fetches that go on without a
/// client. Makes an exchange for each stream. Owner: the listener; thread: the loop. Never touches a connection.
/// </summary>
internal sealed class RequestService : IRequestService
{
    private readonly bool _isProxy;
    private readonly HalfClosePolicy _halfClose;
    private readonly int _halfClosedMax;

    /// <param name="loop">The loop.</param>
    /// <param name="settings">Those of the listener.</param>
    /// <param name="routes">Where requests go.</param>
    /// <param name="scratch">Where messages are put together.</param>
    /// <param name="counters">Of the worker.</param>
    public RequestService(EventLoop loop, in ListenerSettings settings, RouteTable routes, WireScratch scratch, LoopCounters counters)
    {
        Loop = loop;
        Routes = routes;
        Scratch = scratch;
        Counters = counters;
        Trace = TraceRules.Of(settings);
        _isProxy = routes.Origins is not null;
        _halfClose = settings.HalfClose;
        _halfClosedMax = settings.Limits.HalfClosed;
    }

    public EventLoop Loop { get; }

    public RouteTable Routes { get; }

    public WireScratch Scratch { get; }

    public LoopCounters Counters { get; }

    /// <summary>Gives requests their names; null when they get none.</summary>
    public TraceRules? Trace { get; }

    /// <summary>Room for what a client is told of its request.</summary>
    public OwnFields OwnFields { get; } = new();

    /// <summary>Null when none is written.</summary>
    public required ExchangeLog? AccessLog { get; init; }

    /// <summary>What exchanges share, also those of other listeners of the worker.</summary>
    public required ExchangeStock Stock { get; init; }

    /// <summary>Keeps the requests that are refused; null when nobody does.</summary>
    public Recorder? Recorder { get; init; }

    /// <summary>Makes the stream in which an exchange asks servers.</summary>
    public required Func<IServerStreamUser, ServerStream> Streams { get; init; }

    public ReadOnlySpan<byte> AllowedMethods =>
        _isProxy ? "CONNECT, DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, TRACE"u8 : "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, TRACE"u8;

    public ErrorPages? ErrorPages => Routes.OwnErrorPages;

    public bool PassesProxyCredentials => !_isProxy;

    /// <summary>
    /// True when a response may be read on for the cache although its client has gone; one limit bounds that and half-closed clients.
    /// </summary>
    public bool MayFetchAlone => _halfClose != HalfClosePolicy.Abort && Stock.CacheFetches.Count < _halfClosedMax;

    public object? Route(ReadOnlySpan<byte> bytes, RequestHead head, in PeerAddress client, out ProxyError refusal, out RejectReason detail) =>
        Routes.Find(bytes, head, client, out refusal, out detail);

    public string? NameOf(object route) => ((Route)route).LogIds.Name;

    public IClientStreamUser MakeUser(ClientStream stream) => new Exchange(stream, this);

    /// <summary>An exchange has ended, in whichever way.</summary>
    public void Log(Route route, ClientStream client, RequestPath path, bool isHit, ExchangeNotes notes)
    {
        AccessLog?.Write(route, client, path, isHit, notes);
        route.Latency?.Add(Loop.Clock.NowMs - notes.StartedMs);
        if (!isHit)
            Count(path.Link, client.StatusCode, notes);
        if (client.StatusCode >= 200)
            client.Connection.Frontend.Tally?.CountStatus(client.StatusCode);
        if (!ProxyEvents.Log.IsEnabled())
            return;
        ServerConnectionFacts server = path.Stream.Facts;
        ProxyEvents.Log.ExchangeEnded(
            client.Connection.Id, client.RequestNumber, client.StatusCode == 0 ? AccessNumbers.Unknown : client.StatusCode,
            (int)(Loop.Clock.NowMs - notes.StartedMs), server.Id, server.UseCount);
    }

    /// <summary>What a server has done, for those who look at servers and upstreams.</summary>
    private static void Count(ServerLink link, int statusCode, ExchangeNotes notes)
    {
        ExchangeTimes times = notes.TimesOver(link);
        if (times.ResponseMs >= 0)
            link.Group!.Latency?.Add(times.ToResponseMs);
        if (link.Server?.Load.Tally is not { } tally)
            return;
        if (times.ResponseMs < 0)
        {
            if (link.HasBeenOut)
                tally.Count(Tally.Failed);
            return;
        }
        if (statusCode >= 200)
            tally.CountStatus(statusCode);
        tally.Add(times.ConnectMs + times.ResponseMs);
    }

    public void OnRefused(ClientConnection connection, in Refusal refusal)
    {
        Counters.Add(CounterId.BytesToClients, refusal.Answer.Length);
        ResponseClasses.Count(Counters, refusal.StatusCode);
        if (refusal.StatusCode >= 200)
            connection.Frontend.Tally?.CountStatus(refusal.StatusCode);
        AccessLog?.WriteRefused(connection, refusal);
    }
}
