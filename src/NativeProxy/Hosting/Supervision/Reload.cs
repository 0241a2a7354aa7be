using System;
using System.Collections.Generic;
using System.IO;
using System.Net.Sockets;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Hosting.Channels;
using NativeProxy.Logging;
using NativeProxy.Upstreams.Discovery;
using NativeProxy.Upstreams.Naming;

namespace NativeProxy.Hosting.Supervision;

/// <summary>
/// Reads the configuration file again and checks everything that can go wrong before anything changes: a file that cannot be used is
/// refused with all its errors, and the running configuration stays in force. Used by the main thread.
/// </summary>
internal sealed class Reload
{
    public Reload(byte[] text, ProxySettings settings, DiscoveredServers found, ServerEndPoints endPoints, List<ListeningSocket>[] newSockets)
    {
        Text = text;
        Settings = settings;
        Found = found;
        EndPoints = endPoints;
        NewSockets = newSockets;
    }

    /// <summary>The files as they were read (<see cref="SettingsText.Bytes"/>).</summary>
    public byte[] Text { get; }

    public ProxySettings Settings { get; }

    /// <summary>The servers that were discovered for them.</summary>
    public DiscoveredServers Found { get; }

    /// <summary>The addresses of all their servers.</summary>
    public ServerEndPoints EndPoints { get; }

    /// <summary>The files of TLS as they were read.</summary>
    public TlsFiles Files { get; init; } = TlsFiles.None;

    /// <summary>Per worker: sockets for the addresses that were not there before.</summary>
    public List<ListeningSocket>[] NewSockets { get; }

    /// <summary>The last line of a reload that came to nothing: told when it has been counted.</summary>
    public const string Refusal = "reload refused; the running configuration stays in force";

    /// <summary>Null when the file cannot be used; the log then says why. Blocks while names are looked up.</summary>
    /// <param name="source">Where the settings of the start came from.</param>
    /// <param name="started">The settings of the start, which rule what a reload does not change.</param>
    /// <param name="running">The settings in force.</param>
    /// <param name="workers">How many workers there are.</param>
    /// <param name="discovery">Follows the servers of the new settings too, likewise.</param>
    /// <param name="names">Follows the names of the new settings too from now on; whose settings are in force at the end is for the caller to
    /// say.</param>
    /// <param name="log">Hears what is wrong.</param>
    public static Reload? TryRead(SettingsText source, in ProxySettings started, in ProxySettings running, int workers, ServerDiscovery discovery,
        ServerNames names, ErrorLog log)
    {
        try
        {
            return Read(source, started, running, workers, discovery, names, log);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or SocketException)
        {
            return Refused(log, [e.Message]);
        }
        catch (Exception e)
        {
            // A fault in here must not be the end of reloads: it is told like a refusal.
            return Refused(log, ["the proxy itself has an error: " + e]);
        }
    }

    /// <summary>It is not used after all: nothing of it stays open.</summary>
    public void Close()
    {
        foreach (List<ListeningSocket> sockets in NewSockets)
            ListeningSockets.Close(sockets);
        Files.Clear();
    }

    /// <summary>All addresses that the settings listen on.</summary>
    public static HashSet<string> BindsOf(in ProxySettings settings)
    {
        var binds = new HashSet<string>();
        foreach (ListenerSettings listener in settings.Listeners)
            binds.UnionWith(listener.Bind);
        return binds;
    }

    private static Reload? Read(SettingsText source, in ProxySettings started, in ProxySettings running, int workers, ServerDiscovery discovery,
        ServerNames names, ErrorLog log)
    {
        if (!source.CanBeReadAgain)
            return Refused(log, [$"{source.Path} is a pipe, which can be read only once; start the proxy with a file to be able to reload it"]);
        SettingsResult result = SettingsFile.TryRead(source.Path, out SettingsText? text, out SettingsResult unreadable)
            ? SettingsFile.Parse(text)
            : unreadable;
        foreach (ConfigError finding in (ConfigError[])[.. result.Errors, .. result.Warnings])
            log.Text(finding.IsWarning ? LogLevel.Warn : LogLevel.Error, finding.ToString());
        if (!result.IsOk || text is null)
            return Refused(log, []);
        List<ConfigError> trials = [.. StartTrials.Files(result, out TlsFiles files), .. StartTrials.HeldByRunning(result, running)];
        foreach (ConfigError trial in trials)
            log.Text(trial.IsWarning ? LogLevel.Warn : LogLevel.Error, trial.ToString());
        Reload? reload = trials.TrueForAll(static trial => trial.IsWarning)
            ? Checked(text, result, files, started, running, workers, discovery, names, log)
            : Refused(log, []);
        if (reload is null)
            files.Clear();
        return reload;
    }

    /// <summary>Opens and looks up what the settings need. Null, and told, when something cannot be had.</summary>
    private static Reload? Checked(SettingsText text, SettingsResult result, TlsFiles files, in ProxySettings started, in ProxySettings running,
        int workers, ServerDiscovery discovery, ServerNames names, ErrorLog log)
    {
        ProxySettings settings = FixedSettings.Keep(result.Settings, started);
        var errors = new List<string>();
        List<ListeningSocket>[] sockets = ListeningSockets.Open(settings, BindsOf(running), workers, errors);
        if (errors.Count > 0)
            return Refused(log, errors);
        List<string> kept = FixedSettings.Changed(result.Settings, started);
        if (kept.Count > 0)
        {
            log.Warn($"{string.Join(", ", kept)} {(kept.Count == 1 ? "changes" : "change")} with a restart only; the value of the start stays in "
                + "force");
        }

        if (running.Admin.IsSecured && !settings.Admin.IsSecured)
            log.Warn("admin.certificate is taken away with a restart only, lest a token is sent unencrypted; the last one stays in force");
        LogFiles.Give(settings);
        DiscoveredServers found = discovery.Follow(settings);
        return new Reload(text.Bytes, settings, found, names.Follow(found.AddTo(settings)), sockets) { Files = files };
    }

    private static Reload? Refused(ErrorLog log, IEnumerable<string> problems)
    {
        foreach (string problem in problems)
            log.Error(problem);
        return null;
    }
}
