using System;
using System.Collections.Generic;
using NativeProxy.Foundation;

namespace NativeProxy.Routing.Matching;

/// <summary>
/// Which of some routes may take a path, in file order: by whole paths and by beginnings, found by the number of each beginning of the path that ends
/// where a segment does. What it names is still compared; what it does not name cannot hold. Built at load; thread: the loop.
/// </summary>
internal sealed class PathIndex
{
    /// <summary>A path with more segments is not found by its text: its route is always looked at.</summary>
    public const int SegmentsMax = 29;

    /// <summary>Most lists that <see cref="Find"/> brings: those always looked at, and one for each beginning of a path.</summary>
    public const int ListsMax = SegmentsMax + 3;

    private readonly Dictionary<ulong, int[]> _byText = [];

    /// <summary>The routes that must be looked at whatever the path, in file order.</summary>
    private int[] _always = [];
    private int _segmentsMax;

    /// <summary>Adds a route; in file order.</summary>
    public void Add(int route, PathTest path)
    {
        if (path.Texts.IsEmpty)
            _always = [.. _always, route];
        foreach (byte[] text in path.Texts)
            Add(route, text);
    }

    /// <summary>
    /// Brings the lists of routes that may hold, for each of the beginnings of the path that some route names. Returns how many.
    /// </summary>
    /// <param name="path">The path.</param>
    /// <param name="lists">Takes them; room for <see cref="ListsMax"/>.</param>
    public int Find(ReadOnlySpan<byte> path, Span<RouteList> lists)
    {
        int count = 0;
        if (_always.Length > 0)
            lists[count++] = new RouteList(_always);
        if (_byText.Count == 0 || path.IsEmpty)
            return count;
        ulong hash = StableHash.Begin;
        int segments = 0;
        for (int i = 0; i <= path.Length; i++)
        {
            bool isEnd = i == path.Length || path[i] == '/';
            if (isEnd && _byText.TryGetValue(hash, out int[]? routes))
                lists[count++] = new RouteList(routes);
            if (i == path.Length || (isEnd && segments++ > _segmentsMax))
                break;
            hash = StableHash.Add(hash, path[i]);
        }
        return count;
    }

    private void Add(int route, ReadOnlySpan<byte> text)
    {
        ulong hash = StableHash.Of(text);
        int[] routes = _byText.GetValueOrDefault(hash, []);
        if (routes.Length == 0 || routes[^1] != route)
            _byText[hash] = [.. routes, route];
        _segmentsMax = Math.Max(_segmentsMax, text.Count((byte)'/'));
    }
}

/// <summary>Routes in file order, and how far they were looked at.</summary>
/// <param name="routes">Their numbers, rising.</param>
internal struct RouteList(int[] routes)
{
    private int _next;

    /// <summary>The next one; int.MaxValue behind the last.</summary>
    public readonly int Next => _next < routes.Length ? routes[_next] : int.MaxValue;

    /// <summary>Goes past a route, if it is the next one.</summary>
    public void Pass(int route)
    {
        if (Next == route)
            _next++;
    }
}
