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

    /// <summary>Of the trace that the proxy takes part in; empty where it takes part in none.</summary>
    public ReadOnlySpan<byte> TraceId;

    /// <summary>Empty when no request line could be read.</summary>
    public ReadOnlySpan<byte> Method;

    public ReadOnlySpan<byte> Target;

    public ReadOnlySpan<byte> Version;

    public ReadOnlySpan<byte> Host;

    public ReadOnlySpan<byte> UserAgent;

    public ReadOnlySpan<byte> Referer;

    /// <summary>Fields that somebody asked for, as <see cref="CapturedValues"/> reads them; empty when there are none.</summary>
    public ReadOnlySpan<byte> Captures;
}
