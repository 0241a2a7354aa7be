using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;

namespace NativeProxy.EndToEnd.Harness;

/// <summary>One IPv4 socket of the machine.</summary>
/// <param name="State">As <c>ss</c> calls it.</param>
/// <param name="UnacknowledgedBytes">Bytes that the peer's machine has not acknowledged.</param>
/// <param name="UnreadBytes">Bytes that its owner has not read; of a listening socket, connections that it has not accepted.</param>
internal readonly record struct SocketRow(int LocalPort, int RemotePort, string State, long UnacknowledgedBytes, long UnreadBytes);

/// <summary>The kernel's table of IPv4 TCP sockets. Looking at it disturbs nobody.</summary>
internal static class SocketTable
{
    public const string CloseWait = "CLOSE-WAIT";

    private static readonly string[] States =
        ["?", "ESTAB", "SYN-SENT", "SYN-RECV", "FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT", "UNCONN", CloseWait, "LAST-ACK", "LISTEN", "CLOSING",
            "SYN-RECV"];

    public static IEnumerable<SocketRow> Rows() =>
        from line in File.ReadLines("/proc/net/tcp").Skip(1)
        let fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)
        select new SocketRow(Hex(fields[1].Split(':')[1]), Hex(fields[2].Split(':')[1]), States[Hex(fields[3])], Hex(fields[4].Split(':')[0]),
            Hex(fields[4].Split(':')[1]));

    /// <summary>The proxy's ends: what stands on its listening ports, and what it has opened to these servers.</summary>
    public static IEnumerable<SocketRow> OfProxy(IReadOnlyCollection<int> listenerPorts, IReadOnlyCollection<int> serverPorts) =>
        Rows().Where(row => listenerPorts.Contains(row.LocalPort) || serverPorts.Contains(row.RemotePort));

    /// <summary>Counts by state, as <c>ss -s</c> would show them for these sockets.</summary>
    public static string Describe(IEnumerable<SocketRow> rows) =>
        string.Join(' ',
            rows.GroupBy(row => row.State).OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => $"{group.Key}={group.Count()}"));

    private static int Hex(string digits) => int.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
