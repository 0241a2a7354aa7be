using System;
using System.Collections.Immutable;
using System.Linq;
using System.Net;
using NativeProxy.Config.Toml;
using NativeProxy.Foundation;

namespace NativeProxy.Config;

/// <summary>
/// The rules about who the client is and what its requests are called: `[listener.forwarded]`, `[listener.trace]` and `proxy_protocol_trusted`.
/// Appends every breach, and what is probably not meant, to the errors. Lives for one load.
/// </summary>
internal sealed class ClientRules(SettingPlaces places, SettingsErrors errors)
{
    /// <summary>They say something else, and without them a message is another one.</summary>
    private static readonly string[] OfOtherMeaning =
    [
        "connection", "content-length", "cookie", "expect", "host", "keep-alive", "max-forwards", "proxy-connection", "te", "trailer",
        "transfer-encoding", "upgrade", "via", "x-forwarded-host", "x-forwarded-proto",
    ];

    /// <summary>Where strangers do not come from: this machine, private networks, the link.</summary>
    private static readonly AddressNetwork[] OwnNetworks = NetworkText.NetworksOf(
        ["127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "::1", "fc00::/7", "fe80::/10"]);

    /// <param name="listener">The listener.</param>
    /// <param name="path">Of its table.</param>
    public void Check(in ListenerSettings listener, string path)
    {
        CheckNetworks(listener.ProxyProtocolTrusted, $"{path}.proxy_protocol_trusted");
        if (!listener.ProxyProtocol && !listener.ProxyProtocolTrusted.IsEmpty)
            Warn($"{path}.proxy_protocol_trusted", "no PROXY headers are read on this listener", "add proxy_protocol = true");
        if (listener.ProxyProtocol && listener.ProxyProtocolTrusted.IsEmpty && listener.Bind.Any(IsPublic))
        {
            Warn($"{path}.proxy_protocol", "whoever reaches this listener may say who its client is",
                "name the balancers in proxy_protocol_trusted, or bind an address that only they reach");
        }
        ListenerForwardedSettings forwarded = listener.Forwarded;
        string table = $"{path}.forwarded";
        CheckNetworks(forwarded.Trusted, $"{table}.trusted");
        CheckNetworks(forwarded.Except, $"{table}.except");
        string header = forwarded.ClientHeader;
        if (!TokenText.IsToken(header))
            Break($"{table}.client_header", $"{ErrorExcerpt.Quoted(header)} is no name of a header field", "\"x-forwarded-for\" or the like");
        else if (OfOtherMeaning.Contains(header.ToLowerInvariant()))
            Break($"{table}.client_header", $"no proxy names its client in {ErrorExcerpt.Quoted(header)}", "\"x-forwarded-for\" or the like");
        else if (forwarded.Trusted.IsEmpty && header != ListenerForwardedSettings.ClientHeaderDefault)
            Warn($"{table}.client_header", "nobody is trusted, so this field is not looked at", "name the proxies in front in \"trusted\"");
        if (!forwarded.Trusted.IsEmpty && listener.Mode == ListenerMode.Forward)
        {
            Break($"{table}.trusted", "a listener in mode \"forward\" trusts nobody: who may go where depends on the client's own address",
                "no \"trusted\" here");
        }
        else if (forwarded.Trusted.Any(static text => text.EndsWith("/0", StringComparison.Ordinal)))
        {
            Warn($"{table}.trusted", "everybody is trusted: each client may say who it is", "name the networks of the proxies in front");
        }
        CheckTrace(listener.Trace, $"{path}.trace");
    }

    /// <summary>It is bound where strangers may reach it: to all addresses, or to one that is of no private network.</summary>
    private static bool IsPublic(string bind)
    {
        if (!AddressText.TryParse(BindText.Expand(bind)[0], AddressUse.Bind, out HostPort address, out _))
            return false;
        return address.Ip is not { } ip || ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any)
            || !AddressNetwork.AnyContains(OwnNetworks, PeerAddress.Of(ip, 0));
    }

    private void CheckTrace(in ListenerTraceSettings trace, string path)
    {
        string header = trace.RequestIdHeader;
        if (!TokenText.IsToken(header))
            Break($"{path}.request_id_header", $"{ErrorExcerpt.Quoted(header)} is no name of a header field", "\"X-Request-ID\" or the like");
        else if (OfOtherMeaning.Contains(header.ToLowerInvariant()) || header.Equals("x-forwarded-for", StringComparison.OrdinalIgnoreCase))
            Break($"{path}.request_id_header", $"{ErrorExcerpt.Quoted(header)} has another meaning", "\"X-Request-ID\" or the like");
        if (trace.RequestIdResponse && trace.RequestId == RequestIdPolicy.Off)
            Warn($"{path}.request_id_response", "requests get no id, so that responses carry none", "add request_id = \"keep\" or \"replace\"");
    }

    private void CheckNetworks(ImmutableArray<string> networks, string path)
    {
        for (int i = 0; i < networks.Length; i++)
        {
            if (!NetworkText.TryParse(networks[i], out _))
                Break($"{path}[{i}]", $"{ErrorExcerpt.Quoted(networks[i])} is no network", NetworkText.Expected);
        }
    }

    private void Break(string path, string problem, string expected)
    {
        if (places.IsSet(path) && !errors.HasErrorAt(places.Of(path)))
            errors.Add(places.Of(path), problem, expected);
    }

    private void Warn(string path, string problem, string hint)
    {
        if (places.IsSet(path) && !errors.HasErrorAt(places.Of(path)))
            errors.Warn(places.Of(path), problem, hint);
    }
}
