using System;
using NativeProxy.Http;

namespace NativeProxy.Rewriting;

/// <summary>
/// What the proxy itself tells the client about a request, in whichever answer comes: that of a server, of the cache, of a route, or an error: the
/// way that it has taken, limits, what a login asks for, pages of other sites, an encoded body, its id. One object for all requests of a listener,
/// filled for one answer and forgotten after it; as long as what rules say in one. Thread: the loop. Never knows why.
/// </summary>
internal sealed class OwnFields
{
    private byte[] _lines = [];
    private int _lineBytes;

    /// <summary>The names of the request, of which the client is told the id; null when it is told none.</summary>
    private RequestTrace? _trace;

    /// <summary>Begins for another answer.</summary>
    /// <param name="trace">The names of the request, of which the client is told the id; null when it is told none.</param>
    public void Begin(RequestTrace? trace)
    {
        _trace = trace;
        _lineBytes = 0;
    }

    /// <summary>Adds whole lines; perhaps none.</summary>
    public void Add(ReadOnlySpan<byte> lines)
    {
        if (_lineBytes + lines.Length > _lines.Length)
            Array.Resize(ref _lines, Math.Max(2 * _lines.Length, _lineBytes + lines.Length));
        lines.CopyTo(_lines.AsSpan(_lineBytes));
        _lineBytes += lines.Length;
    }

    /// <summary>Writes them.</summary>
    public void Write<TSink>(ref TSink sink)
        where TSink : struct, IFieldSink, allows ref struct
    {
        if (_lineBytes > 0)
            sink.AppendLines(_lines.AsSpan(0, _lineBytes));
        if (_trace is { } trace)
            sink.AppendField(trace.RequestIdName, trace.RequestId);
    }
}
