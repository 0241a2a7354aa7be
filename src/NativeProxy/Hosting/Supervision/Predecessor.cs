using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.Config;
using NativeProxy.Hosting.Channels;
using NativeProxy.Hosting.Processes;
using NativeProxy.Hosting.Securing;

namespace NativeProxy.Hosting.Supervision;

/// <summary>
/// The process that this one comes after, at an upgrade, and what it has handed over: taken piece by piece while this one starts; what nobody has
/// taken is closed. At an ordinary start there is at most what a service manager has opened. Owner: the start; main thread.
/// </summary>
internal sealed class Predecessor : IDisposable
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(10);

    private readonly ControlChannel? _control;
    private readonly DescriptorChannel? _descriptors;
    private readonly Handover? _handover;
    private readonly Dictionary<(int Worker, string Bind), int> _listening = [];
    private readonly List<Socket> _lines = [];
    private int[] _boards = [];
    private int _admin = -1;
    private bool _isSharing;

    private readonly ActivatedSockets? _activated;

    private Predecessor(ActivatedSockets activated) => _activated = activated;

    private Predecessor(ControlChannel control, DescriptorChannel descriptors, Handover handover, int[] handed)
    {
        _control = control;
        _descriptors = descriptors;
        _handover = handover;
        int next = handover.BoardCount;
        _boards = handed[..next];
        for (int worker = 0; worker < handover.Binds.Count; worker++)
        {
            foreach (string bind in handover.Binds[worker])
                _listening[(worker, bind)] = handed[next++];
        }
        if (handover.AdminBind.Length > 0)
            _admin = handed[next++];
        foreach (int line in handed.AsSpan(next))
            _lines.Add(OwnedSocket.Of(line));
    }

    /// <summary>There is one.</summary>
    public bool IsThere => _handover is not null;

    /// <summary>Its number; 0 without one.</summary>
    public int ProcessId => _handover?.ProcessId ?? 0;

    /// <summary>The addresses that it listens on.</summary>
    public HashSet<string> Binds => [.. _handover?.Binds.SelectMany(static binds => binds) ?? []];

    /// <summary>The keys of session tickets that it has.</summary>
    public TicketRings Tickets => _handover is { } handover ? TicketRings.Parse(handover.Tickets) : TicketRings.None;

    /// <summary>The addresses of names of servers, as it knows them.</summary>
    public IReadOnlyDictionary<string, string> Names => _handover?.Names ?? new Dictionary<string, string>();

    /// <summary>The servers that it has discovered, by their source.</summary>
    public IReadOnlyDictionary<string, string> Found => _handover?.Found ?? new Dictionary<string, string>();

    /// <summary>Hears what the process before this one has to say, if there is one; null, and told, when it is not understood.</summary>
    /// <param name="problem">Why not.</param>
    public static Predecessor? Hear(out string problem)
    {
        problem = "";
        string variable = LinuxProcess.TakeVariable(Successor.Variable);
        if (variable.Length == 0)
            return ActivatedSockets.Take(out problem) is { } activated ? new Predecessor(activated) : null;
        string[] words = variable.Split(',');
        if (words.Length != 2 || !int.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out int control)
            || !int.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out int descriptors))
        {
            problem = $"{Successor.Variable} is set by a proxy for the one that comes after it: do not set it";
            return null;
        }
        if (!IsSocket(control) || !IsSocket(descriptors))
        {
            problem = $"{Successor.Variable} is set by a proxy for the one that comes after it: do not set it";
            return null;
        }
        var channel = new ControlChannel(OwnedSocket.Of(control));
        var passing = new DescriptorChannel(OwnedSocket.Of(descriptors));
        Task<ControlMessage?> message = channel.ReceiveAsync();
        message.Wait(AnswerLimit);
        if (message is { IsCompletedSuccessfully: true, Result: { Command: ControlCommand.TakeOver } said }
            && Handover.Decode(said.Payload) is { } handover && passing.TryReceive(handover.DescriptorCount) is { } handed)
        {
            foreach (int descriptor in handed)
                LinuxProcess.SetInherited(descriptor, false);
            return new Predecessor(channel, passing, handover, handed);
        }
        problem = "the proxy that runs hands over in a way that this version does not understand: stop that one and start this one";
        channel.TrySend(ControlCommand.Refused, new AnswerMessage(Round: 0, problem));
        return null;
    }

    /// <summary>A line for each socket of the service manager that no listener has taken.</summary>
    public IEnumerable<string> Left => _activated?.Left ?? [];

    /// <summary>Its listening socket of a worker, or that of a service manager; null when there is none.</summary>
    public Socket? TakeListening(int worker, string bind) =>
        _listening.Remove((worker, bind), out int descriptor) ? OwnedSocket.Of(descriptor)
            : worker == 0 && !UnixAddressText.IsUnix(bind) ? _activated?.Take(bind, ListeningSockets.EndPointOf(bind)) : null;

    /// <summary>Its listening socket of the admin endpoint; null when it has none there.</summary>
    public Socket? TakeAdmin(string bind)
    {
        if (_admin < 0 || _handover!.AdminBind != bind)
            return null;
        int descriptor = _admin;
        _admin = -1;
        return OwnedSocket.Of(descriptor);
    }

    /// <summary>Its boards, if this build can read them and they have room for as many workers; else null.</summary>
    public Boards? TakeBoards(int workers)
    {
        if (_handover is null || _handover.Layout != Boards.LayoutId || _handover.FreeRows.Count < workers)
            return null;
        int[] taken = _boards;
        _boards = [];
        try
        {
            Boards boards = Boards.TakeOver(taken);
            boards.Servers.SharerCount = workers;
            _isSharing = true;
            return boards;
        }
        catch (InvalidDataException)
        {
            Array.ForEach(taken, LinuxProcess.Close);
            return null;
        }
    }

    /// <summary>
    /// The rows of these boards that this process may have: those that it was given, since a worker of the other one that has just died will have its
    /// row again; all that are free, where the boards are its own.
    /// </summary>
    public IReadOnlyList<int> RowsOn(Boards boards) => _isSharing ? _handover!.FreeRows : boards.FreeRows();

    /// <summary>On boards of this process's own, servers stand as they stood.</summary>
    public void ShowServers(Boards boards, in ProxySettings settings)
    {
        if (_handover is null || _isSharing)
            return;
        boards.Servers.Publish(settings);
        foreach (HandedServer server in _handover.Servers)
            server.Show(boards.Servers);
    }

    /// <summary>This process serves: the other one leaves. Returns when it has heard of it. The lines of its workers are the caller's then.</summary>
    public IReadOnlyList<Socket> Follow()
    {
        if (_control is null)
            return [];
        _control.TrySend(ControlCommand.Ready, new AnswerMessage(Round: 0));
        _control.ReceiveAsync().Wait(AnswerLimit);
        RemoveLeftFiles();
        Socket[] lines = [.. _lines];
        _lines.Clear();
        return lines;
    }

    /// <summary>
    /// It may still write logs for what runs on it, and only this process is told of their rotation. Any time: it has started this one, so its number
    /// is no stranger's as long as it is the parent's.
    /// </summary>
    public void ReopenLogs()
    {
        if (_handover is { } handover && LinuxProcess.ParentId == handover.ProcessId)
            LinuxProcess.Signal(handover.ProcessId, ProcessSignals.ReopenLogsSignal);
    }

    public void Dispose()
    {
        foreach (int descriptor in (int[])[.. _boards, .. _listening.Values, .. _admin >= 0 ? [_admin] : Array.Empty<int>()])
            LinuxProcess.Close(descriptor);
        _boards = [];
        _listening.Clear();
        _admin = -1;
        _lines.ForEach(static line => line.Dispose());
        _lines.Clear();
        _control?.Dispose();
        _descriptors?.Dispose();
        _activated?.Dispose();
    }

    /// <summary>
    /// Nobody listens any more on Unix sockets that the settings do not name now: the other process has left their files to this one. Worker 0 has
    /// each that is named.
    /// </summary>
    private void RemoveLeftFiles()
    {
        foreach ((int worker, string bind) in _listening.Keys)
        {
            if (worker == 0 && UnixAddressText.PathOf(bind) is { } path)
                new UnixFile(path).Remove();
        }
        if (_admin >= 0 && UnixAddressText.PathOf(_handover!.AdminBind) is { } admin)
            new UnixFile(admin).Remove();
    }

    private static bool IsSocket(int descriptor) =>
        new FileInfo($"/proc/self/fd/{descriptor}").LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) == true;
}
