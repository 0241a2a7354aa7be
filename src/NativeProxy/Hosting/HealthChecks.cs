using System;
using System.Collections.Concurrent;
using System.Net;
using System.Threading;
using NativeProxy.Config;
using NativeProxy.Logging;
using NativeProxy.Transport;
using NativeProxy.Upstreams;
using NativeProxy.Upstreams.Health;
using NativeProxy.Upstreams.Naming;

namespace NativeProxy.Hosting;

/// <summary>
/// The way of the main thread to the <see cref="HealthChecker"/> on a loop, and of its notices to the log. Publishes the servers before
/// anybody looks for them.
/// </summary>
internal sealed class HealthChecks
{
    /// <summary>Notices that wait while the log does not take them; more are dropped.</summary>
    private const int NoticesMax = 1000;

    private readonly EventLoop _loop;
    private readonly ServerBoard _servers;
    private readonly ErrorLog _log;
    private readonly HealthChecker _checker;
    private readonly ConcurrentQueue<HealthNotice> _notices = new();
    private int _isWriting;

    /// <param name="loop">The loop that makes the checks.</param>
    /// <param name="servers">The board; this is its only publisher.</param>
    /// <param name="log">For servers that go up or down.</param>
    /// <param name="changed">Called on the loop when pools and queues should be put in order.</param>
    public HealthChecks(EventLoop loop, ServerBoard servers, ErrorLog log, Action changed)
    {
        _loop = loop;
        _servers = servers;
        _log = log;
        _checker = new HealthChecker(loop, servers, Random.Shared, Notify, changed);
    }

    /// <summary>Main thread: goes over to these settings. Workers may look for their servers when it returns.</summary>
    public void Apply(in ProxySettings settings, ServerEndPoints endPoints)
    {
        _servers.Publish(settings);
        AddressesOnBoard.Show(_servers, settings, endPoints);
        _loop.Post(new ApplyWork(_checker, settings, endPoints.First()));
    }

    /// <summary>Main thread: no further checks.</summary>
    public void Stop() => _loop.Post(new StopWork(_checker));

    /// <summary>Loop thread: another thread writes, so that a log that blocks never holds the loop up.</summary>
    private void Notify(HealthNotice notice)
    {
        if (_notices.Count >= NoticesMax)
            return;
        _notices.Enqueue(notice);
        if (Interlocked.Exchange(ref _isWriting, 1) == 0)
            ThreadPool.UnsafeQueueUserWorkItem(static self => self.WriteNotices(), this, preferLocal: false);
    }

    private void WriteNotices()
    {
        do
        {
            while (_notices.TryDequeue(out HealthNotice notice))
                Write(notice);
            Interlocked.Exchange(ref _isWriting, 0);

            // One that came between the last look and the mark has started nobody.
        }
        while (!_notices.IsEmpty && Interlocked.Exchange(ref _isWriting, 1) == 0);
    }

    private void Write(in HealthNotice notice)
    {
        if (notice.IsUp)
            _log.Info(notice.Text);
        else if (notice.UpCount > 0)
            _log.Warn(notice.Text);
        else
            _log.Error(notice.Text);
    }

    /// <summary>Takes settings over, on the loop thread.</summary>
    private sealed class ApplyWork(HealthChecker checker, ProxySettings settings, IPEndPoint?[][] endPoints) : LoopWork
    {
        public override void Run() => checker.Apply(settings, endPoints);
    }

    /// <summary>Ends the checks, on the loop thread.</summary>
    private sealed class StopWork(HealthChecker checker) : LoopWork
    {
        public override void Run() => checker.Stop();
    }
}
