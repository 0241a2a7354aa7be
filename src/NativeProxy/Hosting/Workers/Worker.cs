using System;
using System.Collections.Generic;
using System.IO;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.Buffers;
using NativeProxy.Config;
using NativeProxy.Exchanges.Logged;
using NativeProxy.Hosting.Channels;
using NativeProxy.Hosting.Processes;
using NativeProxy.Hosting.Securing;
using NativeProxy.Ledger;
using NativeProxy.Logging;
using NativeProxy.Metrics;
using NativeProxy.Transport;
using NativeProxy.Transport.Epoll;
using NativeProxy.Transport.Saea;
using NativeProxy.Upstreams.Naming;

namespace NativeProxy.Hosting.Workers;

/// <summary>
/// One core: its loop, buffers, log, upstreams and listeners, put together from the settings. Built on the main thread; afterwards
/// everything runs on the loop thread. Owner: the process (single process or worker process).
/// </summary>
internal sealed class Worker : IDisposable
{
    /// <summary>A loop that does not answer for this long is stuck; the process ends without it.</summary>
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(2);

    /// <summary>
    /// How long cutting may take: it is work of the loop alone, which waits for no peer: 3,000 exchanges with both their connections took 0.11 s.
    /// A loop that hangs must not keep the process.
    /// </summary>
    private static readonly TimeSpan CutLimit = TimeSpan.FromSeconds(1);

    private readonly TrafficPlan _traffic;
    private readonly BoardListener _board;
    private readonly BufferPools _pools;
    private readonly ErrorLog _errors;
    private readonly WorkerLog _log;
    private readonly ExchangeLog _exchangeLog;
    private readonly CloseLedger _ledger;
    private LogDestinations _layout;
    private readonly WorkerGauges _gauges;
    private readonly OperatorQuestions _questions;
    private readonly ManualResetEventSlim _drainSeen = new();
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isCut;

    /// <summary>Throws <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/> when a log cannot be opened.</summary>
    public Worker(in ProxySettings settings, WorkerPlace place, LoopCounters counters, CloseRing closes, SharedBoards boards,
        TrafficSecurity security, ErrorLog errors)
    {
        _errors = errors;
        _pools = new BufferPools(MemoryBudget.BufferBytes(settings));
        Loop = settings.Runtime.Engine == EngineKind.Epoll
            ? new EpollEventLoop(place.Row, place.RowCount, _pools)
            : new SaeaEventLoop(place.Row, place.RowCount, _pools);
        _log = new WorkerLog(settings, errors);
        _layout = _log.First;
        _exchangeLog = new ExchangeLog(_log.Ring, _log.Names, Loop.Clock, wantsFields: false);
        _ledger = new CloseLedger(counters, closes, log: null, Loop.Clock);
        _traffic = new TrafficPlan(Loop, place, counters, boards, security, _exchangeLog, _ledger,
            LinuxProcess.DescriptorsForConnections(), WarnAside);
        _board = new BoardListener(boards.Servers.Bells, place.Row, Loop, _traffic.FollowBoard);
        _questions = new OperatorQuestions(Loop, _traffic);
        _gauges = new WorkerGauges(Loop, counters, _pools, _traffic, _log.Ring, _log.Writer);
    }

    public EventLoop Loop { get; }

    /// <summary>Done when all connections have ended after <see cref="BeginDrain"/>.</summary>
    public Task Drained => _drained.Task;

    /// <summary>Starts the loop and serves; done when the loop has begun to accept.</summary>
    /// <param name="settings">Valid settings.</param>
    /// <param name="endPoints">Addresses of the servers.</param>
    /// <param name="sockets">Listening sockets, which the worker then owns.</param>
    /// <param name="tls">How listeners and servers are secured.</param>
    public Task Start(in ProxySettings settings, ServerEndPoints endPoints, IReadOnlyList<ListeningSocket> sockets, TlsPolicies tls)
    {
        var work = new ApplyWork(this, settings, endPoints, sockets, tls, newLog: null);
        Loop.Start(work);
        Loop.Post(new GaugeWork(_gauges));
        return work.Applied;
    }

    /// <summary>Any thread: goes over to other settings; what has not changed keeps its connections. Parameters and end as for the start.</summary>
    public Task Reload(in ProxySettings settings, ServerEndPoints endPoints, IReadOnlyList<ListeningSocket> newSockets, TlsPolicies tls)
    {
        var work = new ApplyWork(this, settings, endPoints, newSockets, tls, _log.Prepare(settings));
        Loop.Post(work);
        return work.Applied;
    }

    /// <summary>Any thread: accepts on the sockets of another worker, too, which is not there.</summary>
    public void Adopt(int worker, IReadOnlyList<ListeningSocket> sockets) => Loop.Post(new AdoptWork(_traffic, worker, sockets));

    /// <summary>Any thread: closes this process's ends of what was adopted of that worker; accepted connections stay.</summary>
    public void Release(int worker) => Loop.Post(new ReleaseWork(_traffic, worker));

    /// <summary>The thread that gives settings: their servers have other addresses.</summary>
    public void ChangeAddresses(ServerEndPoints endPoints) => Loop.Post(new AddressWork(_traffic, endPoints));

    /// <summary>The thread that gives settings: their upstreams have other servers; everything else is as before.</summary>
    public void ChangeServers(in ProxySettings settings, ServerEndPoints endPoints) => Loop.Post(new ServerWork(this, settings, endPoints));

    /// <summary>Any thread: session tickets are sealed and opened with these keys from now on.</summary>
    public void Take(TicketRings rings) => Loop.Post(new TicketWork(_traffic, rings));

    /// <summary>Any thread: servers may have gone up or down; what follows from it happens on the loop.</summary>
    public void FollowHealth() => Loop.Post(new HealthWork(this));

    /// <summary>One thread at a time: what an operator asks; see <see cref="OperatorQuestions.Ask"/>.</summary>
    public Task<byte[]> Ask(string question) => _questions.Ask(question);

    /// <summary>Any thread: the same, where it is the only worker.</summary>
    public async Task<IReadOnlyList<byte[]>?> AskAlone(string question)
    {
        Task<byte[]> answer;
        lock (_questions)
            answer = _questions.Ask(question);
        return [await answer];
    }

    /// <summary>Another thread: stops accepting; responses say close from now on. Returns once the loop has seen it.</summary>
    public void BeginDrain()
    {
        Loop.Post(new DrainWork(this));
        _drainSeen.Wait(EndLimit);
    }

    /// <summary>
    /// Another thread: leaves addresses and idle connections to the process that comes after this one; the rest as with <see cref="BeginDrain"/>.
    /// </summary>
    /// <param name="line">To the worker that takes them; null = none does.</param>
    public void BeginHandOn(Socket? line)
    {
        Loop.Post(new HandOnWork(this, line));
        _drainSeen.Wait(EndLimit);
    }

    /// <summary>Any thread: goes on with the connections that come on this line, which is the worker's then.</summary>
    public void TakeClients(Socket line) => InheritedClients.Begin(line, Loop, _traffic, _errors);

    /// <summary>
    /// The thread that began the drain: ends the connections that are left, so that each has its reason in the log and in the counters. Returns
    /// when they are gone, or when the loop has had its time for it.
    /// </summary>
    public void Cut()
    {
        _isCut = true;
        Loop.Post(new TrafficCut(Loop, _traffic, _log.Ring));
        _drained.Task.Wait(CutLimit);
    }

    /// <summary>Any thread: opens the log files anew, after their rotation.</summary>
    public void ReopenLog() => _log.Writer.Reopen();

    /// <summary>
    /// Ends the loop and flushes the log. After a complete drain it also states that every buffer came back; after a cut, sends may still be in
    /// flight.
    /// </summary>
    public void Dispose()
    {
        _board.Stop(EndLimit);
        if (!Loop.StopAndWait(EndLimit))
        {
            _errors.Error("the event loop does not answer; its log lines may be lost");
            return;
        }
        if (_drained.Task.IsCompleted && !_isCut && _pools.DescribeLeaks() is { } leaks)
            _errors.Error("buffers were not returned: " + leaks);
        _log.Dispose();
        _drainSeen.Dispose();
    }

    /// <summary>From the loop, which must not wait for whoever reads the error log.</summary>
    private void WarnAside(string message) => ThreadPool.UnsafeQueueUserWorkItem(_ => _errors.Warn(message), null);

    /// <summary>On the loop thread: where workers share limits, they call each other from now on.</summary>
    private void StartCalling()
    {
        if (_traffic.SharesLimits)
            _board.Start();
    }

    /// <summary>On the loop thread: lines of what ends from now on go to the new log.</summary>
    private void ApplyLog(in LogSettings settings, LogDestinations? newLog)
    {
        if (newLog is not null)
            _log.Writer.SwitchTo(newLog);
        LogDestinations layout = _layout = newLog ?? _layout;
        _exchangeLog.WritesLines = settings.AccessTarget != LogSettings.Off;
        _exchangeLog.WritesSpans = layout.Spans is not null;
        _exchangeLog.WantsFields = _exchangeLog.WritesSpans || (layout.Template?.WantsFields ?? layout.Style != AccessLogStyle.Haproxy);
        _exchangeLog.Captures = layout.Captures;
        _exchangeLog.Sampling = WorkerLog.SamplingOf(settings);
        _traffic.LogsExchanges = _exchangeLog.WritesLines || _exchangeLog.WritesSpans;
        _ledger.Log = settings.ConnectionsTarget == LogSettings.Off ? null : _log.Ring;
    }

    /// <summary>Takes settings over, on the loop thread.</summary>
    private sealed class ApplyWork(Worker worker, ProxySettings settings, ServerEndPoints endPoints, IReadOnlyList<ListeningSocket> sockets,
        TlsPolicies tls, LogDestinations? newLog) : LoopWork
    {
        private readonly TaskCompletionSource _applied = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Done when the loop works by them.</summary>
        public Task Applied => _applied.Task;

        public override void Run()
        {
            worker.ApplyLog(settings.Log, newLog);
            worker._traffic.Apply(settings, endPoints, sockets, tls);
            worker.StartCalling();
            _applied.SetResult();
        }
    }

    /// <summary>Takes sockets of another worker, on the loop thread.</summary>
    private sealed class AdoptWork(TrafficPlan traffic, int worker, IReadOnlyList<ListeningSocket> sockets) : LoopWork
    {
        public override void Run() => traffic.Adopt(worker, sockets);
    }

    /// <summary>Gives them up again, on the loop thread.</summary>
    private sealed class ReleaseWork(TrafficPlan traffic, int worker) : LoopWork
    {
        public override void Run() => traffic.Release(worker);
    }

    /// <summary>Takes addresses over, on the loop thread.</summary>
    private sealed class AddressWork(TrafficPlan traffic, ServerEndPoints endPoints) : LoopWork
    {
        public override void Run() => traffic.ChangeAddresses(endPoints);
    }

    /// <summary>Takes servers over, on the loop thread.</summary>
    private sealed class ServerWork(Worker worker, ProxySettings settings, ServerEndPoints endPoints) : LoopWork
    {
        public override void Run()
        {
            worker._traffic.ApplyUpstreams(settings, endPoints);
            worker.StartCalling();
        }
    }

    /// <summary>Takes ticket keys over, on the loop thread.</summary>
    private sealed class TicketWork(TrafficPlan traffic, TicketRings rings) : LoopWork
    {
        public override void Run() => traffic.Take(rings);
    }

    /// <summary>Begins to copy figures into the counters, on the loop thread.</summary>
    private sealed class GaugeWork(WorkerGauges gauges) : LoopWork
    {
        public override void Run() => gauges.Start();
    }

    /// <summary>Looks at the health of the servers, on the loop thread.</summary>
    private sealed class HealthWork(Worker worker) : LoopWork
    {
        public override void Run()
        {
            worker._traffic.FollowHealth();
            worker.StartCalling();
        }
    }

    /// <summary>Begins to hand connections on, on the loop thread.</summary>
    private sealed class HandOnWork(Worker worker, Socket? line) : LoopWork
    {
        public override void Run()
        {
            worker._traffic.HandOn(line, worker._drained.SetResult);
            worker._drainSeen.Set();
        }
    }

    /// <summary>Begins to drain, on the loop thread.</summary>
    private sealed class DrainWork(Worker worker) : LoopWork
    {
        public override void Run()
        {
            worker._traffic.Drain(worker._drained.SetResult);
            worker._drainSeen.Set();
        }
    }
}
