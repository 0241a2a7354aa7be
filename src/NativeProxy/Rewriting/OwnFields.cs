using System;
using NativeProxy.Http;

namespace NativeProxy.Rewriting;

/// <summary>
/// What the proxy itself tells the client about a request, in whichever answer comes: that of a server, of the cache, of a route, or an error. Lives
/// within one call.
/// </summary>
internal readonly ref struct OwnFields
{
    /// <summary>Lines about limits.</summary>
    public ReadOnlySpan<byte> LimitLines { get; init; }

    /// <summary>What a client that is not let in is asked for, as a line.</summary>
    public ReadOnlySpan<byte> ChallengeLine { get; init; }

    /// <summary>Lines about pages of other sites.</summary>
    public ReadOnlySpan<byte> CrossOriginLines { get; init; }

    /// <summary>The names of the request, of which the client is told the id; null when it is told none.</summary>
    public RequestTrace? Trace { get; init; }

    /// <summary>Writes them.</summary>
    public void Write<TSink>(ref TSink sink)
        where TSink : struct, IFieldSink, allows ref struct
    {
        if (!LimitLines.IsEmpty)
            sink.AppendLines(LimitLines);
        if (!ChallengeLine.IsEmpty)
            sink.AppendLines(ChallengeLine);
        if (!CrossOriginLines.IsEmpty)
            sink.AppendLines(CrossOriginLines);
        if (Trace is { } trace)
            sink.AppendField(trace.RequestIdName, trace.RequestId);
    }
}
