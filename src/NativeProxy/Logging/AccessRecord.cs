using System;

namespace NativeProxy.Logging;

/// <summary>
/// Everything one access log line can say about one exchange. On the loop thread its spans point into live buffers, and
/// <see cref="AccessRecordCodec.TryWrite"/> copies them at once; on the writer thread they point into the ring.
/// </summary>
internal ref struct AccessRecord
{
    public required AccessNumbers Numbers;

    /// <summary>4 bytes (IPv4), 16 bytes (IPv6 or mapped IPv4) or empty (unknown), in network order.</summary>
    public ReadOnlySpan<byte> ClientAddress;

    /// <summary>The other end of the socket in the same form; empty where it is the client.</summary>
    public ReadOnlySpan<byte> PeerAddress;

    /// <summary>Version, cipher, "full" or "resumed", and server name, with blanks between; empty without TLS.</summary>
    public ReadOnlySpan<byte> Tls;

    /// <summary>Empty where requests get none.</summary>
    public ReadOnlySpan<byte> RequestId;

    /// <summary>traceparent as the server is told it (W3C Trace Context 3.2); empty where the proxy takes part in no trace.</summary>
    public ReadOnlySpan<byte> TraceParent;

    /// <summary>The client's span in that trace, 16 hex digits; empty where the trace began here.</summary>
    public ReadOnlySpan<byte> CallerSpan;

    /// <summary>Empty when no request line could be read.</summary>
    public ReadOnlySpan<byte> Method;

    public ReadOnlySpan<byte> Target;

    public ReadOnlySpan<byte> Version;

    public ReadOnlySpan<byte> Host;

    public ReadOnlySpan<byte> UserAgent;

    public ReadOnlySpan<byte> Referer;

    /// <summary>Fields that somebody asked for, as <see cref="CapturedValues"/> reads them; empty when there are none.</summary>
    public ReadOnlySpan<byte> Captures;

    /// <summary>32 hex digits; empty where the proxy takes part in no trace.</summary>
    public readonly ReadOnlySpan<byte> TraceId => IsTraced ? TraceParent.Slice(3, 32) : default;

    /// <summary>The proxy's own span, 16 hex digits: the server's parent.</summary>
    public readonly ReadOnlySpan<byte> SpanId => IsTraced ? TraceParent.Slice(36, 16) : default;

    /// <summary>Who follows the trace is to record it.</summary>
    public readonly bool IsSampled => IsTraced && (TraceParent[^1] & 1) != 0;

    private readonly bool IsTraced => TraceParent.Length == AccessRecordCodec.TraceParentBytes;
}
