using System;
using System.Net;

namespace NativeProxy.Upstreams.Connections;

/// <summary>
/// The addresses that a server's name stands for: tried in turn, the one that worked last first. Owner: an <see cref="UpstreamServer"/>;
/// thread: the loop. Never connects.
/// </summary>
internal sealed class ServerAddressRing(params EndPoint[] endPoints)
{
    private ServerAddress[] _addresses = Array.ConvertAll(endPoints, static endPoint => new ServerAddress(endPoint));
    private int _first;

    public int Count => _addresses.Length;

    /// <summary>The one to try first; there must be one.</summary>
    public ServerAddress First => _addresses[_first];

    /// <summary>The one to try after another one has failed.</summary>
    public ServerAddress After(ServerAddress failed)
    {
        int index = Array.IndexOf(_addresses, failed);
        return index < 0 ? First : _addresses[(index + 1) % _addresses.Length];
    }

    /// <summary>A connect succeeded.</summary>
    public void Worked(ServerAddress address)
    {
        if (Count > 1 && First != address && Array.IndexOf(_addresses, address) is >= 0 and var index)
            _first = index;
    }

    /// <summary>A connect failed: later ones begin with the next address.</summary>
    public void Failed(ServerAddress address)
    {
        if (Count > 0 && First == address)
            _first = (_first + 1) % _addresses.Length;
    }

    /// <summary>
    /// The name stands for these addresses now. Those that stay are the same objects, and the first one stays first. False when nothing has changed,
    /// but for the order.
    /// </summary>
    public bool Replace(EndPoint[] endPoints)
    {
        bool hasChanged = endPoints.Length != _addresses.Length;
        var addresses = new ServerAddress[endPoints.Length];
        for (int i = 0; i < addresses.Length; i++)
        {
            ServerAddress? known = Find(endPoints[i]);
            hasChanged |= known is null;
            addresses[i] = known ?? new ServerAddress(endPoints[i]);
        }
        if (!hasChanged)
            return false;
        int first = Count == 0 ? 0 : Math.Max(0, Array.IndexOf(addresses, First));
        foreach (ServerAddress address in _addresses)
            address.HasLeft = Array.IndexOf(addresses, address) < 0;
        _addresses = addresses;
        _first = first;
        return true;
    }

    private ServerAddress? Find(EndPoint endPoint)
    {
        foreach (ServerAddress address in _addresses)
        {
            if (address.EndPoint.Equals(endPoint))
                return address;
        }
        return null;
    }
}
