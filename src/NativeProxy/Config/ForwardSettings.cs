using System.Collections.Immutable;

namespace NativeProxy.Config;

/// <summary>`[listener.forward]`: who may use a forward proxy, and where it connects to.</summary>
[SettingsTable(Doc = "Mode \"forward\": who may use the proxy, and where it connects to. Refused is answered with 403.")]
internal readonly partial struct ForwardSettings
{
    [Setting("clients", Default = new[] { "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1", "fc00::/7", "fe80::/10" },
        Pattern = NetworkText.Pattern, Doc = "Networks whose clients may use this proxy; others are refused.")]
    public partial ImmutableArray<string> Clients { get; init; }

    [Setting("connect_ports", Default = new[] { "443" }, Pattern = PortText.Pattern, Doc = "Ports that CONNECT may go to: \"443\" or \"8000-8999\".")]
    public partial ImmutableArray<string> ConnectPorts { get; init; }

    [Setting("http_ports", Default = new[] { "80", "1024-65535" }, Pattern = PortText.Pattern,
        Doc = "Ports that http:// targets may name. The others belong to services that might take a request for something else.")]
    public partial ImmutableArray<string> HttpPorts { get; init; }

    [Setting("deny", Default = new[]
        {
            "0.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16", "169.254.0.0/16", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15",
            "224.0.0.0/3",
            "::", "::1", "100::/64", "fd00:c1::/32", "fd00:ec2::/32", "fd20:ce::/32", "fe80::/10", "fec0::/10", "ff00::/8",
        },
        Pattern = NetworkText.Pattern,
        Doc = "Networks that are never connected to, whatever name led there: by default this machine, link-local addresses and others where "
        + "clouds keep credentials, carrier-grade NAT, special networks that no host of the internet has, and multicast. IPv6 addresses that "
        + "carry an IPv4 address (mapped, compatible, translated, NAT64, 6to4, Teredo, ISATAP) are judged by that one too.")]
    public partial ImmutableArray<string> Deny { get; init; }

    [Setting("allow", Default = new string[0], Pattern = NetworkText.Pattern, Doc = "Networks that are connected to although \"deny\" covers them.")]
    public partial ImmutableArray<string> Allow { get; init; }

    [Setting("deny_own_addresses", Default = true,
        Doc = "Whether the addresses of this machine's own interfaces are never connected to either, unless \"allow\" covers them. Clients on "
        + "this machine may, with local_access.")]
    public partial bool DenyOwnAddresses { get; init; }

    [Setting("local_access", Default = true,
        Doc = "Whether clients on this machine may reach loopback addresses of this machine, at any port, whatever the other keys say: they could "
        + "without the proxy. Switch it off when a program here hands connections of others on to this listener.")]
    public partial bool LocalAccess { get; init; }

    [Setting("keepalive")]
    public partial UpstreamKeepaliveSettings Keepalive { get; init; }

    [Setting("timeouts")]
    public partial UpstreamTimeoutSettings Timeouts { get; init; }

    [Setting("retry")]
    public partial UpstreamRetrySettings Retry { get; init; }
}
