using System;
using System.Collections.Generic;
using System.Net;
using NativeProxy.Tests.Layers;
using NativeProxy.Tests.Simulation.Engine;

namespace NativeProxy.Tests.Simulation.Network;

/// <summary>What a server's machine makes of a connection attempt.</summary>
internal enum ConnectAnswer : byte
{
    Accept,
    Refuse,
    Unreachable,
    Silence,
}

/// <summary>Where connections of the proxy end: a server.</summary>
internal interface INetworkServer
{
    ConnectAnswer AnswerConnect();

    /// <summary>A connection of the proxy is there.</summary>
    void OnConnected(SimulatedSocket socket);

    /// <summary>Watches what the proxy sends on a connection, from its first byte on.</summary>
    void Watch(SimulatedSocket proxySide);
}

/// <summary>
/// Carries bytes between the ends of connections: in random pieces, with random delays, in order. Owns no socket and decides nothing
/// about their content.
/// </summary>
internal sealed class SimulatedNetwork(Agenda agenda, Dice dice, Trace trace)
{
    private readonly Dictionary<EndPoint, INetworkServer> _servers = [];
    private long _socketCount;

    /// <summary>The listening socket of the proxy while it is open.</summary>
    public SimulatedListenerSocket? Listening { get; set; }

    /// <summary>Longest time that a piece travels.</summary>
    public int DelayMsMax { get; set; } = 3;

    /// <summary>How likely, in 1/1000, all that is on its way arrives at once.</summary>
    public int WholeArrivals { get; set; } = 600;

    /// <summary>Smallest window that a connection may get.</summary>
    public int WindowBytesMin { get; set; } = 4096;

    /// <summary>Windows change while a connection lives.</summary>
    public bool VariesWindows { get; set; } = true;

    /// <summary>Makes the sessions of peers that speak in records, for clients (false) and servers (true); null = they do not.</summary>
    public Func<bool, RecordSession>? Sessions { get; set; }

    public void AddServer(EndPoint endPoint, INetworkServer server) => _servers.Add(endPoint, server);

    /// <summary>A client connects; null when nobody listens. It may send at once: the handshake needs no accept.</summary>
    public SimulatedSocket? ConnectClient()
    {
        if (Listening is null)
            return null;
        (SimulatedSocket proxy, SimulatedSocket peer) = MakePair();
        Secure(peer, isServer: false);
        agenda.After(Delay(), () =>
        {
            if (Listening is { } listening)
                listening.Arrive(proxy);
            else
                proxy.Close(reset: true);
        });
        return peer;
    }

    /// <summary>The proxy connects to a server; the answer comes later, or never.</summary>
    public void ConnectServer(IPEndPoint endPoint, SimulatedConnection connection)
    {
        INetworkServer server = _servers[endPoint];
        ConnectAnswer answer = server.AnswerConnect();
        trace.Note(TraceKind.ConnectBegins, connection.Id, endPoint.Port, (long)answer);
        if (answer == ConnectAnswer.Silence)
            return;
        int generation = connection.Generation;
        agenda.After(Delay(), () =>
        {
            if (connection.Generation != generation)
                return;
            if (answer != ConnectAnswer.Accept)
            {
                connection.ConnectAnswered(answer, null);
                return;
            }
            (SimulatedSocket proxy, SimulatedSocket peer) = MakePair();
            server.Watch(proxy);
            Secure(peer, isServer: true);
            connection.ConnectAnswered(answer, proxy);
            server.OnConnected(peer);
        });
    }

    /// <summary>Bytes or FIN have been put into the outgoing pipe of this end.</summary>
    internal void Ship(SimulatedSocket from)
    {
        Pipe pipe = from.Outgoing;
        if (pipe.IsMoving || pipe.IsDead)
            return;
        pipe.IsMoving = true;
        agenda.After(Delay(), () => Arrive(from));
    }

    internal void HasRead(SimulatedSocket reader, bool wasFull)
    {
        Pipe pipe = reader.Incoming;
        if (VariesWindows && dice.PerMille(100))
            pipe.WindowBytes = DrawWindow();
        if (wasFull)
            agenda.After(Delay(), () => reader.Other.NotifyChange());
    }

    /// <summary>This end is gone with RST: a part of what it had sent may still arrive before it.</summary>
    internal void SendReset(SimulatedSocket from)
    {
        Pipe pipe = from.Outgoing;
        if (!pipe.IsDead && pipe.FlyingBytes > 0 && dice.PerMille(500))
            pipe.Arrive(dice.Between(0, pipe.FlyingBytes));
        pipe.Kill();
        bool dropsUnread = dice.PerMille(300);
        agenda.After(Delay(), () => from.Other.ResetArrives(dropsUnread));
        from.Other.NotifyChange();
    }

    private void Arrive(SimulatedSocket from)
    {
        Pipe pipe = from.Outgoing;
        pipe.IsMoving = false;
        if (pipe.IsDead)
            return;
        if (pipe.FlyingBytes > 0)
        {
            if (from.Other.IsClosed)
            {
                pipe.Kill();
                agenda.After(Delay(), () => from.ResetArrives(dropsUnread: false));
                return;
            }
            pipe.Arrive(dice.PerMille(WholeArrivals) ? pipe.FlyingBytes : Math.Max(1, dice.Size(pipe.FlyingBytes)));
        }
        if (pipe.FlyingBytes > 0)
            Ship(from);
        else if (pipe.IsEnded && !pipe.EndArrived)
            ArriveEnd(from);
        from.Other.NotifyChange();
    }

    /// <summary>FIN comes with the last bytes or a moment later.</summary>
    private void ArriveEnd(SimulatedSocket from)
    {
        if (dice.PerMille(500))
            from.Outgoing.EndArrived = true;
        else
            Ship(from);
    }

    private (SimulatedSocket Proxy, SimulatedSocket Peer) MakePair()
    {
        var toProxy = new Pipe { WindowBytes = DrawWindow() };
        var toPeer = new Pipe { WindowBytes = DrawWindow() };
        long id = ++_socketCount;
        var proxy = new SimulatedSocket(this, id, toProxy, toPeer);
        var peer = new SimulatedSocket(this, id, toPeer, toProxy);
        proxy.JoinTo(peer);
        return (proxy, peer);
    }

    private void Secure(SimulatedSocket peer, bool isServer)
    {
        if (Sessions is not null)
            peer.Secure(Sessions(isServer));
    }

    private int DrawWindow() => Math.Max(WindowBytesMin, dice.Size(256 * 1024));

    private int Delay() => dice.Below(DelayMsMax + 1);
}
