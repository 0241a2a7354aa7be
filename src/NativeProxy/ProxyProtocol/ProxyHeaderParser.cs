using System;

namespace NativeProxy.ProxyProtocol;

/// <summary>
/// Reads the header of the PROXY protocol that stands before everything else on a connection (HAProxy's proxy-protocol.txt).
/// In: bytes from the start of the connection. Out: Done(length, source) | NeedMore | Rejected(fault). Which version it is follows from
/// the first bytes, which cannot begin anything else. Stateless: a call that needed more is repeated with more bytes.
/// Never allocates, never throws, never reads past the span.
/// </summary>
internal static class ProxyHeaderParser
{
    public static ProxyHeader Parse(ReadOnlySpan<byte> bytes)
    {
        if (Begins(bytes, ProxyHeaderV1.Start))
            return bytes.Length < ProxyHeaderV1.Start.Length ? ProxyHeader.NeedMore : ProxyHeaderV1.Parse(bytes);
        if (Begins(bytes, ProxyHeaderV2.Signature))
            return bytes.Length < ProxyHeaderV2.FixedBytes ? ProxyHeader.NeedMore : ProxyHeaderV2.Parse(bytes);
        return ProxyHeader.Rejected(ProxyHeaderFault.NoHeader);
    }

    /// <summary>True while the bytes agree with the start, as far as both go.</summary>
    private static bool Begins(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> start) =>
        bytes.Length < start.Length ? start.StartsWith(bytes) : bytes.StartsWith(start);
}
