using System;
using System.Text;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Http;

namespace NativeProxy.Routing.Matching;

/// <summary>
/// The conditions of one route, all of which must hold: host, path, method, scheme, client, header fields, query, cookies; those that cost little
/// first.
/// Immutable; thread: the loop. Never decides what becomes of a request.
/// </summary>
internal sealed class RouteConditions
{
    private readonly byte[][] _methods;
    private readonly AddressNetwork[] _sources;
    private readonly NamedTest[] _named;
    private readonly RouteScheme _scheme;

    public RouteConditions(in RouteSettings settings)
    {
        Host = settings.Hosts.IsEmpty ? null : new HostTest(settings.Hosts);
        Path = new PathTest(settings);
        _methods = new byte[settings.Methods.Length][];
        for (int i = 0; i < _methods.Length; i++)
            _methods[i] = Encoding.ASCII.GetBytes(settings.Methods[i]);
        _scheme = settings.Scheme;
        _sources = NetworkText.NetworksOf(settings.Sources);
        _named = new NamedTest[settings.Headers.Length + settings.Queries.Length + settings.Cookies.Length];
        int next = 0;
        foreach (MatchSettings header in settings.Headers)
            _named[next++] = new NamedTest(ValuePlace.Header, header);
        foreach (MatchSettings query in settings.Queries)
            _named[next++] = new NamedTest(ValuePlace.Query, query);
        foreach (MatchSettings cookie in settings.Cookies)
            _named[next++] = new NamedTest(ValuePlace.Cookie, cookie);
    }

    /// <summary>Null when any host will do.</summary>
    public HostTest? Host { get; }

    public PathTest Path { get; }

    /// <param name="request">The request.</param>
    /// <param name="path">The path as it is matched, without the query; empty for a target without one, such as "*".</param>
    public bool Hold(in RequestView request, ReadOnlySpan<byte> path) =>
        (Host is null || Host.Holds(request.Host)) && HasMethod(request)
        && HasScheme(request) && (_sources.Length == 0 || AddressNetwork.AnyContains(_sources, request.Client))
        && (!Path.Exists || Path.Holds(path, request.Room)) && HasNamed(request);

    private bool HasScheme(in RequestView request) =>
        _scheme == RouteScheme.Any || (request.Head.Verdict is { IsHttps: true }) == (_scheme == RouteScheme.Https);

    private bool HasMethod(in RequestView request)
    {
        if (_methods.Length == 0)
            return true;
        ReadOnlySpan<byte> method = request.Head.Method.Of(request.Bytes);
        foreach (byte[] one in _methods)
        {
            if (method.SequenceEqual(one))
                return true;
        }
        return false;
    }

    private bool HasNamed(in RequestView request)
    {
        foreach (NamedTest test in _named)
        {
            if (!test.Holds(request))
                return false;
        }
        return true;
    }
}
