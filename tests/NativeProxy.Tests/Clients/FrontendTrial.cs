using System;
using NativeProxy.Buffers;
using NativeProxy.Clients;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Tests.Simulation;
using NativeProxy.Tests.Simulation.Engine;

namespace NativeProxy.Tests.Clients;

/// <summary>A frontend on a loop that never turns, whose service serves GET and MOVE and refuses everything.</summary>
internal sealed class FrontendTrial : IFrontendOwner, IRequestService
{
    private FrontendTrial()
    {
    }

    public int ConnectionCount => 0;

    public bool HasSocketToSpare => true;

    public ReadOnlySpan<byte> AllowedMethods => "GET, MOVE"u8;

    public bool PassesProxyCredentials => false;

    public ErrorPages? ErrorPages => null;

    /// <param name="world">Whose time it is.</param>
    /// <param name="lines">Lines of the listener's table.</param>
    public static Frontend Create(ChaosWorld world, string lines = "")
    {
        var loop = new SimulatedEventLoop(new BufferPools(1 << 20), world.Time, world.Network, world.Dice, world.Trace, isCompletionBased: false);
        var trial = new FrontendTrial();
        return new TrialServices(loop, lines).MakeFrontend(trial, trial);
    }

    public void OnLeaves()
    {
    }

    public void OnEnded(ClientConnection connection)
    {
    }

    public void OnFollowed(ClientConnection connection)
    {
    }

    public object? Route(ReadOnlySpan<byte> bytes, RequestHead head, in PeerAddress client, out ProxyError refusal, out RejectReason detail)
    {
        (refusal, detail) = (ProxyError.NoServerAvailable, RejectReason.None);
        return null;
    }

    public string? NameOf(object route) => null;

    public IClientStreamUser MakeUser(ClientStream stream) => throw new InvalidOperationException("nothing is served");

    public void OnRefused(ClientConnection connection, in Refusal refusal)
    {
    }
}
