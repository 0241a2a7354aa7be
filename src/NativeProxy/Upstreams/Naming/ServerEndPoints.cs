using System;
using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;

namespace NativeProxy.Upstreams.Naming;

/// <summary>
/// The addresses of all configured servers at one moment: per upstream and server, in the order of the settings, those that are to be tried in
/// turn; none for a server whose name has no answer. A Unix socket is its path. Made in the supervisor, sent to the workers as text. Immutable.
/// </summary>
/// <param name="byServer">Upstream, server, address.</param>
internal sealed class ServerEndPoints(EndPoint[][][] byServer)
{
    private const char GroupEnd = ';';
    private const char ServerEnd = ',';
    private const char Between = '|';

    /// <summary>The addresses of one server.</summary>
    /// <param name="upstream">Index of the upstream in the settings.</param>
    /// <param name="server">Index of the server in it.</param>
    public EndPoint[] Of(int upstream, int server) => byServer[upstream][server];

    /// <summary>One line: "127.0.0.1:80|[::1]:80,10.0.0.1:80,;" are two servers, the first with two addresses, and a third without any.</summary>
    public string ToLine() => string.Concat(Array.ConvertAll(
        byServer, static servers =>
        string.Join(ServerEnd, Array.ConvertAll(servers, static server => string.Join(Between, (object[])server))) + GroupEnd));

    /// <summary>Reads what <see cref="ToLine"/> wrote; false when it is not that, or not for as many servers.</summary>
    /// <param name="line">The line.</param>
    /// <param name="serverCounts">How many servers each upstream has.</param>
    /// <param name="endPoints">What was read.</param>
    public static bool TryParse(string line, IReadOnlyList<int> serverCounts, out ServerEndPoints endPoints)
    {
        endPoints = new ServerEndPoints([]);
        string[] groups = line.Split(GroupEnd);
        if (groups.Length != serverCounts.Count + 1 || groups[^1].Length > 0)
            return false;
        var byServer = new EndPoint[serverCounts.Count][][];
        for (int i = 0; i < byServer.Length; i++)
        {
            if (!TryParseGroup(groups[i], serverCounts[i], out byServer[i]))
                return false;
        }
        endPoints = new ServerEndPoints(byServer);
        return true;
    }

    private static bool TryParseGroup(string text, int serverCount, out EndPoint[][] servers)
    {
        // Nothing is one server without an address, or none.
        string[] texts = text.Length == 0 && serverCount == 0 ? [] : text.Split(ServerEnd);
        servers = new EndPoint[texts.Length][];
        for (int i = 0; i < servers.Length; i++)
        {
            string[] addresses = texts[i].Split(Between, StringSplitOptions.RemoveEmptyEntries);
            servers[i] = new EndPoint[addresses.Length];
            for (int j = 0; j < addresses.Length; j++)
            {
                if (addresses[j].StartsWith('/'))
                    servers[i][j] = new UnixDomainSocketEndPoint(addresses[j]);
                else if (IPEndPoint.TryParse(addresses[j], out IPEndPoint? endPoint))
                    servers[i][j] = endPoint;
                else
                    return false;
            }
        }
        return servers.Length == serverCount;
    }
}
