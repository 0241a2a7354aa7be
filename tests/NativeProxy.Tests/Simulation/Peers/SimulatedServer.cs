using System.Collections.Generic;
using NativeProxy.Tests.Simulation.Network;
using NativeProxy.Tests.Simulation.Verdict;

namespace NativeProxy.Tests.Simulation.Peers;

/// <summary>One server: answers connects, and has a <see cref="ServerConnection"/> for each that it takes.</summary>
internal sealed class SimulatedServer(ChaosWorld world, int connectionsMax) : INetworkServer
{
    private readonly List<SimulatedSocket> _open = [];
    private ServerConnection? _fresh;

    public ConnectAnswer AnswerConnect()
    {
        Dice dice = world.Dice;
        if (dice.PerMille(world.Faults.ConnectRefused))
            return dice.PerMille(800) ? ConnectAnswer.Refuse : ConnectAnswer.Unreachable;
        return dice.PerMille(world.Faults.ConnectSilent) ? ConnectAnswer.Silence : ConnectAnswer.Accept;
    }

    public void Watch(SimulatedSocket proxySide)
    {
        _fresh = new ServerConnection(world, proxySide.Other);
        var watch = new RequestWatch(world.Evidence, proxySide, _fresh, world.Trace);
        proxySide.Tap = watch.Feed;
        proxySide.PartSent = watch.OnPart;
        _fresh.Watch = watch;
    }

    public void OnConnected(SimulatedSocket socket)
    {
        _open.Add(socket);
        _open.RemoveAll(static socket => socket.IsClosed || socket.Other.IsClosed);
        Evidence.Require(connectionsMax == 0 || _open.Count <= connectionsMax, $"a server has {_open.Count} connections and allows {connectionsMax}");
        _fresh!.Start();
    }
}
