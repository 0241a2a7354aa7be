using System;
using System.Collections.Concurrent;
using System.Linq;
using System.Net;
using System.Text;
using NativeProxy.Config;
using NativeProxy.Metrics;
using NativeProxy.Tests.Config;
using NativeProxy.Tests.Metrics;
using NativeProxy.Transport;
using NativeProxy.Upstreams.Board;
using NativeProxy.Upstreams.Connections;

namespace NativeProxy.Tests.Upstreams;

/// <summary>
/// Servers of one upstream for a test of a choice: they open no connection by themselves; their health and load are what the test writes on the
/// board. Boards outlive their tests, since slots are bare pointers.
/// </summary>
internal sealed class ServersOnBoard
{
    private static readonly ConcurrentBag<ServerBoard> Boards = [];

    /// <param name="servers">"a3 b1": server a with weight 3 and b with weight 1.</param>
    /// <param name="serverLines">Lines for each server.</param>
    /// <param name="workers">Workers on the board; the test is worker 0.</param>
    /// <param name="loop">The loop for servers that do open connections.</param>
    /// <param name="endPoint">Where they connect to.</param>
    /// <param name="upstreamLines">Lines for the upstream.</param>
    public ServersOnBoard(string servers, string serverLines = "", int workers = 1, EventLoop? loop = null, IPEndPoint? endPoint = null,
        string upstreamLines = "")
    {
        Settings = SettingsOf(servers, serverLines, upstreamLines);
        Board = NewBoard(workers);
        Board.Publish(Settings);
        UpstreamSettings upstream = Settings.Upstreams[0];
        LoopCounters counters = LastingCounters.Create();
        All = [.. upstream.Servers.Select(settings =>
        {
            var server = new UpstreamServer(loop!, counters, settings.Name, endPoint ?? new IPEndPoint(IPAddress.Loopback, 1));
            server.Apply(upstream, settings, settings.MaxConnections, Board.Find("app", settings.Name, settings.Address));
            return server;
        })];
    }

    public ProxySettings Settings { get; }

    public ServerBoard Board { get; }

    public UpstreamServer[] All { get; }

    public UpstreamServer this[string name] => All.Single(server => server.Name == name);

    public static ServerBoard NewBoard(int workers = 1)
    {
        ServerBoard board = ServerBoard.CreatePrivate(workers);
        Boards.Add(board);
        return board;
    }

    /// <summary>Settings with one upstream "app"; all addresses are the same.</summary>
    public static ProxySettings SettingsOf(string servers, string serverLines = "", string upstreamLines = "")
    {
        var text = new StringBuilder(SettingsTrial.Minimal[..SettingsTrial.Minimal.IndexOf("[[upstream.server]]", StringComparison.Ordinal)]);
        text.Append(upstreamLines).Append('\n');
        foreach (string entry in servers.Split(' '))
            text.Append($"[[upstream.server]]\nname = \"{entry[..1]}\"\naddress = \"127.0.0.1:1\"\nweight = {entry[1..]}\n{serverLines}\n");
        SettingsResult result = SettingsTrial.Parse(text.ToString());
        Xunit.Assert.True(result.IsOk || servers.Split(' ').All(static entry => entry[1..] == "0"), string.Join("\n", result.Errors));
        return result.Settings;
    }

    public ServerSlot Slot(string name, int worker = 0) => Board.Find("app", name, "127.0.0.1:1", worker)!;

    /// <summary>"a2 b0": so many requests run.</summary>
    public void SetRunning(string running)
    {
        foreach (string entry in running.Split(' '))
            Slot(entry[..1]).SetRunning(int.Parse(entry.AsSpan(1)));
    }
}
