using System;
using System.Net.Sockets;
using NativeProxy.Metrics;

namespace NativeProxy.Upstreams.Connections;

/// <summary>
/// One connect of a server connection: since when, at which address now, and which comes next when that one fails, as long as there is time. Part of
/// the connection (a mutable struct: keep it in a field, never copy it); thread: the loop. Never tells the user and never closes a socket.
/// </summary>
internal struct ConnectTries
{
    /// <summary>How many of the server's addresses were tried, the present one included.</summary>
    private int _count;

    /// <summary>The longest time of the whole connect, in ms; 0 = without a limit.</summary>
    private int _limitMs;

    /// <summary>When the connect began.</summary>
    public long BeganAtMs { get; private set; }

    /// <summary>The address that is tried, or that worked.</summary>
    public ServerAddress Address { get; private set; }

    /// <summary>The connect begins, with the address that worked last.</summary>
    /// <param name="server">Whose addresses.</param>
    /// <param name="limitMs">The longest time of the connect; 0 = as long as the server's upstream says.</param>
    /// <param name="nowMs">The time.</param>
    public void Begin(UpstreamServer server, long limitMs, long nowMs)
    {
        _limitMs = (int)Math.Min(limitMs > 0 ? limitMs : server.Terms.ConnectTimeoutMs, int.MaxValue);
        BeganAtMs = nowMs;
        _count = 1;
        Address = server.Standing.Addresses.First;
    }

    /// <summary>
    /// How long the present try may take, in ms; 0 = without a limit. The addresses share the time of one connect: each has its part of what is
    /// left, so that a silent one leaves some for the others.
    /// </summary>
    public readonly long TimeoutMs(UpstreamServer server, long nowMs)
    {
        int addressesLeft = Math.Max(1, server.Standing.Addresses.Count - _count + 1);
        return _limitMs > 0 ? Math.Max(1, (BeganAtMs + _limitMs - nowMs) / addressesLeft) : 0;
    }

    /// <summary>The present try succeeded: later connects begin with its address.</summary>
    public readonly void Worked(UpstreamServer server) => server.Standing.Addresses.Worked(Address);

    /// <summary>The present try failed. True when there is another address, and time for it.</summary>
    public readonly bool Failed(UpstreamServer server, SocketError error, long nowMs)
    {
        ServerAccount.CountConnectFailure(server, error);
        ServerStanding standing = server.Standing;
        standing.Addresses.Failed(Address);
        return _count < standing.Addresses.Count && !(_limitMs > 0 && nowMs >= BeganAtMs + _limitMs) && !standing.IsRetired;
    }

    /// <summary>Goes on with the next address.</summary>
    public void Next(UpstreamServer server)
    {
        _count++;
        Address = server.Standing.Addresses.After(Address);
        server.Counters.Add(CounterId.ServerConnects);
    }
}
