using System;
using System.Buffers;
using NativeProxy.Upstreams.Board;

namespace NativeProxy.Admin;

/// <summary>
/// Writes what the <see cref="ServerBoard"/> knows about each server in the Prometheus text exposition format; health only of servers
/// that are checked. Stateless; any thread. Allocates: it runs when an operator asks.
/// </summary>
internal static class ServerMetricsText
{
    public static void Write(ServerBoard board, IBufferWriter<byte> output)
    {
        ServerSlot[] servers = [.. board.Current];
        ServerSlot[] watched = Array.FindAll(servers, static server => server.IsChecked);
        Family(output, servers, "nativeproxy_server_requests_running", "Requests that run on a server now.", isCounter: false,
            static server => server.Running());
        Family(output, servers, "nativeproxy_server_up", "Whether a server has an address and does not fail its health checks.", isCounter: false,
            static server => server.IsUp ? 1 : 0);
        Family(output, servers, "nativeproxy_server_operator_state", "What an operator has set a server to: 0 ready, 1 drain, 2 maintenance.",
            isCounter: false, static server => (long)server.Operator);
        long nowMs = LoopTime.NowMs;
        Family(output, servers, "nativeproxy_server_ejected", "Whether a server is left out now for requests that failed on it.", isCounter: false,
            server => server.Ejection.IsOn(nowMs) ? 1 : 0);
        Family(output, servers, "nativeproxy_server_ejections_total", "Times a server was left out for requests that failed on it.", isCounter: true,
            static server => server.Ejection.Count);
        Family(output, watched, "nativeproxy_server_downs_total", "Times a server went down.", isCounter: true, static server => server.Downs);
        Family(output, watched, "nativeproxy_server_checks_total", "Health checks of a server.", isCounter: true,
            static server => server.ChecksPassed + server.ChecksFailed);
        Family(output, watched, "nativeproxy_server_checks_failed_total", "Health checks that a server failed.", isCounter: true,
            static server => server.ChecksFailed);
    }

    /// <summary>Names hold no sign that would have to be escaped (`Config/NameText.cs`).</summary>
    private static void Family(IBufferWriter<byte> output, ServerSlot[] servers, string name, string help, bool isCounter, Func<ServerSlot,
        long> value)
    {
        if (servers.Length == 0)
            return;
        Exposition.Head(output, name, help, isCounter);
        foreach (ServerSlot server in servers)
            Exposition.Sample(output, name, $"upstream=\"{server.Upstream}\",server=\"{server.Server}\"", value(server));
    }
}
