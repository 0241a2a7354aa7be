using System;
using NativeProxy.Clients;
using NativeProxy.Exchanges.Sending;
using NativeProxy.Foundation;
using NativeProxy.Routing;
using NativeProxy.Tunnels;
using NativeProxy.Upstreams.Connections;

namespace NativeProxy.Exchanges;

/// <summary>
/// What an exchange becomes behind a CONNECT or a switch of protocols: both connections go to a <see cref="Tunnel"/>, and come back when it ends.
/// Owner: an <see cref="Exchange"/>, made when the first of its requests comes to this; thread: the loop. Never moves a byte itself.
/// </summary>
/// <param name="client">Whose connection.</param>
/// <param name="service">Has the loop.</param>
internal sealed class ExchangeTunnel(ClientStream client, RequestService service) : ITunnelOwner
{
    private Tunnel? _tunnel;
    private RequestPath? _path;

    /// <summary>When both have been silent for too long, in loop time; -1 = there is no tunnel, or no limit.</summary>
    public long DueMs => _tunnel?.DueMs ?? -1;

    /// <summary>The client was told: its bytes and the server's go through from now on.</summary>
    /// <param name="path">With the connection to the server.</param>
    /// <param name="route">Of the request.</param>
    /// <param name="rest">What the server has sent behind its answer.</param>
    public void Begin(RequestPath path, Route route, ReadOnlySpan<byte> rest)
    {
        _path = path;
        _tunnel = new Tunnel(service.Loop, service.Counters, this);
        _tunnel.TakeServer(path.Stream.HandOver(_tunnel), new TunnelTimes(route.Timeouts.TunnelMs, route.Timeouts.TunnelMs));
        client.HandOver(_tunnel);
        if (!rest.IsEmpty)
            _tunnel.PassFromServer(rest);
    }

    /// <summary>The exchange is given up: takes both connections back, if they are there.</summary>
    public void End()
    {
        if (_tunnel is null)
            return;
        _tunnel.GiveBack();
        _tunnel = null;
        _path!.Stream.TakeBack();
    }

    public void OnTunnelBytes(int fromClient, int toClient) => client.CountTunnel(fromClient, toClient);

    public void OnTunnelEnded(TunnelEnd end)
    {
        _tunnel = null;
        _path!.Stream.TakeBack();
        CloseReason reason = end == TunnelEnd.Silent ? CloseReason.TunnelTimeout : CloseReason.TunnelEnded;
        if (reason == CloseReason.TunnelEnded)
            _path.Link.Release(ServerCloseReason.UpgradeEnded, reset: false);
        client.TakeBack(reason);
    }
}
