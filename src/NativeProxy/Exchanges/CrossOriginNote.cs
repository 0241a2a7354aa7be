using System;
using NativeProxy.Http;
using NativeProxy.Routing;

namespace NativeProxy.Exchanges;

/// <summary>
/// What the page that has sent one request will be told, whenever its answer comes. Owner: an <see cref="Exchange"/>, made when the first request
/// comes by a route that speaks of other sites, and used again; thread: the loop.
/// </summary>
internal sealed class CrossOriginNote
{
    private byte[] _lines = [];
    private int _bytes;

    /// <summary>The fields, as lines.</summary>
    public ReadOnlySpan<byte> Lines => _lines.AsSpan(0, _bytes);

    /// <summary>A request has come. True when it is a preflight request, which goes to no server.</summary>
    /// <param name="rule">Of its route.</param>
    /// <param name="bytes">Its head.</param>
    /// <param name="head">What was read of it.</param>
    public bool Begin(CrossOrigin rule, ReadOnlySpan<byte> bytes, RequestHead head)
    {
        if (_lines.Length < rule.LinesBytesMax)
            _lines = new byte[rule.LinesBytesMax];
        bool isPreflight = CrossOrigin.IsPreflight(bytes, head);
        _bytes = rule.WriteLines(_lines, bytes, head, isPreflight);
        return isPreflight;
    }

    /// <summary>The request is over.</summary>
    public void End() => _bytes = 0;
}
