using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.Admin;
using NativeProxy.Config;
using NativeProxy.Hosting.Channels;
using NativeProxy.Hosting.Processes;

namespace NativeProxy.Hosting.Supervision;

/// <summary>
/// Tries what the settings ask of this machine, so that what cannot work is told with its key and its place before anything starts or
/// changes. Leaves nothing behind. Used by `check --full`, at start and at reload; blocks, so never on a loop thread.
/// </summary>
internal static class StartTrials
{
    /// <summary>Longest wait for all names together; what takes longer cannot be resolved.</summary>
    private static readonly TimeSpan NamesLimit = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Files that are written, those of users and of TLS, and pages: at start, and at reload, because a worker that starts later needs them. What may
    /// go well all the same is a warning.
    /// </summary>
    /// <param name="result">The settings.</param>
    /// <param name="files">Those of TLS, as they are now, for the workers.</param>
    public static List<ConfigError> Files(SettingsResult result, out TlsFiles files)
    {
        List<ConfigError> errors = [];
        ProxySettings settings = result.Settings;
        SystemUser? user = TryUser(result, errors);
        TryLog(result, "log.access", settings.Log.AccessTarget, errors);
        if (settings.Log.ConnectionsTarget != settings.Log.AccessTarget)
            TryLog(result, "log.connections", settings.Log.ConnectionsTarget, errors);
        TryFile(result, "runtime.pid_file", settings.Runtime.PidFile, errors);
        TryToken(result, "admin.read_token_file", settings.Admin.ReadTokenFile, errors);
        TryToken(result, "admin.write_token_file", settings.Admin.WriteTokenFile, errors);
        if (user is not null)
            user.Try(() => TryFilesOfWorkers(result, errors));
        else
            TryFilesOfWorkers(result, errors);
        files = TlsTrial.Read(result, errors);
        return errors;
    }

    /// <summary>What workers read themselves, when they start and at a reload.</summary>
    private static void TryFilesOfWorkers(SettingsResult result, List<ConfigError> errors)
    {
        ProxySettings settings = result.Settings;
        for (int i = 0; i < settings.Listeners.Length; i++)
            TryPages(result, $"listener[{i}]", settings.Listeners[i].ErrorPages, errors);
        for (int i = 0; i < settings.Routes.Length; i++)
        {
            TryUsers(result, $"route[{i}].basic_auth.users_file", settings.Routes[i].BasicAuth, errors);
            TryPages(result, $"route[{i}]", settings.Routes[i].ErrorPages, errors);
            string file = settings.Routes[i].Respond.File;
            if (file.Length > 0 && !ErrorPageText.TryReadFile(file, out _, out _, out string problem))
                errors.Add(result.Finding($"route[{i}].respond.file", problem, "a file of at most 32KiB"));
        }
        for (int i = 0; i < settings.Policies.Length; i++)
            TryUsers(result, $"policy[{i}].basic_auth.users_file", settings.Policies[i].BasicAuth, errors);
    }

    /// <summary>Whom workers become; null when they stay what they are, or cannot become it.</summary>
    private static SystemUser? TryUser(SettingsResult result, List<ConfigError> errors)
    {
        (string name, string group) = (result.Settings.Runtime.User, result.Settings.Runtime.Group);
        if (name.Length == 0)
            return null;
        if (!SystemUser.TryFind(name, group, out SystemUser? user, out string problem))
            errors.Add(result.Finding(SystemUser.TryFind(name, group: "", out _, out _) ? "runtime.group" : "runtime.user", problem));
        else if (!user!.IsOurs && !SystemUser.IsRoot)
            errors.Add(result.Finding("runtime.user", $"only root can become the user {name}", "no user, or a start as root"));
        return user;
    }

    /// <summary>Everything that `run` would need. What only may go wrong later is a warning.</summary>
    public static List<ConfigError> All(SettingsResult result)
    {
        List<ConfigError> findings = Files(result, out TlsFiles files);
        files.Clear();
        TryBinds(result, findings);
        TryNames(result, findings);
        findings.Sort(static (one, other) => (one.FileIndex, one.Line, one.Column).CompareTo((other.FileIndex, other.Line, other.Column)));
        return findings;
    }

    /// <summary>What the running configuration holds until a restart, and a new one wants for another end.</summary>
    public static List<ConfigError> HeldByRunning(SettingsResult result, in ProxySettings running)
    {
        List<ConfigError> errors = [];
        if (!AddressText.TryParse(running.Admin.Bind, AddressUse.Bind, out HostPort admin, out _))
            return errors;
        ProxySettings wanted = result.Settings;
        for (int i = 0; i < wanted.Listeners.Length; i++)
        {
            for (int j = 0; j < wanted.Listeners[i].Bind.Length; j++)
            {
                string bind = wanted.Listeners[i].Bind[j];
                if (AddressText.TryParse(bind, AddressUse.Bind, out HostPort address, out _) && BindRules.Overlap(admin, address))
                {
                    errors.Add(result.Finding($"listener[{i}].bind[{j}]", $"{bind} is held by the running admin endpoint ({running.Admin.Bind})",
                        hint: "admin.bind changes with a restart only"));
                }
            }
        }

        return errors;
    }

    private static void TryToken(SettingsResult result, string key, string path, List<ConfigError> errors)
    {
        if (path.Length > 0 && !TokenFile.TryRead(path, out _, out string problem))
            errors.Add(result.Finding(key, problem, "a file with the token alone, such as `openssl rand -hex 32` makes"));
    }

    /// <summary>A file of users with a mistake would shut somebody out.</summary>
    private static void TryUsers(SettingsResult result, string key, in BasicAuthSettings auth, List<ConfigError> errors)
    {
        if (auth.UsersFile.Length == 0)
            return;
        List<string> problems = [];
        UsersFile.Read(auth.UsersFile, problems);
        foreach (string problem in problems)
            errors.Add(result.Finding(key, problem, "a line NAME:HASH for each user, as htpasswd writes it; empty lines and # are left out"));
    }

    private static void TryPages(SettingsResult result, string block, ImmutableArray<NamedText> pages, List<ConfigError> errors)
    {
        foreach (NamedText page in pages)
        {
            if (ErrorPageText.IsFile(page.Text) && !ErrorPageText.TryRead(page.Text, out _, out _, out string problem))
                errors.Add(result.Finding($"{block}.error_pages", problem, ErrorPageText.Expected));
        }
    }

    private static void TryLog(SettingsResult result, string key, string target, List<ConfigError> errors)
    {
        if (LogPlaceText.Of(target).Kind == LogPlaceKind.File)
            TryFile(result, key, target, errors);
    }

    private static void TryFile(SettingsResult result, string key, string path, List<ConfigError> errors)
    {
        if (path.Length > 0 && FileTrial.Problem(path) is { } problem)
        {
            errors.Add(result.Finding(key, $"{key} cannot be written: {problem}",
                "the path of a file that this user may write, in a directory that is there"));
        }
    }

    private static void TryBinds(SettingsResult result, List<ConfigError> errors)
    {
        ProxySettings settings = result.Settings;
        for (int i = 0; i < settings.Listeners.Length; i++)
        {
            ListenerSettings listener = settings.Listeners[i];
            for (int j = 0; j < listener.Bind.Length; j++)
                TryBind(result, $"listener[{i}].bind[{j}]", listener.Bind[j], $"listener \"{listener.Name}\"", errors, listener.FreeBind);
        }

        if (settings.Admin.Bind.Length > 0)
            TryBind(result, "admin.bind", settings.Admin.Bind, "the admin endpoint", errors);
    }

    private static void TryBind(
        SettingsResult result, string key, string bind, string what, List<ConfigError> errors, bool mayBeAbsent = false)
    {
        if (ListeningSockets.ProblemOf(bind, what, mayBeAbsent) is { } problem)
            errors.Add(result.Finding(key, problem));
    }

    /// <summary>A name that does not resolve now may do so later.</summary>
    private static void TryNames(SettingsResult result, List<ConfigError> findings)
    {
        List<(string Key, string Host)> names = [.. NamesOfLogs(result.Settings.Log)];
        ProxySettings settings = result.Settings;
        for (int i = 0; i < settings.Upstreams.Length; i++)
        {
            for (int j = 0; j < settings.Upstreams[i].Servers.Length; j++)
            {
                if (ServerAddressText.TryParse(settings.Upstreams[i].Servers[j].Address, out HostPort address, out _, out _)
                    && address.IsName)
                {
                    names.Add(($"upstream[{i}].{ShortServers.AddressKey(settings.Upstreams[i], j)}", address.Host));
                }
            }
        }

        Dictionary<string,
            Task<string?>> lookUps = names.Select(static name => name.Host).Distinct()
            .ToDictionary(static host => host, static host => Task.Run(() => ProblemOfName(host)));
        Task.WaitAll([.. lookUps.Values], NamesLimit);
        foreach ((string key, string host) in names)
        {
            string? problem = lookUps[host].IsCompleted ? lookUps[host].Result : $"no answer within {NamesLimit.TotalSeconds:0} s";
            if (problem is not null)
            {
                findings.Add(result.Finding(key, $"the name \"{host}\" cannot be resolved now: {problem}",
                    hint: key.StartsWith("log.", StringComparison.Ordinal) ? "lines go there once it can" : "the server can be used once it can",
                    isWarning: true));
            }
        }
    }

    private static IEnumerable<(string Key, string Host)> NamesOfLogs(LogSettings log)
    {
        foreach ((string key, string target) in ((string, string)[])[
            ("log.access", log.AccessTarget), ("log.connections", log.ConnectionsTarget), ("log.errors", log.ErrorsTarget)])
        {
            if (LogPlaceText.Of(target).Name is { Length: > 0 } name)
                yield return (key, name);
        }
        if (HttpUrl.TryParse(log.Traces.Endpoint, out HttpUrl collector, mayBeSecure: true) && !IPAddress.TryParse(collector.Host, out _))
            yield return ("log.traces.endpoint", collector.Host);
    }

    private static string? ProblemOfName(string host)
    {
        try
        {
            return Dns.GetHostAddresses(host).Length > 0 ? null : "it has no address";
        }
        catch (SocketException e)
        {
            return e.Message;
        }
    }
}
