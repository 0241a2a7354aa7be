using System;
using System.Collections.Generic;
using System.IO;
using NativeProxy.Config;
using NativeProxy.Logging;
using NativeProxy.Upstreams.Naming;

namespace NativeProxy.Hosting;

/// <summary>
/// Reads the configuration file again and checks everything that can go wrong before anything changes: a file that cannot be used is
/// refused with all its errors, and the running configuration stays in force. Used by the main thread.
/// </summary>
internal sealed class Reload
{
    private Reload(byte[] text, ProxySettings settings, ServerEndPoints endPoints, List<ListeningSocket>[] newSockets)
    {
        Text = text;
        Settings = settings;
        EndPoints = endPoints;
        NewSockets = newSockets;
    }

    /// <summary>The file as it was read.</summary>
    public byte[] Text { get; }

    public ProxySettings Settings { get; }

    public ServerEndPoints EndPoints { get; }

    /// <summary>Per worker: sockets for the addresses that were not there before.</summary>
    public List<ListeningSocket>[] NewSockets { get; }

    /// <summary>Null when the file cannot be used; the log then says why.</summary>
    public static Reload? TryRead(string path, in ProxySettings running, int workers, ErrorLog log)
    {
        byte[] text;
        try
        {
            text = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Refused(log, [e.Message]);
        }
        SettingsResult result = SettingsFile.Parse(path, text);
        ProxyHost.Show(result.Errors);
        ProxyHost.Show(result.Warnings);
        if (!result.IsOk)
            return Refused(log, []);
        List<ConfigError> trials = [.. StartTrials.Files(result), .. StartTrials.HeldByRunning(result, running)];
        ProxyHost.Show(trials);
        if (trials.Count > 0)
            return Refused(log, []);
        var errors = new List<string>();
        ServerEndPoints endPoints = ServerAddresses.Resolve(result.Settings, errors);
        List<ListeningSocket>[] sockets = errors.Count == 0 ? ListeningSockets.Open(result.Settings, BindsOf(running), workers, errors) : [];
        if (errors.Count > 0)
            return Refused(log, errors);
        WarnOfFixed(running, result.Settings, log);
        return new Reload(text, result.Settings, endPoints, sockets);
    }

    /// <summary>All addresses that the settings listen on.</summary>
    public static HashSet<string> BindsOf(in ProxySettings settings)
    {
        var binds = new HashSet<string>();
        foreach (ListenerSettings listener in settings.Listeners)
            binds.UnionWith(listener.Bind);
        return binds;
    }

    private static Reload? Refused(ErrorLog log, IEnumerable<string> problems)
    {
        foreach (string problem in problems)
            log.Error(problem);
        log.Error("reload refused; the running configuration stays in force");
        return null;
    }

    private static void WarnOfFixed(in ProxySettings running, in ProxySettings wanted, ErrorLog log)
    {
        if (running.Runtime.Workers != wanted.Runtime.Workers || running.Runtime.Engine != wanted.Runtime.Engine || running.Runtime.PidFile != wanted.Runtime.PidFile)
            log.Warn("runtime.workers, runtime.engine and runtime.pid_file change with a restart only");
        if (running.Admin.Bind != wanted.Admin.Bind)
            log.Warn("admin.bind changes with a restart only");
    }
}
