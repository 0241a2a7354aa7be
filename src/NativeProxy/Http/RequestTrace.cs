using System;

namespace NativeProxy.Http;

/// <summary>
/// Under which names a request is known from here on: its id, and its place in a trace (W3C Trace Context). Owner: an exchange, which keeps the
/// object for its next request; thread: the loop. Decides nothing.
/// </summary>
internal sealed class RequestTrace
{
    /// <summary>Longest id that is kept.</summary>
    public const int RequestIdBytesMax = 128;

    /// <summary>"00-" trace id "-" parent id "-" flags.</summary>
    public const int TraceParentBytes = 55;

    /// <summary>Hex digits of the number of a span.</summary>
    public const int SpanIdBytes = 16;

    private const int TraceIdStart = 3;
    private const int TraceIdBytes = 32;

    private readonly byte[] _requestId = new byte[RequestIdBytesMax];
    private readonly byte[] _traceParent = new byte[TraceParentBytes];
    private readonly byte[] _callerSpan = new byte[SpanIdBytes];
    private int _requestIdBytes;
    private bool _hasTraceParent;
    private bool _hasCaller;

    /// <summary>The field that carries the id to the server.</summary>
    public byte[] RequestIdName { get; private set; } = [];

    /// <summary>Empty when requests get none.</summary>
    public ReadOnlySpan<byte> RequestId => _requestId.AsSpan(0, _requestIdBytes);

    /// <summary>The value of traceparent for the server; empty when the proxy writes none.</summary>
    public ReadOnlySpan<byte> TraceParent => _hasTraceParent ? _traceParent : default;

    /// <summary>32 hex digits; empty when the proxy takes no part in a trace.</summary>
    public ReadOnlySpan<byte> TraceId => _hasTraceParent ? _traceParent.AsSpan(TraceIdStart, TraceIdBytes) : default;

    /// <summary>Who follows the trace is to record it.</summary>
    public bool IsSampled => _hasTraceParent && (_traceParent[^1] & 1) != 0;

    /// <summary>The span of the client that the trace is continued from, 16 hex digits; empty when it begins here.</summary>
    public ReadOnlySpan<byte> CallerSpan => _hasCaller ? _callerSpan : default;

    /// <summary>The client is told the id, too.</summary>
    public bool TellsClient { get; private set; }

    /// <summary>Another request begins, which has no names yet.</summary>
    /// <param name="requestIdName">The field that carries the id.</param>
    /// <param name="tellsClient">Whether the client is told it.</param>
    public void Begin(byte[] requestIdName, bool tellsClient)
    {
        RequestIdName = requestIdName;
        TellsClient = tellsClient;
        _requestIdBytes = 0;
        _hasTraceParent = _hasCaller = false;
    }

    /// <summary>Room for an id of this length, to be written at once.</summary>
    public Span<byte> RoomForRequestId(int bytes)
    {
        _requestIdBytes = bytes;
        return _requestId.AsSpan(0, bytes);
    }

    /// <summary>Room for the caller's span, to be written at once.</summary>
    public Span<byte> RoomForCallerSpan()
    {
        _hasCaller = true;
        return _callerSpan;
    }

    /// <summary>Room for traceparent, to be written at once.</summary>
    public Span<byte> RoomForTraceParent()
    {
        _hasTraceParent = true;
        return _traceParent;
    }
}
