using System;
using System.Collections.Generic;
using System.Text;
using NativeProxy.Caching;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Metrics;
using NativeProxy.Rewriting;
using NativeProxy.Transport;
using NativeProxy.Upstreams.Board;
using NativeProxy.Upstreams.Connections;
using NativeProxy.Upstreams.Queueing;

namespace NativeProxy.Upstreams.Groups;

/// <summary>
/// The servers of one <c>[[upstream]]</c> on one loop: chooses a server and says what the group allows. Thread: the loop.
/// Never sends and never retries by itself.
/// </summary>
internal sealed class UpstreamGroup
{
    private readonly EventLoop _loop;
    private readonly byte[] _nameBytes;
    private readonly bool _keepsOrder;
    private readonly GroupServers _servers = new();
    private readonly ServerChoice _choice;

    /// <summary>Where those of all workers wait; null when nobody shares anything.</summary>
    private BoardQueue? _line;

    /// <param name="loop">The loop.</param>
    /// <param name="name">The name.</param>
    /// <param name="logId">Id under which the access log knows it.</param>
    /// <param name="keepsOrder">The servers are tried in their order, the one that failed last at the end, instead of in turn.</param>
    public UpstreamGroup(EventLoop loop, string name, int logId, bool keepsOrder = false)
    {
        _loop = loop;
        Name = name;
        LogId = logId;
        _nameBytes = Encoding.ASCII.GetBytes(name);
        _keepsOrder = keepsOrder;
        _choice = new ServerChoice(_servers, keepsOrder);
        Queue = new WaitQueue(loop, _servers);
    }

    public string Name { get; }

    public ReadOnlySpan<byte> NameBytes => _nameBytes;

    /// <summary>Id under which the access log knows the group.</summary>
    public int LogId { get; }

    public IReadOnlyList<UpstreamServer> Servers => _servers.All;

    /// <summary>What its settings say about exchanges.</summary>
    public GroupRules Rules { get; private set; } = new(default);

    /// <summary>Responses that its servers let this worker keep; null when it has no cache.</summary>
    public ResponseCache? Cache { get; set; }

    /// <summary>How long its servers took to answer; null when nobody wants to know.</summary>
    public LatencyRow? Latency { get; set; }

    /// <summary>Bounds the second tries of what a server may have begun to serve.</summary>
    public RetryBudget RetryBudget { get; } = new();

    /// <summary>Leaves servers out for failed requests; null where none may be.</summary>
    public PassiveHealth? Passive { get; private set; }

    /// <summary>Takes lines for the error log; must not block. Null when nobody reads them.</summary>
    public Action<string>? Report { get; init; }

    /// <summary>Requests in flight.</summary>
    public GroupLoad Load { get; } = new();

    /// <summary>Exchanges that wait because all servers are at their limit, whichever has room first, or not known yet.</summary>
    public WaitQueue Queue { get; }

    /// <summary>True when the connections to some server are limited.</summary>
    public bool HasLimits { get; private set; }

    /// <summary>True while the servers are not known, since a name is being looked up: exchanges wait in line for them.</summary>
    public bool IsPending => _servers.IsPending;

    /// <summary>True when some server takes requests at all; false means that waiting is of no use.</summary>
    public bool HasServer => _servers.HasAny;

    /// <summary>What an exchange is told when no server takes requests.</summary>
    public ProxyError NoServerError { get; private set; } = ProxyError.NoServerAvailable;

    /// <summary>Exchanges that are lent a connection, or wait for one, of a certain server or of any.</summary>
    public int UserCount => _servers.LentCount + Queue.Count + _servers.WaitingCount;

    /// <summary>The servers are not known, or not any more, until they are applied.</summary>
    public void Suspend(in UpstreamSettings settings)
    {
        Rules = new GroupRules(settings);
        _servers.IsPending = true;
    }

    /// <summary>Takes over settings and servers, at start and at reload. Servers that are no longer there are retired.</summary>
    /// <param name="settings">Settings of the group.</param>
    /// <param name="servers">Its servers.</param>
    /// <param name="noServerError">What an exchange is told when no server takes requests.</param>
    /// <param name="slot">What all workers know about the group; null when nobody shares anything.</param>
    public void Apply(
        in UpstreamSettings settings, UpstreamServer[] servers, ProxyError noServerError = ProxyError.NoServerAvailable, GroupSlot? slot = null)
    {
        _servers.IsPending = false;
        NoServerError = noServerError;
        foreach (UpstreamServer server in _servers.All)
        {
            if (Array.IndexOf(servers, server) < 0)
                server.Retire(leavesGroup: true);
        }
        _servers.Set(servers, settings);
        bool isCounted = settings.MaxRequests > 0 || _servers.HasRamp;
        Rules = new GroupRules(settings) { Stick = StickRule.Of(settings.Stick, slot?.Stick), CountsRequests = isCounted };
        ApplyPassive(settings.Passive);
        _line = slot?.Line;
        _choice.Apply(settings, slot?.Turns);
        ApplyLimits(settings.MaxQueue);
        Load.Apply(isCounted, settings.MaxRequests, isCounted ? slot?.Requests : null);
        foreach (UpstreamServer server in servers)
        {
            server.Limit.RoomAgain = () => ServeQueues(server);
            server.Limit.GroupQueue = Queue;
            server.Limit.Queue.ServeSoon();
        }
        Queue.ServeSoon();
    }

    /// <summary>Another worker has called: what it asks for is done, and who waits may go on.</summary>
    public void FollowBoard()
    {
        if (!HasLimits)
            return;
        foreach (UpstreamServer server in _servers.All)
            server.Limit.FollowBoard();
        Queue.Serve();
    }

    /// <summary>Servers may have gone up or down, and operators may have set other limits.</summary>
    public void FollowHealth()
    {
        if (_servers.NeedsLook)
            Look();
        bool isRelieved = false;
        bool hasOtherLimits = false;
        foreach (UpstreamServer server in _servers.All)
        {
            hasOtherLimits |= server.Limit.FollowOperator();
            server.FollowHealth();
            isRelieved |= server.Standing.TakeReturn() && !server.Standing.IsBackup;
        }
        if (isRelieved && Rules.ClosesBackups)
            _servers.CloseBackups();
        if (hasOtherLimits)
            ApplyLimits(Queue.CountMax);
        Queue.ServeSoon();
    }

    /// <summary>True when a server other than this one takes requests.</summary>
    /// <param name="failed">This one.</param>
    /// <param name="orLeftOut">One that is left out for its failures would do, too: a request that has failed on this one may try it.</param>
    public bool HasOtherThan(UpstreamServer failed, bool orLeftOut = false) =>
        _servers.HasOtherThan(failed) || (orLeftOut && Passive?.HasTrialFor(failed) == true);

    /// <inheritdoc cref="GroupServers.FindByCookie"/>
    public UpstreamServer? FindByCookie(ReadOnlySpan<byte> value, out bool isDown) => _servers.FindByCookie(value, out isDown);

    /// <summary>
    /// Of <c>prefer_last_server</c>: the server of the client connection's previous request if it may take the next one, else null.
    /// </summary>
    public UpstreamServer? Preferred(UpstreamServer? last) =>
        Rules.PrefersLastServer && last is { CanTakeNow: true, HasRoom: true } && !(HasLimits && Queue.HasWaiters)
            && Array.IndexOf(_servers.All, last) >= 0
            ? last : null;

    /// <summary>The wanted server if it is usable, else one by balance; null when there is no room.</summary>
    /// <param name="wanted">The server that the client's cookie names, or its last one where that is preferred, or null.</param>
    /// <param name="hashKey">As for <see cref="Choose"/>.</param>
    /// <param name="queue">As for <see cref="Choose"/>.</param>
    /// <param name="isItsTurn">As for <see cref="Choose"/>.</param>
    public UpstreamServer? ChooseWanted(UpstreamServer? wanted, ulong hashKey, out WaitQueue queue, bool isItsTurn = false)
    {
        if (wanted is not { Standing.IsUsable: true })
            return Choose(except: null, hashKey, out queue, isItsTurn);
        queue = Queue;
        if (_servers.NeedsLook)
            Look();
        UpstreamServer? only = ServerChoice.Only(wanted, ref queue, isItsTurn);

        // As with HAProxy's maxqueue: rather another server than no answer.
        return only is null && !isItsTurn && wanted.Limit.IsQueueFull ? Choose(except: null, hashKey, out queue) : only;
    }

    /// <summary>
    /// The server for the next try, not the one that has just failed unless it is the only one; null when none has room.
    /// </summary>
    /// <param name="except">The one that has just failed.</param>
    /// <param name="hashKey">What <see cref="GroupRules.HashKey"/> says of the request.</param>
    /// <param name="queue">Where to wait when none has room: in the line of one server, or in that of the group.</param>
    /// <param name="isItsTurn">The exchange has waited and was first in line; else it may not overtake those who wait.</param>
    public UpstreamServer? Choose(UpstreamServer? except, ulong hashKey, out WaitQueue queue, bool isItsTurn = false)
    {
        queue = Queue;
        if (_servers.NeedsLook)
            Look();
        if (IsPending || (HasLimits && !isItsTurn && Queue.HasWaiters))
            return null;
        bool isTrial = except is not null && Passive?.BeginTrials(except) == true;
        UpstreamServer? server = _choice.Pick(except, hashKey, ref queue, isItsTurn);
        if (isTrial)
            Passive!.EndTrials(server);
        return server is null && Passive is { } passive && passive.TryPardon()
            ? _choice.Pick(except, hashKey, ref queue, isItsTurn)
            : server;
    }

    /// <summary>
    /// A server that was chosen has no room but for idle connections of other workers: they are asked for, and waited for, so that servers are chosen
    /// as if there were one worker. But who is first in line while others wait behind goes elsewhere, or one such server would hold them all up while
    /// another one is free.
    /// </summary>
    /// <param name="full">The server.</param>
    /// <param name="except">One that has just failed, or null.</param>
    /// <param name="queue">Where one would wait.</param>
    /// <param name="isItsTurn">As for <see cref="Choose"/>.</param>
    /// <returns>A server that has room at once; null when there is none.</returns>
    public UpstreamServer? InsteadOf(UpstreamServer full, UpstreamServer? except, WaitQueue queue, bool isItsTurn)
    {
        full.Limit.AskForIdle();
        return isItsTurn && queue == Queue && except is null && Queue.HasWaiters ? _choice.WithRoom() : null;
    }

    /// <summary>A connect to the server failed.</summary>
    public void ConnectFailed(UpstreamServer server)
    {
        if (_keepsOrder)
            _servers.MoveToEnd(server);
    }

    /// <summary>Where the connections to some server are limited, all workers wait in one line.</summary>
    private void ApplyLimits(int queueMax)
    {
        HasLimits = Array.Exists(_servers.All, static server => server.Limit.ConnectionsMax > 0);
        Queue.Join(HasLimits ? _line : null, queueMax);
    }

    /// <summary>One server is never left out, and where nobody may leave any out, what others have decided before is over.</summary>
    private void ApplyPassive(in UpstreamPassiveSettings settings)
    {
        Passive = settings.Enabled && _servers.All.Length > 1
            ? new PassiveHealth(settings, _servers) { Ejected = text => Report?.Invoke($"of upstream \"{Name}\", {text}") }
            : null;
        foreach (UpstreamServer server in Passive is null ? _servers.All : [])
            server.Standing.Ejection?.Pardon();
    }

    /// <summary>Looks at the servers, where that is needed; where one may have more requests now, who waits may go on.</summary>
    private void Look()
    {
        if (!_servers.Look(_loop.Clock.NowMs, Load.Count))
            return;
        foreach (UpstreamServer server in _servers.All)
            server.Limit.Queue.ServeSoon();
        Queue.ServeSoon();
    }

    /// <summary>Those who can go to no other server come first.</summary>
    private void ServeQueues(UpstreamServer server)
    {
        server.Limit.Queue.ServeSoon();
        Queue.ServeSoon();
    }

    /// <summary>The group is no longer in the configuration, or the process ends: its idle connections close, its cache is emptied.</summary>
    public void Retire()
    {
        Cache?.Close();
        Cache = null;
        _line = null;
        Queue.Join(null);
        Load.LeaveBoard();
        foreach (UpstreamServer server in _servers.All)
            server.Retire();
    }
}
