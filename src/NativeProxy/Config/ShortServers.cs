using System.Linq;

namespace NativeProxy.Config;

/// <summary>`servers = [...]`: servers of which the file says no more than their addresses. Pure.</summary>
internal static class ShortServers
{
    /// <summary>With a server for each address of the short list, named s1, s2 and so on; as it is when servers have tables of their own.</summary>
    public static UpstreamSettings WithTables(in UpstreamSettings upstream) => !upstream.Servers.IsEmpty ? upstream : upstream with
    {
        Servers = [.. upstream.ServerAddresses.Select(static (address, index) => UpstreamServerSettings.Found(NameOf(index), address, weight: 1))],
    };

    /// <summary>True when the servers were made of a short list.</summary>
    public static bool AreAllOf(in UpstreamSettings upstream) => !upstream.ServerAddresses.IsEmpty
        && upstream.Servers.Select(static server => (server.Name, server.Address)).SequenceEqual(
            upstream.ServerAddresses.Select(static (address, index) => (NameOf(index), address)));

    /// <summary>Where the file has the address of a server, within the table of its upstream.</summary>
    public static string AddressKey(in UpstreamSettings upstream, int index) =>
        AreAllOf(upstream) ? $"servers[{index}]" : $"server[{index}].address";

    private static string NameOf(int index) => $"s{index + 1}";
}
