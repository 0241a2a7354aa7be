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

    /// <summary>When the connect began.</summary>
    public long BeganAtMs { get; private set; }

    /// <summary>The address that is tried, or that worked.</summary>
    public ServerAddress Address { get; private set; }

    /// <summary>The connect begins, with the address that worked last.</summary>
    public void Begin(ServerAddressRing addresses, long nowMs)
    {
        BeganAtMs = nowMs;
        _count = 1;
        Address = addresses.First;
    }

    /// <summary>
    /// How long the present try may take, in ms; 0 = without a limit. The addresses share the time of one connect: each has its part of what is
    /// left, so that a silent one leaves some for the others.
    /// </summary>
    public readonly long TimeoutMs(UpstreamServer server, long nowMs)
    {
        int addressesLeft = Math.Max(1, server.Standing.Addresses.Count - _count + 1);
        long limitMs = server.Terms.ConnectTimeoutMs;
        return limitMs > 0 ? Math.Max(1, (BeganAtMs + limitMs - nowMs) / addressesLeft) : 0;
    }

    /// <summary>The present try succeeded: later connects begin with its address.</summary>
    public readonly void Worked(UpstreamServer server) => server.Standing.Addresses.Worked(Address);

    /// <summary>The present try failed. True when there is another address, and time for it.</summary>
    public readonly bool Failed(UpstreamServer server, SocketError error, long nowMs)
    {
        ServerAccount.CountConnectFailure(server, error);
        ServerStanding standing = server.Standing;
        standing.Addresses.Failed(Address);
        long limitMs = server.Terms.ConnectTimeoutMs;
        return _count < standing.Addresses.Count && !(limitMs > 0 && nowMs >= BeganAtMs + limitMs) && !standing.IsRetired;
    }

    /// <summary>Goes on with the next address.</summary>
    public void Next(UpstreamServer server)
    {
        _count++;
        Address = server.Standing.Addresses.After(Address);
        server.Counters.Add(CounterId.ServerConnects);
    }
}
