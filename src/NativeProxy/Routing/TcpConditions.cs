using System;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Routing.Matching;

namespace NativeProxy.Routing;

/// <summary>What a `[[route]]` of a listener in mode "tcp" asks of a connection. Immutable; any thread.</summary>
internal sealed class TcpConditions
{
    private readonly AddressNetwork[] _sources;
    private readonly PortRange[] _ports;
    private readonly HostTest? _names;

    /// <param name="settings">Those of the route.</param>
    public TcpConditions(in RouteSettings settings)
    {
        _sources = NetworkText.NetworksOf(settings.Sources);
        _ports = new PortRange[settings.Ports.Length];
        for (int i = 0; i < _ports.Length; i++)
            PortText.TryParse(settings.Ports[i], out _ports[i]);
        _names = settings.ServerNames.IsEmpty ? null : new HostTest(settings.ServerNames);
    }

    /// <summary>True when the name in a ClientHello decides.</summary>
    public bool LooksAtName => _names is not null;

    /// <summary>Whether all that is known before a byte of the client speaks for this route.</summary>
    /// <param name="client">Who connects.</param>
    /// <param name="port">To which port.</param>
    public bool MayHold(in PeerAddress client, int port) =>
        (_sources.Length == 0 || AddressNetwork.AnyContains(_sources, client)) && (_ports.Length == 0 || HoldsPort(port));

    /// <summary>Whether the name does.</summary>
    /// <param name="name">In any case, without a dot at its end; empty when the client says none.</param>
    public bool HoldsName(ReadOnlySpan<byte> name) => _names is null || (!name.IsEmpty && _names.Holds(name));

    private bool HoldsPort(int port)
    {
        foreach (PortRange range in _ports)
        {
            if (range.Contains(port))
                return true;
        }
        return false;
    }
}
