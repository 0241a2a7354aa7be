using System;
using System.Collections.Generic;
using System.Net;
using System.Text;
using NativeProxy.Recording;
using NativeProxy.Tests.Config;
using NativeProxy.Tests.Simulation.Network;

namespace NativeProxy.Tests.Simulation;

/// <summary>
/// A <see cref="SimulatedProxy"/> with one server, both of whose sides a test plays by hand, step by step in virtual time: what a chaos run has
/// found, in a few lines. Bytes travel at once and whole.
/// </summary>
internal class Scene : IDisposable, INetworkServer
{
    private readonly ChaosWorld _world;

    /// <param name="listener">Lines of the listener's table and its sub-tables.</param>
    /// <param name="upstream">Lines of the upstream's table and its sub-tables.</param>
    /// <param name="bufferBytes">Budget of the buffers.</param>
    /// <param name="server">Lines of the server's table.</param>
    /// <param name="isCompletionBased">Which of the two real engines the simulated one is like.</param>
    /// <param name="isLayered">Whether both sides of the proxy speak in records.</param>
    /// <param name="recordings">What is recorded of traffic; null when nobody does that.</param>
    public Scene(string listener = "", string upstream = "", long bufferBytes = 16 << 20, string server = "", bool isCompletionBased = false,
        bool isLayered = false, RecorderBoard? recordings = null)
    {
        _world = new ChaosWorld(1, FaultMix.Calm, isLayered);
        _world.Network.DelayMsMax = 0;
        _world.Network.WholeArrivals = 1000;
        _world.Network.VariesWindows = false;
        _world.Network.AddServer(new IPEndPoint(IPAddress.Loopback, 9001), this);
        Proxy = new SimulatedProxy(_world, bufferBytes, isCompletionBased, recordings) { SlowTurns = 0 };
        Proxy.Loop.ReadsWhole = true;
        Proxy.Apply(() => SettingsTrial.Parse(SettingsTrial.With(listener, upstream, server)).Settings);
        Settle();
    }

    public SimulatedProxy Proxy { get; }

    /// <summary>The server's ends of its connections, in the order in which they were opened.</summary>
    public List<SimulatedSocket> ServerSockets { get; } = [];

    /// <summary>Bytes that a connection takes ahead of its reader, on connections from now on.</summary>
    public int WindowBytes { get; set; } = 256 * 1024;

    /// <summary>A client connects; its handshake, if there is one, is done.</summary>
    public SimulatedSocket Connect()
    {
        SimulatedSocket client = _world.Network.ConnectClient()!;
        if (_world.Security is not null)
            Settle();
        client.Incoming.WindowBytes = client.Outgoing.WindowBytes = WindowBytes;
        return client;
    }

    /// <summary>A client connects whose handshake does not get further than its first flight, until <see cref="GoOn"/>.</summary>
    public SimulatedSocket ConnectAndStop()
    {
        SimulatedSocket client = _world.Network.ConnectClient()!;
        client.Outgoing.WindowBytes = 0;
        Settle();
        return client;
    }

    /// <summary>A client that had stopped goes on.</summary>
    public void GoOn(SimulatedSocket client)
    {
        client.Outgoing.WindowBytes = WindowBytes;
        client.NotifyChange();
        Settle();
    }

    /// <summary>Other lines of the listener's table, by a reload.</summary>
    public void Apply(string listener)
    {
        Proxy.Apply(() => SettingsTrial.Parse(SettingsTrial.With(listener)).Settings);
        Settle();
    }

    /// <summary>Lets everything happen that is due within this time.</summary>
    public void Settle(int ms = 0)
    {
        bool isOver = false;
        _world.Agenda.After(ms, () => isOver = true);
        while (!isOver || Proxy.Loop.HasWork || _world.Agenda.NextAtMs <= _world.Time.NowMs)
            Proxy.Step();
    }

    /// <summary>Lets all that is on its way arrive, so that the proxy's loop comes to it in one turn, in any order.</summary>
    public void Arrive()
    {
        while (_world.Agenda.TryRunOne())
        {
        }
    }

    public void Write(SimulatedSocket socket, string text)
    {
        socket.Send(Encoding.Latin1.GetBytes(text), out _);
        Settle();
    }

    /// <summary>All that has come so far.</summary>
    public string Read(SimulatedSocket socket)
    {
        var text = new StringBuilder();
        byte[] buffer = new byte[4096];
        for (int received; (received = socket.Receive(buffer, out _)) > 0;)
        {
            text.Append(Encoding.Latin1.GetString(buffer, 0, received));
            Settle();
        }
        return text.ToString();
    }

    ConnectAnswer INetworkServer.AnswerConnect() => ConnectAnswer.Accept;

    void INetworkServer.OnConnected(SimulatedSocket socket) => ServerSockets.Add(socket);

    void INetworkServer.Watch(SimulatedSocket proxySide) => proxySide.Incoming.WindowBytes = proxySide.Outgoing.WindowBytes = WindowBytes;

    public void Dispose() => Proxy.Dispose();
}
