using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;

namespace NativeProxy.Routing.Matching;

/// <summary>
/// Finds the first route, in file order, whose conditions hold. A thousand routes cost hardly more than one: by host and by path only those are
/// looked
/// at that may hold. Built at load; thread: the loop. Allocates nothing per request.
/// </summary>
internal sealed class RouteIndex
{
    /// <summary>Lists that are merged for one request, of two indexes.</summary>
    private const int ListsMax = 2 * PathIndex.ListsMax;

    private readonly RouteConditions[] _routes;
    private readonly Dictionary<ulong, PathIndex> _byHost = [];
    private readonly Dictionary<ulong, PathIndex> _bySuffix = [];
    private readonly PathIndex _anyHost = new();

    public RouteIndex(RouteConditions[] routes)
    {
        _routes = routes;
        foreach (RouteConditions route in routes)
        {
            foreach (byte[] suffix in route.Host is null ? [] : route.Host.Suffixes)
                _bySuffix.TryAdd(HostText.HashOf(suffix), new PathIndex());
            foreach (byte[] name in route.Host is null ? [] : route.Host.Names)
                _byHost.TryAdd(HostText.HashOf(name), new PathIndex());
        }
        for (int i = 0; i < routes.Length; i++)
            Add(i, routes[i]);
    }

    /// <summary>The number of the route that takes the request; -1 when none does.</summary>
    public int Find(in RequestView request)
    {
        Lists room = default;
        Span<RouteList> lists = room;
        int count = _anyHost.Find(request.Path, lists[..(ListsMax / 2)]);
        if (OfHost(request.Host) is { } ofHost)
            count += ofHost.Find(request.Path, lists.Slice(count, ListsMax / 2));
        lists = lists[..count];
        while (true)
        {
            int next = int.MaxValue;
            foreach (ref readonly RouteList list in lists)
                next = Math.Min(next, list.Next);
            if (next == int.MaxValue)
                return -1;
            if (_routes[next].Hold(request))
                return next;
            foreach (ref RouteList list in lists)
                list.Pass(next);
        }
    }

    /// <summary>Routes that name this host, or the longest end of it that some route names with a wildcard.</summary>
    private PathIndex? OfHost(ReadOnlySpan<byte> host)
    {
        if (host.IsEmpty || (_byHost.Count == 0 && _bySuffix.Count == 0))
            return null;
        if (_byHost.TryGetValue(HostText.HashOf(host), out PathIndex? index))
            return index;
        for (int dot = host.IndexOf((byte)'.'); dot >= 0 && _bySuffix.Count > 0;)
        {
            if (_bySuffix.TryGetValue(HostText.HashOf(host[dot..]), out index))
                return index;
            int next = host[(dot + 1)..].IndexOf((byte)'.');
            dot = next < 0 ? -1 : dot + 1 + next;
        }
        return null;
    }

    /// <summary>A route with a wildcard also stands where a host or a longer end that it takes has an index of its own.</summary>
    private void Add(int number, RouteConditions route)
    {
        if (route.Host is null)
        {
            _anyHost.Add(number, route.Path);
            return;
        }
        var done = new HashSet<PathIndex>();
        foreach (RouteConditions other in _routes)
        {
            if (other.Host is null)
                continue;
            foreach (byte[] name in other.Host.Names)
            {
                if (route.Host.Holds(name) && done.Add(_byHost[HostText.HashOf(name)]))
                    _byHost[HostText.HashOf(name)].Add(number, route.Path);
            }
            foreach (byte[] suffix in other.Host.Suffixes)
            {
                if (HoldsAllOf(route.Host, suffix) && done.Add(_bySuffix[HostText.HashOf(suffix)]))
                    _bySuffix[HostText.HashOf(suffix)].Add(number, route.Path);
            }
        }
    }

    private static bool HoldsAllOf(HostTest host, ReadOnlySpan<byte> suffix)
    {
        foreach (byte[] one in host.Suffixes)
        {
            if (suffix.EndsWith(one))
                return true;
        }
        return false;
    }

    /// <summary>Room for the lists of one request, on the stack.</summary>
    [InlineArray(ListsMax)]
    private struct Lists
    {
        private RouteList _first;
    }
}
