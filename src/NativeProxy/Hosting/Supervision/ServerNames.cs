using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Logging;
using NativeProxy.Metrics;
using NativeProxy.Upstreams.Naming;
using NativeProxy.Upstreams.Origins;
using AddressText = NativeProxy.Config.AddressText;

namespace NativeProxy.Hosting.Supervision;

/// <summary>
/// The addresses of the configured servers: looks their names up once for all workers, beside each other, and again when the answers expire. The last
/// good addresses of a name stay until there are others. Runs on the thread pool; whoever decides about settings asks, and is told that something has
/// changed. Never decides what becomes of a server without an address.
/// </summary>
internal sealed class ServerNames : IDisposable
{
    /// <summary>Look-ups at once; further ones wait for a place.</summary>
    private const int LookupsAtOnceMax = 64;

    /// <summary>How long a start or a reload waits for the first answers: names without one by then come up when they have one.</summary>
    private static readonly TimeSpan FirstAnswerLimit = TimeSpan.FromSeconds(2);

    /// <summary>About how long a message names further servers.</summary>
    private const int UserCharsMax = 200;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Followed> _names = new(StringComparer.OrdinalIgnoreCase);
    private readonly SemaphoreSlim _places = new(LookupsAtOnceMax);
    private readonly LoopCounters _counters;
    private readonly ErrorLog _log;
    private readonly Action _changed;
    private ResolverSettings _rules;
    private NameFinder? _finder;
    private string _given = "";

    /// <param name="counters">Where look-ups are counted; nobody else writes these counters.</param>
    /// <param name="log">For names that are not found, and for addresses that change.</param>
    /// <param name="changed">Any thread: <see cref="TryTakeChange"/> has something. Must not block.</param>
    public ServerNames(LoopCounters counters, ErrorLog log, Action changed)
    {
        _counters = counters;
        _log = log;
        _changed = changed;
    }

    /// <summary>The names that are followed, with their addresses and blanks between them: for a process that comes after this one.</summary>
    public Dictionary<string, string> Known
    {
        get
        {
            lock (_lock)
                return _names.Values.ToDictionary(static one => one.Name.Name, static one => string.Join(' ', (object[])one.Name.Addresses));
        }
    }

    /// <summary>
    /// What the process before this one has known: it holds until there are other answers. Set it before the first names are followed.
    /// </summary>
    public IReadOnlyDictionary<string, string> Remembered { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// Any thread, one at a time: follows the names of these settings too, and waits a moment for those that are new. Names that were there before
    /// are kept, in case the settings are refused after all: <see cref="Keep"/> lets them go.
    /// </summary>
    public ServerEndPoints Follow(in ProxySettings settings)
    {
        var first = new List<Task>();
        lock (_lock)
        {
            bool isOther = _finder is null || !_rules.IsSameAs(settings.Resolver);
            if (isOther)
                _finder = new NameFinder(settings.Resolver);
            _rules = settings.Resolver;
            foreach ((string name, string users) in UsersOf(settings))
            {
                if (!_names.TryGetValue(name, out Followed? known))
                    _names.Add(name, known = new Followed(new ServerName(name, RememberedOf(name))));
                known.Users = users;
                if (!known.IsRunning || isOther || known.Name.HasFailed)
                    Begin(known);
                if (known.Name.Addresses.Length == 0)
                    first.Add(known.FirstAnswer);
            }
        }
        Task.WaitAll([.. first], FirstAnswerLimit);
        ServerEndPoints endPoints = Current(settings);
        Interlocked.Exchange(ref _given, endPoints.ToLine());
        return endPoints;
    }

    /// <summary>Whoever decides about settings: these are in force; names of others are not followed any more.</summary>
    public void Keep(in ProxySettings settings)
    {
        Dictionary<string, string> wanted = UsersOf(settings);
        lock (_lock)
        {
            foreach (Followed known in _names.Values.Where(known => !wanted.ContainsKey(known.Name.Name)).ToArray())
            {
                known.End();
                _names.Remove(known.Name.Name);
            }
        }
    }

    /// <summary>Whoever decides about settings: the addresses of these servers when they are others than those given last.</summary>
    public bool TryTakeChange(in ProxySettings settings, out ServerEndPoints endPoints)
    {
        endPoints = Current(settings);
        string line = endPoints.ToLine();
        return Interlocked.Exchange(ref _given, line) != line;
    }

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (Followed known in _names.Values)
                known.End();
            _names.Clear();
        }
    }

    private IPAddress[] RememberedOf(string name)
    {
        var addresses = new List<IPAddress>();
        foreach (string text in Remembered.GetValueOrDefault(name, "").Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (IPAddress.TryParse(text, out IPAddress? address))
                addresses.Add(address);
        }
        return [.. addresses];
    }

    private ServerEndPoints Current(in ProxySettings settings)
    {
        lock (_lock)
        {
            return new ServerEndPoints(settings.Upstreams.Select(upstream => upstream.Servers.Select(server => Current(server.Address)).ToArray())
                .ToArray());
        }
    }

    private EndPoint[] Current(string text)
    {
        HostPort address = Read(text);
        if (address.UnixPath is { } path)
            return [new UnixDomainSocketEndPoint(path)];
        IPAddress[] found = address.Ip is { } ip ? [ip] : _names.TryGetValue(address.Host, out Followed? known) ? known.Name.Addresses : [];
        return Array.ConvertAll(found, one => new IPEndPoint(one, address.Port));
    }

    /// <summary>The names of the settings, each with its servers for messages.</summary>
    private static Dictionary<string, string> UsersOf(in ProxySettings settings)
    {
        var users = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (UpstreamSettings upstream in settings.Upstreams)
        {
            foreach (UpstreamServerSettings server in upstream.Servers)
            {
                HostPort address = Read(server.Address);
                string user = $"server \"{server.Name}\" of upstream \"{upstream.Name}\"";
                if (address.IsName && !users.TryAdd(address.Host, user) && users[address.Host].Length < UserCharsMax)
                    users[address.Host] += ", " + user;
            }
        }
        return users;
    }

    /// <summary>The settings rules have refused what is no address.</summary>
    private static HostPort Read(string text)
    {
        bool isAddress = ServerAddressText.TryParse(text, out HostPort address, out _, out _);
        Check.That(isAddress, "a server's address was checked with the settings");
        return address;
    }

    private void Begin(Followed known)
    {
        CancellationToken forgotten = known.Begin();
        NameFinder finder = _finder!;
        Task.Run(() => Follow(known, finder, forgotten), CancellationToken.None);
    }

    private async Task Follow(Followed known, NameFinder finder, CancellationToken forgotten)
    {
        while (!forgotten.IsCancellationRequested)
        {
            NameAnswer answer = await Find(finder, known.Name.Name);
            long delayMs = Take(known, answer, finder, forgotten);
            await Task.Delay(TimeSpan.FromMilliseconds(delayMs), forgotten).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<NameAnswer> Find(NameFinder finder, string name)
    {
        await _places.WaitAsync();
        try
        {
            return await finder.Find(name);
        }
        finally
        {
            _places.Release();
        }
    }

    private long Take(Followed known, NameAnswer answer, NameFinder finder, CancellationToken forgotten)
    {
        NameChange change;
        long delayMs;
        lock (_lock)
        {
            if (forgotten.IsCancellationRequested)
                return 0;
            change = known.Name.Take(answer, finder.NegativeTtlMs, _rules.KeepLastGood, out delayMs);
            known.Answered();
            Count(answer, change);
        }
        Report(known.Name, known.Users, change, answer);
        if (change is NameChange.Found or NameChange.FoundLate or NameChange.Moved or NameChange.Lost)
            _changed();
        return delayMs;
    }

    private void Count(NameAnswer answer, NameChange change)
    {
        _counters.Add(CounterId.ServerNameLookups);
        if (answer.Outcome != NameOutcome.Found)
            _counters.Add(CounterId.ServerNameLookupsFailed);
        if (change == NameChange.Moved)
            _counters.Add(CounterId.ServerAddressChanges);
    }

    private void Report(ServerName name, string users, NameChange change, NameAnswer answer)
    {
        string addresses = string.Join(", ", (object[])answer.Addresses);
        switch (change)
        {
            case NameChange.Lost:
            case NameChange.NotFound:
                _log.Error($"the name \"{name.Name}\" cannot be resolved: {answer.Why}; it is looked up again, and down until it is found: {users}");
                break;
            case NameChange.KeptOld:
                _log.Warn($"the name \"{name.Name}\" cannot be resolved any more: {answer.Why}; it is looked up again, and its last addresses are "
                    + $"used meanwhile: {users}");
                break;
            case NameChange.FoundLate:
                _log.Info($"the name \"{name.Name}\" stands for {addresses} now ({answer.Why}); found: {users}");
                break;
            case NameChange.FoundAgain:
                _log.Info($"the name \"{name.Name}\" can be resolved again, to the addresses that it had");
                break;
            case NameChange.Moved:
                _log.Info($"the name \"{name.Name}\" stands for other addresses now: {addresses} ({answer.Why}): {users}");
                break;
        }
    }

    /// <summary>A name and the task that looks it up. Used under the lock.</summary>
    private sealed class Followed(ServerName name)
    {
        private TaskCompletionSource _firstAnswer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private CancellationTokenSource? _running;

        public ServerName Name => name;

        /// <summary>Its servers, for messages.</summary>
        public string Users { get; set; } = "";

        public bool IsRunning => _running is not null;

        /// <summary>Ends when the look-up that was begun last has its first answer.</summary>
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
