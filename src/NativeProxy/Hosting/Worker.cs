using System;
using System.Collections.Generic;
using System.IO;
using System.Net;
using System.Threading;
using NativeProxy.Buffers;
using NativeProxy.Config;
using NativeProxy.Logging;
using NativeProxy.Metrics;
using NativeProxy.Sessions;
using NativeProxy.Transport;
using NativeProxy.Transport.Saea;
using NativeProxy.Upstreams;
using HttpListener = NativeProxy.Sessions.HttpListener;

namespace NativeProxy.Hosting;

/// <summary>
/// One core: its loop, buffers, log, upstreams and listeners, put together from the settings. Built on the main thread; afterwards
/// everything runs on the loop thread. Owner: the process (single process or worker process).
/// </summary>
internal sealed class Worker : IDisposable
{
    private const int LogRingBytes = 1024 * 1024;

    private readonly List<HttpListener> _listeners = [];
    private readonly List<UpstreamGroup> _groups = [];
    private readonly BufferPools _pools;
    private readonly ErrorLog _errors;
    private readonly LogRing? _logRing;
    private readonly LogWriter? _logWriter;
    private readonly ManualResetEventSlim _drained = new();
    private int _drainingListeners;

    /// <summary>Throws <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/> when the access log cannot be opened.</summary>
    public Worker(in ProxySettings settings, IPEndPoint[][] servers, int workerIndex, int workerCount, LoopCounters counters, ErrorLog errors)
    {
        _errors = errors;
        _pools = new BufferPools(MemoryBudget.BufferBytes(settings));
        Loop = new SaeaEventLoop(workerIndex, workerCount, _pools);
        ExchangeLog? accessLog = null;
        if (settings.Log.AccessTarget != "off")
        {
            var names = new LogNames();
            AccessLogStyle style = StyleOf(settings.Log.Format);
            _logRing = new LogRing(LogRingBytes);
            _logWriter = new LogWriter(_logRing, names, style, OpenLog(settings.Log.AccessTarget), errors);
            accessLog = new ExchangeLog(_logRing, names, Loop.Clock, wantsFields: style != AccessLogStyle.Haproxy);
        }
        BuildGroups(settings, servers, counters, accessLog);
        BuildListeners(settings, counters, accessLog);
    }

    public EventLoop Loop { get; }

    /// <summary>Starts the loop and accepts on these sockets, which the worker then owns.</summary>
    public void Start(IReadOnlyList<ListeningSocket> sockets) => Loop.Start(new ListenWork(this, sockets));

    /// <summary>Any thread: stops accepting, lets running exchanges finish. Returns true when all connections ended in time.</summary>
    public bool Drain(TimeSpan limit)
    {
        Loop.Post(new DrainWork(this));
        return _drained.Wait(limit);
    }

    /// <summary>Any thread: opens the access log file anew, after its rotation.</summary>
    public void ReopenLog() => _logWriter?.Reopen();

    /// <summary>Flushes the log. After a complete drain it also states that every buffer came back.</summary>
    public void Dispose()
    {
        if (_drained.IsSet && _pools.DescribeLeaks() is { } leaks)
            _errors.Error("buffers were not returned: " + leaks);
        _logWriter?.Dispose();
        _logRing?.Dispose();
        _drained.Dispose();
    }

    private static AccessLogStyle StyleOf(AccessLogFormat format) => format switch
    {
        AccessLogFormat.Combined => AccessLogStyle.Combined,
        AccessLogFormat.Json => AccessLogStyle.Json,
        _ => AccessLogStyle.Haproxy,
    };

    private static LogTarget OpenLog(string target) => target == "stdout" ? LogTarget.Stdout() : LogTarget.ToFile(target);

    private void BuildGroups(in ProxySettings settings, IPEndPoint[][] endPoints, LoopCounters counters, ExchangeLog? accessLog)
    {
        for (int group = 0; group < settings.Upstreams.Length; group++)
        {
            UpstreamSettings upstream = settings.Upstreams[group];
            var servers = new UpstreamServer[upstream.Servers.Length];
            for (int server = 0; server < servers.Length; server++)
            {
                servers[server] = new UpstreamServer(Loop, counters, upstream, upstream.Servers[server], endPoints[group][server])
                {
                    LogId = accessLog?.Register(upstream.Servers[server].Name) ?? 0,
                };
            }
            _groups.Add(new UpstreamGroup(upstream, servers, accessLog?.Register(upstream.Name) ?? 0));
        }
    }

    private void BuildListeners(in ProxySettings settings, LoopCounters counters, ExchangeLog? accessLog)
    {
        var budget = new ConnectionBudget(settings.Runtime.MaxConnections) { RoomAgain = ResumeAccept };
        int headBytesMax = 0;
        int fieldsMax = 1;
        foreach (ListenerSettings listener in settings.Listeners)
        {
            headBytesMax = Math.Max(headBytesMax, listener.Limits.HeaderBytes);
            fieldsMax = Math.Max(fieldsMax, listener.Limits.HeaderCount);
        }
        var scratch = new SessionScratch(headBytesMax, fieldsMax, SaeaEventLoop.HotBufferBytes);
        foreach (ListenerSettings listener in settings.Listeners)
        {
            string upstreamName = listener.Upstream;
            UpstreamGroup upstream = _groups.Find(group => group.Name == upstreamName)!;
            _listeners.Add(new HttpListener(Loop, listener, upstream, scratch, counters, budget, accessLog) { Drained = ListenerDrained });
        }
    }

    private void Listen(IReadOnlyList<ListeningSocket> sockets)
    {
        foreach (ListeningSocket socket in sockets)
        {
            HttpListener listener = _listeners[socket.ListenerIndex];
            listener.Listen(Loop.Listen(socket.Socket, listener, SocketTuning.Default));
        }
    }

    private void ResumeAccept()
    {
        foreach (HttpListener listener in _listeners)
            listener.ResumeAccept();
    }

    private void BeginDrain()
    {
        _drainingListeners = _listeners.Count;
        foreach (HttpListener listener in _listeners)
            listener.Drain();
    }

    private void ListenerDrained()
    {
        if (--_drainingListeners > 0)
            return;
        foreach (UpstreamGroup group in _groups)
            group.PurgeIdle();
        _drained.Set();
    }

    /// <summary>Begins to accept, on the loop thread.</summary>
    private sealed class ListenWork(Worker worker, IReadOnlyList<ListeningSocket> sockets) : LoopWork
    {
        public override void Run() => worker.Listen(sockets);
    }

    /// <summary>Begins to drain, on the loop thread.</summary>
    private sealed class DrainWork(Worker worker) : LoopWork
    {
        public override void Run() => worker.BeginDrain();
    }
}
