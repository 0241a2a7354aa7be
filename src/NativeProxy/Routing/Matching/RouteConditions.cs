using System;
using System.Collections.Immutable;
using System.Net;
using System.Text;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Http;

namespace NativeProxy.Routing.Matching;

/// <summary>
/// The conditions of one route, all of which must hold: host, path, method, client, header fields, query, cookies; those that cost little first.
/// Immutable; thread: the loop. Never decides what becomes of a request.
/// </summary>
internal sealed class RouteConditions
{
    private readonly byte[][] _methods;
    private readonly AddressNetwork[] _sources;
    private readonly NamedTest[] _named;

    public RouteConditions(in RouteSettings settings)
    {
        Host = settings.Hosts.IsEmpty ? null : new HostTest(settings.Hosts);
        Path = new PathTest(settings);
        _methods = new byte[settings.Methods.Length][];
        for (int i = 0; i < _methods.Length; i++)
            _methods[i] = Encoding.ASCII.GetBytes(settings.Methods[i]);
        _sources = SourcesOf(settings.Sources);
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

    public bool Hold(in RequestView request) =>
        (Host is null || Host.Holds(request.Host)) && HasMethod(request) && HasSource(request.Client)
        && (!Path.Exists || Path.Holds(request.Path, request.Room)) && HasNamed(request);

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

    private bool HasSource(in PeerAddress client)
    {
        foreach (AddressNetwork source in _sources)
        {
            if (source.Contains(client))
                return true;
        }
        return _sources.Length == 0;
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

    private static AddressNetwork[] SourcesOf(ImmutableArray<string> texts)
    {
        var networks = new AddressNetwork[texts.Length];
        for (int i = 0; i < networks.Length; i++)
        {
            if (NetworkText.TryParse(texts[i], out IPNetwork network))
                networks[i] = new AddressNetwork(network);
        }
        return networks;
    }
}
