using System;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Upstreams.Origins;

namespace NativeProxy.Routing;

/// <summary>
/// Where a request to a forward proxy wants to go: host and port of an absolute http:// target (RFC 9112 3.2.2) or of CONNECT
/// (RFC 9110 9.3.6), or why it cannot. Pure: looks at the head only.
/// </summary>
internal readonly ref struct ForwardTarget
{
    private const int HttpPort = 80;
    private const int LabelBytesMax = 63;

    /// <summary>None when host and port are sound.</summary>
    public ProxyError Refusal { get; private init; }

    /// <summary>The rule of syntax that the target breaks, or None.</summary>
    public RejectReason Detail { get; private init; }

    /// <summary>A name or an address, without brackets.</summary>
    public ReadOnlySpan<byte> Host { get; private init; }

    public int Port { get; private init; }

    /// <param name="bytes">The span that the head's ranges count from.</param>
    /// <param name="head">A head that the parser has accepted.</param>
    public static ForwardTarget Read(ReadOnlySpan<byte> bytes, RequestHead head)
    {
        // A target without an authority asks this host for something that it does not have; Squid answers 400 as well.
        if (head.Form is TargetForm.Origin or TargetForm.Asterisk)
            return new ForwardTarget { Refusal = ProxyError.NotAProxyRequest };
        if (head.Form == TargetForm.Absolute && !HasHttpScheme(head.Target.Of(bytes)))
            return new ForwardTarget { Refusal = ProxyError.SchemeNotSupported };
        ReadOnlySpan<byte> authority = head.Authority.Of(bytes);
        int hostEnd = authority[0] == '[' ? authority.IndexOf((byte)']') + 1 : authority.IndexOf((byte)':');
        ReadOnlySpan<byte> host = hostEnd < 0 ? authority : authority[..hostEnd];
        int port = HttpPort;
        if (hostEnd >= 0 && hostEnd + 1 < authority.Length && AsciiBytes.TryReadDecimal(authority[(hostEnd + 1)..], out long given))
            port = (int)given;
        if (host[0] == '[')
            host = host[1..^1];
        else if (!IsName(host))
            port = 0;
        return port == 0
            ? new ForwardTarget { Refusal = ProxyError.BadRequest, Detail = RejectReason.BadTarget }
            : new ForwardTarget { Host = host, Port = port };
    }

    /// <summary>The origin that the target names, if this client may go there; else null and the refusal.</summary>
    public Origin? FindIn(OriginTable origins, PeerAddress client, bool isConnect, out ProxyError refusal)
    {
        DestinationScope scope = origins.Policy.ScopeOf(client, isConnect, Port);
        refusal = !origins.Policy.AdmitsClient(client) ? ProxyError.ClientRefused
            : scope == DestinationScope.Refused ? ProxyError.DestinationRefused : ProxyError.None;
        return refusal == ProxyError.None ? origins.Find(Host, Port, scope) : null;
    }

    private static bool HasHttpScheme(ReadOnlySpan<byte> target) => target[4] == ':';

    /// <summary>
    /// Labels of letters, digits, '-' and '_', and addresses of digits and dots: the parser lets more pass, which no name of DNS has.
    /// One final dot is allowed.
    /// </summary>
    private static bool IsName(ReadOnlySpan<byte> host)
    {
        if (host.Length > OriginTable.HostBytesMax)
            return false;
        int labelBytes = 0;
        foreach (byte letter in host)
        {
            if (letter == '.'
                ? labelBytes is 0 or > LabelBytesMax
                : !char.IsAsciiLetterOrDigit((char)letter) && letter is not ((byte)'-' or (byte)'_'))
            {
                return false;
            }

            labelBytes = letter == '.' ? 0 : labelBytes + 1;
        }
        return host.Length > 1 ? labelBytes <= LabelBytesMax : labelBytes == 1;
    }
}
