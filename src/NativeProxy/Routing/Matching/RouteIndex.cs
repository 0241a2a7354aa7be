using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using NativeProxy.Http;

namespace NativeProxy.Routing.Matching;

/// <summary>
/// Finds the first route, in file order, whose conditions hold. A thousand routes cost hardly more than one: by host and by path only those are
/// looked at that may hold. Built at load; thread: the loop. Allocates nothing per request.
/// </summary>
internal sealed class RouteIndex
{
    /// <summary>Lists that are merged for one request, of two indexes.</summary>
    private const int ListsMax = 2 * PathIndex.ListsMax;

    private readonly RouteConditions[] _routes;

    /// <summary>By the number of a name or suffix; what is found is compared, and those of one number are chained.</summary>
    private readonly Dictionary<ulong, NamedIndex> _byHost = [];
    private readonly Dictionary<ulong, NamedIndex> _bySuffix = [];
    private readonly PathIndex _anyHost = new();

    public RouteIndex(RouteConditions[] routes)
    {
        _routes = routes;
        foreach (RouteConditions route in routes)
        {
            foreach (byte[] suffix in route.Host is null ? [] : route.Host.Suffixes)
                Make(_bySuffix, suffix);
            foreach (byte[] name in route.Host is null ? [] : route.Host.Names)
                Make(_byHost, name);
        }
        for (int i = 0; i < routes.Length; i++)
            Add(i, routes[i]);
    }

    /// <summary>True when some route looks at hosts.</summary>
    public bool NamesHosts => _byHost.Count + _bySuffix.Count > 0;

    /// <summary>The number of the route that takes the request; -1 when none does.</summary>
    /// <param name="request">The request.</param>
    /// <param name="path">Its path as it is matched; see <see cref="RouteConditions.Hold"/>.</param>
    public int Find(in RequestView request, ReadOnlySpan<byte> path)
    {
        Lists room = default;
        Span<RouteList> lists = room;
        int count = _anyHost.Find(path, lists[..(ListsMax / 2)]);
        if (OfHost(request.Host) is { } ofHost)
            count += ofHost.Find(path, lists.Slice(count, ListsMax / 2));
        lists = lists[..count];
        while (true)
        {
            int next = int.MaxValue;
            foreach (ref readonly RouteList list in lists)
                next = Math.Min(next, list.Next);
            if (next == int.MaxValue)
                return -1;
            if (_routes[next].Hold(request, path))
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
        if (Find(_byHost, host) is { } index)
            return index;
        for (int dot = host.IndexOf((byte)'.'); dot >= 0 && _bySuffix.Count > 0;)
        {
            if (Find(_bySuffix, host[dot..]) is { } ofSuffix)
                return ofSuffix;
            int next = host[(dot + 1)..].IndexOf((byte)'.');
            dot = next < 0 ? -1 : dot + 1 + next;
        }
        return null;
    }

    private static void Make(Dictionary<ulong, NamedIndex> all, byte[] name)
    {
        if (Find(all, name) is not null)
            return;
        ulong hash = HostText.HashOf(name);
        all[hash] = new NamedIndex(name, new PathIndex(), all.GetValueOrDefault(hash));
    }

    /// <summary>The number of a text is easily made equal to that of another one: the name decides.</summary>
    private static PathIndex? Find(Dictionary<ulong, NamedIndex> all, ReadOnlySpan<byte> name)
    {
        for (NamedIndex? one = all.GetValueOrDefault(HostText.HashOf(name)); one is not null; one = one.Next)
        {
            if (AsciiBytes.EqualsIgnoreCase(name, one.Name))
                return one.Routes;
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
                if (route.Host.Holds(name) && Find(_byHost, name) is { } index && done.Add(index))
                    index.Add(number, route.Path);
            }
            foreach (byte[] suffix in other.Host.Suffixes)
            {
                if (HoldsAllOf(route.Host, suffix) && Find(_bySuffix, suffix) is { } index && done.Add(index))
                    index.Add(number, route.Path);
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

    /// <summary>The routes that stand for a host or the end of one.</summary>
    /// <param name="Name">In lower case.</param>
    /// <param name="Routes">The routes.</param>
    /// <param name="Next">Another one of the same number, or null.</param>
    private sealed record NamedIndex(byte[] Name, PathIndex Routes, NamedIndex? Next);

    /// <summary>Room for the lists of one request, on the stack.</summary>
    [InlineArray(ListsMax)]
    private struct Lists
    {
        private RouteList _first;
    }
}
