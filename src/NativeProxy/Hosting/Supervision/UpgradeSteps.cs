using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.Admin;
using NativeProxy.Hosting.Channels;
using NativeProxy.Hosting.Processes;
using NativeProxy.Hosting.Securing;
using NativeProxy.Logging;

namespace NativeProxy.Hosting.Supervision;

/// <summary>
/// An upgrade from its signal until the process that comes after this one serves, or does not: then this one goes on as if nothing had been. One at a
/// time. Thread: whoever decides in this process, one step at a time; the other process is waited for on the pool.
/// </summary>
/// <param name="children">Start the other process.</param>
/// <param name="boards">Are handed over.</param>
/// <param name="discovery">What it knows is.</param>
/// <param name="names">What it knows is.</param>
/// <param name="admin">Its socket is; null = there is none.</param>
/// <param name="manager">Hears who is the service.</param>
/// <param name="service">Is told what came of it.</param>
/// <param name="log">Is told, too.</param>
internal sealed class UpgradeSteps(ChildProcesses children, Boards boards, ServerDiscovery discovery, ServerNames names, AdminEndpoint? admin,
    ServiceManager manager, ServiceState service, ErrorLog log)
{
    private Successor? _successor;
    private int _workers;
    private bool _areLogsReopened;

    /// <summary>It has been started and has not said that it serves, or it serves.</summary>
    public bool IsUnderWay => _successor is not null;

    /// <summary>The other process serves: this one only finishes what runs.</summary>
    public bool IsDone { get; private set; }

    /// <summary>
    /// Starts the other process, unless something speaks against it, which is told then. Its answer goes to <paramref name="settled"/>, on any
    /// thread: null, or why it does not serve.
    /// </summary>
    /// <param name="obstacle">What the caller has against it; null = nothing.</param>
    /// <param name="listening">The listening sockets, by worker.</param>
    /// <param name="tickets">The keys of session tickets.</param>
    /// <param name="settled">Called once if the process was started.</param>
    public void Begin(string? obstacle, IReadOnlyList<IReadOnlyList<ListeningSocket>> listening, TicketRings tickets, Action<string?> settled)
    {
        if (!service.Upgrade.TryBegin())
        {
            log.Info("an upgrade is under way already");
            return;
        }
        int[] rows = boards.FreeRows();
        _workers = listening.Count;
        obstacle ??= Environment.ProcessId == 1 ? "this process is number 1 of its container, which ends with it; exchange the container"
            : rows.Length < listening.Count ? "processes of the two upgrades before still finish what runs on them; wait until they have ended"
            : null;
        if (obstacle is not null)
        {
            Refuse(obstacle);
            return;
        }
        try
        {
            _successor = Successor.Start(children, manager);
        }
        catch (Exception e) when (e is Win32Exception or IOException or UnauthorizedAccessException)
        {
            Refuse($"the program cannot be started: {e.Message}");
            return;
        }
        _areLogsReopened = false;
        log.Info($"upgrade: process {_successor.ProcessId} was started and is to take over; this one serves until that one does");
        var handover = new Handover
        {
            ProcessId = Environment.ProcessId,
            Layout = Boards.LayoutId,
            BoardCount = boards.Descriptors.Length,
            FreeRows = rows,
            Binds = [.. listening.Select(static sockets => sockets.Select(static socket => socket.Bind).ToArray())],
            AdminBind = AdminEndpoint.ListeningOf(admin).Select(static socket => socket.Bind).FirstOrDefault(""),
            Tickets = tickets.ToLine(),
            Names = names.Known,
            Found = discovery.Known,
            Servers = HandedServer.AllOf(boards.Servers),
        };
        _ = HandOver(_successor, handover, listening, settled);
    }

    /// <summary>While another process is about to take over, the file is not read: that one has read it.</summary>
    public bool RefusesReload(ReloadLog reloads)
    {
        if (!IsUnderWay)
            return false;
        reloads.Begin();
        reloads.Refused("reload refused: an upgrade is under way, whose process has read the file itself");
        return true;
    }

    /// <summary>Logs were opened anew: a process that is about to take over may have opened those that were moved away.</summary>
    public void LogsReopened() => _areLogsReopened = true;

    /// <summary>The other process has answered. False when it does not serve, which is told: this one goes on.</summary>
    public bool Settle(string? problem)
    {
        if (problem is null)
        {
            IsDone = true;
            manager.MainIs(_successor!.ProcessId);
            if (_areLogsReopened)
                children.ReopenLogs(_successor.ProcessId);
            log.Info($"upgrade: process {_successor.ProcessId} serves; this one leaves it its connections as they idle, and finishes what runs");
            return true;
        }
        Abandon();
        boards.Servers.SharerCount = _workers;
        Refuse(problem);
        return false;
    }

    /// <summary>This process does no more: says so, and gives out the lines to the workers that come after its own.</summary>
    public Successor Leave()
    {
        _successor!.SayYours();
        return _successor;
    }

    /// <summary>The process stops, or the other one does not serve: that one is ended.</summary>
    public void Abandon()
    {
        if (IsDone || _successor is not { } successor)
            return;
        successor.Kill();
        successor.Dispose();
        _successor = null;
    }

    private async Task HandOver(Successor successor, Handover handover, IReadOnlyList<IReadOnlyList<ListeningSocket>> listening,
        Action<string?> settled)
    {
        string? problem;
        try
        {
            problem = await successor.HandOver(handover, boards.Descriptors, listening, AdminEndpoint.ListeningOf(admin));
        }
        catch (Exception e)
        {
            // Whatever it is, this process serves on.
            problem = e.Message;
        }
        settled(problem);
    }

    private void Refuse(string problem)
    {
        log.Error($"upgrade refused: {problem}; this process goes on");
        service.Upgrade.Refuse(problem);
    }
}
