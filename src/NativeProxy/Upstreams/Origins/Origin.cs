using System;
using System.Net;
using NativeProxy.Foundation;
using NativeProxy.Upstreams.Connections;
using NativeProxy.Upstreams.Groups;

namespace NativeProxy.Upstreams.Origins;

/// <summary>
/// One destination of a forward proxy, host and port: its addresses, as long as they may be used, and the group of servers made of them,
/// in which idle connections wait for the next request. Owner: an <see cref="OriginTable"/>; thread: the loop.
/// </summary>
internal sealed class Origin : Ordered<Origin>
{
    /// <summary>An address is judged anew after this time: it may have become one of this machine's.</summary>
    private const long LiteralAgeMsMax = 60_000;

    /// <summary>When there are too many look-ups, the next request of the client may try again.</summary>
    private const long TooManyAgeMsMax = 100;

    private const int AddressesMax = 8;

    private static readonly NameAnswer TooMany = new(NameOutcome.TooMany, [], TooManyAgeMsMax, "");

    private readonly OriginTable _table;
    private readonly string _host;
    private readonly int _port;
    private readonly DestinationScope _scope;
    private long _validUntilMs = -1;
    private bool _isRetired;

    public Origin(OriginTable table, byte[] key, string host, int port, DestinationScope scope)
    {
        _table = table;
        Key = key;
        _host = host;
        _port = port;
        _scope = scope;
        Group = new UpstreamGroup(table.Loop, $"{host}:{port}", table.GroupLogId, keepsOrder: true);
    }

    public byte[] Key { get; }

    /// <summary>What exchanges use. While the addresses are being looked up they wait in its queue.</summary>
    public UpstreamGroup Group { get; }

    /// <summary>What the routing above keeps for it; nobody else looks at it.</summary>
    public object? Route { get; set; }

    /// <summary>True while an exchange uses it or waits for it, or a client has a connection of its own to it.</summary>
    public bool IsBusy => Group.IsPending || Group.UserCount > 0 || HasPinned();

    /// <summary>Before each use: finds the addresses when they are not known or too old.</summary>
    public void Refresh()
    {
        if (Group.IsPending || _table.Loop.Clock.NowMs <= _validUntilMs)
            return;
        if (_table.OwnAddresses.IsFresh && IPAddress.TryParse(_host, out IPAddress? address))
            Take(new NameAnswer(NameOutcome.Found, [address], LiteralAgeMsMax, ""));
        else if (_table.Resolver.TryBegin(this, _host))
            Group.Suspend(_table.Settings);
        else
            Take(TooMany);
    }

    /// <summary>After a reload: the addresses are judged anew at the next use.</summary>
    public void Expire() => _validUntilMs = -1;

    /// <summary>The table lets go of it: idle connections close now, busy ones after their exchange.</summary>
    public void Retire()
    {
        _isRetired = true;
        Group.Retire();
    }

    /// <summary>The look-up has ended.</summary>
    internal void Resolved(NameAnswer answer)
    {
        Take(answer);
        if (_isRetired)
            Group.Retire();
    }

    private void Take(NameAnswer answer)
    {
        IPAddress[] found = answer.Addresses;
        var servers = new UpstreamServer[Math.Min(found.Length, AddressesMax)];
        int count = 0;
        foreach (IPAddress address in found)
        {
            if (count < servers.Length && _table.Policy.Admits(PeerAddress.Of(address, _port), _scope))
                servers[count++] = ServerAt(new IPEndPoint(address, _port));
        }
        _validUntilMs = _table.Loop.Clock.NowMs + answer.TtlMs;
        Group.Apply(_table.Settings, servers.AsSpan(0, count).ToArray(), answer.Outcome switch
        {
            NameOutcome.Found => ProxyError.DestinationRefused,
            NameOutcome.TooMany => ProxyError.TooManyLookups,
            _ => ProxyError.NameNotResolved,
        });
    }

    /// <summary>An address that was there before keeps its connections.</summary>
    private UpstreamServer ServerAt(IPEndPoint endPoint)
    {
        UpstreamServer? server = null;
        foreach (UpstreamServer known in Group.Servers)
        {
            if (known.Standing.Addresses.First.EndPoint.Equals(endPoint))
                server = known;
        }
        server ??= new UpstreamServer(_table.Loop, _table.Counters, endPoint.ToString(), endPoint)
        {
            LogId = _table.ServerLogId, Page = _table.Page,
            Connections = { Recorder = _table.Recorder, Upstream = "forward" },
        };
        server.Apply(_table.Settings, _table.ServerSettings, connectionsMax: 0);
        return server;
    }

    /// <summary>True when a client has authenticated on a connection to it, which waits for that client.</summary>
    private bool HasPinned()
    {
        foreach (UpstreamServer server in Group.Servers)
        {
            if (server.Connections.Pinned.Count > 0)
                return true;
        }
        return false;
    }
}
