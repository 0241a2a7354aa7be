using System;
using NativeProxy.Foundation;
using NativeProxy.Metrics;

namespace NativeProxy.Upstreams.Connections;

/// <summary>
/// The time between two uses of a server connection, which it spends in the pool of its server, or apart from it once it carries the
/// authentication of one client: since when, until when, for whom. Part of the connection (a mutable struct: keep it in a field, never copy
/// it); thread: the loop. Never closes the connection and never arms its timer.
/// </summary>
internal struct ConnectionPause
{
    /// <summary>Why the connection will be closed when its idle time is over.</summary>
    private ServerCloseReason _endReason;
    private long _lastedMs;

    /// <summary>
    /// The client whose authentication the connection carries; null while it carries none. Only the end of the connection takes it away again.
    /// </summary>
    public IPinOwner? PinOwner { get; private set; }

    /// <summary>Since when it waits, in loop milliseconds; of the last pause when it does not wait now.</summary>
    public long SinceMs { get; private set; }

    /// <summary>How long it had waited when it was taken, in ms.</summary>
    public readonly long LastedMs => Math.Max(0, _lastedMs);

    /// <summary>True when it had waited before the present use.</summary>
    public readonly bool CameBefore => _lastedMs >= 0;

    public readonly ServerCloseReason EndReason => _endReason;

    public readonly bool IsPinned => PinOwner is not null;

    /// <summary>No pause came before the present use: the connection is fresh, or was handed on.</summary>
    public void Forget() => _lastedMs = -1;

    /// <summary>Authentication goes over the connection: from now on it is this client's alone.</summary>
    public void PinTo(IPinOwner owner)
    {
        Check.That((PinOwner ?? owner) == owner, "a connection is pinned once, by who uses it");
        PinOwner = owner;
    }

    /// <summary>Nobody uses the connection any more: it waits where it belongs. Returns for how many ms it may; 0 = without a limit.</summary>
    public long Begin(UpstreamConnection connection, long nowMs)
    {
        SinceMs = nowMs;
        connection.Tcp!.Tap?.Idles();
        RoomOf(connection.Server).Push(connection);
        connection.Server.Limit.ShowIdle();
        connection.Server.Counters.Add(Gauge);

        // A pinned one has the idle time of its client and ends with it.
        return IsPinned ? 0 : connection.Server.Terms.IdleTimeoutMs(nowMs, isUnused: connection.UseCount == 0, out _endReason);
    }

    /// <summary>The connection, just taken from where it waited, is used again.</summary>
    public void End(UpstreamConnection connection, long nowMs)
    {
        connection.Server.Counters.Add(Gauge, -1);
        _lastedMs = nowMs - SinceMs;
    }

    /// <summary>The connection is given up where it waits.</summary>
    public readonly void Break(UpstreamConnection connection)
    {
        RoomOf(connection.Server).Remove(connection);
        connection.Server.Limit.ShowIdle();
        connection.Server.Counters.Add(Gauge, -1);
    }

    /// <summary>The connection is given up, and what was authenticated on it is lost.</summary>
    public void Unpin() => PinOwner = null;

    private readonly IdlePool RoomOf(UpstreamServer server) => IsPinned ? server.Connections.Pinned : server.Idle;

    private readonly CounterId Gauge => IsPinned ? CounterId.ServerConnectionsPinned : CounterId.ServerConnectionsIdle;
}
