using System;
using NativeProxy.Http;

namespace NativeProxy.Clients;

/// <summary>
/// Whether a request is for the server that its client named in the TLS handshake. Where certificates of clients are asked for, one that was accepted
/// for one name must not speak to another one (RFC 9110 7.4; Caddy's strict_sni_host). Stateless.
/// </summary>
internal static class BoundServerName
{
    /// <param name="name">What the client named, in lower case.</param>
    /// <param name="head">The request.</param>
    /// <param name="bytes">The span that its ranges count from.</param>
    public static bool Is(string name, RequestHead head, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> host = (head.Form == TargetForm.Absolute ? head.Authority : head.Host).Of(bytes);
        int colon = host.LastIndexOf((byte)':');
        if (colon >= 0 && !host[colon..].Contains((byte)']'))
            host = host[..colon];
        if (host.Length > 1 && host[^1] == '.')
            host = host[..^1];
        if (host.Length != name.Length)
            return false;
        for (int i = 0; i < host.Length; i++)
        {
            if ((host[i] is >= (byte)'A' and <= (byte)'Z' ? host[i] | 0x20 : host[i]) != name[i])
                return false;
        }
        return true;
    }
}
