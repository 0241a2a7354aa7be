using System;
using System.Text;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Upstreams.Groups;

namespace NativeProxy.Routing;

/// <summary>
/// Answers who looks whether this node is there: a path, or all that comes from some networks, before any route is asked. Owner: a
/// <see cref="RouteTable"/>; thread: the loop. Never checks a server itself.
/// </summary>
internal sealed class NodeMonitor
{
    private readonly byte[] _path;
    private readonly AddressNetwork[] _networks;
    private readonly UpstreamGroup[] _watched;
    private readonly Route _up;
    private readonly Route _down;

    private NodeMonitor(in ListenerMonitorSettings settings, Func<string, UpstreamGroup> upstreams, Route up, Route down)
    {
        _path = Encoding.ASCII.GetBytes(settings.Path);
        _networks = NetworkText.NetworksOf(settings.Networks);
        _watched = new UpstreamGroup[settings.FailWhenDown.Length];
        for (int i = 0; i < _watched.Length; i++)
            _watched[i] = upstreams(settings.FailWhenDown[i]);
        _up = up;
        _down = down;
    }

    /// <summary>That of a listener; null when it has none.</summary>
    /// <param name="settings">Those of the monitor.</param>
    /// <param name="upstreams">Finds an upstream by its name; the settings have been checked, so that there is one.</param>
    /// <param name="routeTo">Makes a route that answers by itself and is not logged.</param>
    public static NodeMonitor? Of(in ListenerMonitorSettings settings, Func<string, UpstreamGroup> upstreams, Func<FixedAnswer, Route> routeTo) =>
        settings.IsOn ? new NodeMonitor(settings, upstreams, routeTo(new FixedAnswer(200)), routeTo(new FixedAnswer(503))) : null;

    /// <summary>The answer to a probe; null for a request that is none.</summary>
    /// <param name="bytes">The head.</param>
    /// <param name="head">What was read of it.</param>
    /// <param name="client">Who asks.</param>
    public Route? Find(ReadOnlySpan<byte> bytes, RequestHead head, in PeerAddress client)
    {
        if (head.MethodKind == HttpMethod.Connect)
            return null;
        if (_networks.Length > 0 && AddressNetwork.AnyContains(_networks, client))
            return _up;
        ReadOnlySpan<byte> target = head.PathAndQuery.Of(bytes);
        bool isProbe = _path.Length > 0 && target.StartsWith(_path) && (target.Length == _path.Length || target[_path.Length] == '?');
        return !isProbe ? null : AllTakeRequests() ? _up : _down;
    }

    private bool AllTakeRequests()
    {
        foreach (UpstreamGroup group in _watched)
        {
            if (!group.HasServer)
                return false;
        }
        return true;
    }
}
