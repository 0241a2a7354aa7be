using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.Config;
using NativeProxy.Logging;
using NativeProxy.Upstreams.Discovery;
using NativeProxy.Upstreams.Naming;

namespace NativeProxy.Hosting.Supervision;

/// <summary>
/// The servers that are found while the proxy runs: asks the source of each upstream that has one, again and again, once for all workers, and keeps
/// the last good lists. Runs on the thread pool; whoever decides about settings asks, and is told that something has changed. Never decides what
/// becomes of a server that has left.
/// </summary>
/// <param name="log">For lists that cannot be had, and for servers that come and go.</param>
/// <param name="changed">Any thread: <see cref="TryTakeChange"/> has something. Must not block.</param>
internal sealed class ServerDiscovery(ErrorLog log, Action changed) : IDisposable
{
    /// <summary>How long a start or a reload waits for the first answers: upstreams without one by then have their servers when they come.</summary>
    private static readonly TimeSpan FirstAnswerLimit = TimeSpan.FromSeconds(2);

    /// <summary>Servers that a message names.</summary>
    private const int NamedMax = 8;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Followed> _followed = new(StringComparer.Ordinal);
    private ResolverSettings _rules;
    private NameFinder? _finder;
    private string _given = "";

    /// <summary>The servers that are known, by their source, as lines: for a process that comes after this one.</summary>
    public Dictionary<string, string> Known
    {
        get
        {
            lock (_lock)
            {
                var known = new Dictionary<string, string>(StringComparer.Ordinal);
                foreach ((string key, Followed one) in _followed)
                    known[key] = new DiscoveredServers([one.Known.Servers]).ToLine();
                return known;
            }
        }
    }

    /// <summary>
    /// What the process before this one has known: it holds until there are other answers. Set it before the first sources are asked.
    /// </summary>
    public IReadOnlyDictionary<string, string> Remembered { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// Any thread, one at a time: follows the sources of these settings too, and waits a moment for those that are new. Those that were there before
    /// are kept, in case the settings are refused after all: <see cref="Keep"/> lets them go.
    /// </summary>
    public DiscoveredServers Follow(in ProxySettings settings)
    {
        var first = new List<Task>();
        lock (_lock)
        {
            bool isOther = _finder is null || !_rules.IsSameAs(settings.Resolver);
            if (isOther)
                _finder = new NameFinder(settings.Resolver);
            _rules = settings.Resolver;
            foreach (UpstreamSettings upstream in settings.Upstreams)
            {
                if (SourceOf(upstream.Discovery, _finder!) is not { } source)
                    continue;
                string key = KeyOf(upstream);
                bool isNew = !_followed.TryGetValue(key, out Followed? known);
                if (known is null)
                {
                    known = new Followed(upstream.Name, new KnownServers(upstream.Discovery.ServersMax, RememberedOf(key)));
                    _followed.Add(key, known);
                }
                if (isNew || isOther || known.Known.HasFailed)
                    Begin(known, source);
                if (known.Known.Servers.Length == 0)
                    first.Add(known.FirstAnswer);
            }
        }
        Task.WaitAll([.. first], FirstAnswerLimit);
        DiscoveredServers servers = Current(settings);
        Interlocked.Exchange(ref _given, servers.ToLine());
        return servers;
    }

    /// <summary>Whoever decides about settings: these are in force; sources of others are not asked any more.</summary>
    public void Keep(in ProxySettings settings)
    {
        HashSet<string> wanted = [.. settings.Upstreams.Select(static upstream => KeyOf(upstream))];
        lock (_lock)
        {
            foreach (string key in _followed.Keys.Where(key => !wanted.Contains(key)).ToArray())
            {
                _followed[key].End();
                _followed.Remove(key);
            }
        }
    }

    /// <summary>Whoever decides about settings: the servers that were found for these. True when they are others than those given last.</summary>
    public bool TryTakeChange(in ProxySettings settings, out DiscoveredServers servers)
    {
        servers = Current(settings);
        string line = servers.ToLine();
        return Interlocked.Exchange(ref _given, line) != line;
    }

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (Followed known in _followed.Values)
                known.End();
            _followed.Clear();
        }
    }

    /// <summary>The same for two upstreams whose servers come from the same place in the same way; no name holds a line feed.</summary>
    private static string KeyOf(in UpstreamSettings upstream)
    {
        UpstreamDiscoverySettings settings = upstream.Discovery;
        return string.Create(CultureInfo.InvariantCulture,
            $"{upstream.Name}\n{settings.Kind}\n{settings.Name}\n{settings.Port}\n{settings.Path}\n{settings.Url}\n{settings.IntervalMs}\n"
            + $"{settings.ServersMax}\n{settings.Family}");
    }

    private FoundServer[] RememberedOf(string key) =>
        Remembered.TryGetValue(key, out string? line) && DiscoveredServers.TryParse(line, out DiscoveredServers servers) ? servers.First : [];

    private static ServerSource? SourceOf(UpstreamDiscoverySettings settings, NameFinder finder) => settings.Kind switch
    {
        DiscoveryKind.Dns => new DnsSource(finder, settings),
        DiscoveryKind.Srv => new SrvSource(finder, settings),
        DiscoveryKind.File => new FileSource(finder, settings),
        DiscoveryKind.Http => new HttpSource(finder, settings),
        _ => null,
    };

    private DiscoveredServers Current(in ProxySettings settings)
    {
        lock (_lock)
        {
            return new DiscoveredServers([.. settings.Upstreams.Select(upstream =>
                _followed.TryGetValue(KeyOf(upstream), out Followed? known) ? known.Known.Servers : [])]);
        }
    }

    private void Begin(Followed known, ServerSource source)
    {
        CancellationToken forgotten = known.Begin();
        Task.Run(() => Follow(known, source, forgotten), CancellationToken.None);
    }

    private async Task Follow(Followed known, ServerSource source, CancellationToken forgotten)
    {
        while (!forgotten.IsCancellationRequested)
        {
            SourceAnswer answer;
            try
            {
                answer = await source.Find();
            }
            catch (Exception e)
            {
                // Whatever it is, the next look may find servers again.
                answer = SourceAnswer.Failed(e.Message);
            }
            long delayMs = Take(known, source, answer, forgotten);
            await Task.Delay(TimeSpan.FromMilliseconds(delayMs), forgotten).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private long Take(Followed known, ServerSource source, SourceAnswer answer, CancellationToken forgotten)
    {
        bool isOther;
        bool isNews;
        long delayMs;
        lock (_lock)
        {
            if (forgotten.IsCancellationRequested)
                return 0;
            isOther = known.Known.Take(answer, _rules, out delayMs, out isNews);
            known.Answered();
        }
        Report(known, source, answer, isOther, isNews);
        if (isOther)
            changed();
        return delayMs;
    }

    private void Report(Followed known, ServerSource source, SourceAnswer answer, bool isOther, bool isNews)
    {
        FoundServer[] servers = known.Known.Servers;
        string whose = $"the servers of upstream \"{known.Upstream}\"";
        if (answer.Servers is null && isNews && servers.Length == 0)
            log.Error($"{whose} cannot be found: {source.Name}: {answer.Why}; it is asked again, and there is no server until then");
        else if (answer.Servers is null && isNews)
            log.Warn($"{whose} cannot be found any more: {source.Name}: {answer.Why}; it is asked again, and the last ones are used meanwhile");
        else if (isOther && servers.Length == 0)
            log.Error($"{whose} have all left: {answer.Why}");
        else if (isOther)
            log.Info($"{whose} are now {Text(servers)} ({answer.Why})");
        else if (isNews)
            log.Info($"{whose} can be found again, and are the same");
    }

    private static string Text(FoundServer[] servers) =>
        string.Join(", ", servers.Take(NamedMax).Select(static server => server.Address))
        + (servers.Length > NamedMax ? $" and {servers.Length - NamedMax} more" : "");

    /// <summary>The servers of one upstream and the task that looks for them. Used under the lock.</summary>
    private sealed class Followed(string upstream, KnownServers known)
    {
        private TaskCompletionSource _firstAnswer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private CancellationTokenSource? _running;

        public string Upstream => upstream;

        public KnownServers Known => known;

        /// <summary>Ends when the look that was begun last has its first answer.</summary>
        public Task FirstAnswer => _firstAnswer.Task;

        /// <summary>Begins anew: a task that runs already ends without a further word.</summary>
        public CancellationToken Begin()
        {
            End();
            _running = new CancellationTokenSource();
            if (_firstAnswer.Task.IsCompleted)
                _firstAnswer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _running.Token;
        }

        public void Answered() => _firstAnswer.TrySetResult();

        public void End() => _running?.Cancel();
    }
}
