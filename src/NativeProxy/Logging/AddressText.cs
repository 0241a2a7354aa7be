using System;
using NativeProxy.Foundation;

namespace NativeProxy.Logging;

/// <summary>Text of an IP address in a log line. Stateless; log writer thread.</summary>
internal static class AddressText
{
    /// <summary>4 bytes: dotted decimal. 16 bytes: RFC 5952, but a mapped IPv4 address as IPv4. Any other length: <c>-</c>.</summary>
    public static void Append(LogText text, ReadOnlySpan<byte> address)
    {
        Span<byte> bytes = stackalloc byte[IpText.BytesMax];
        text.Append(bytes[..IpText.Write(address, bytes)]);
    }
}
