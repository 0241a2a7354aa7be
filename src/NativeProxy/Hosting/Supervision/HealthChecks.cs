using System;
using System.Collections.Concurrent;
using System.Threading;
using NativeProxy.Config;
using NativeProxy.Hosting.Channels;
using NativeProxy.Logging;
using NativeProxy.Upstreams.Board;
using NativeProxy.Upstreams.Health;
using NativeProxy.Upstreams.Naming;

namespace NativeProxy.Hosting.Supervision;

/// <summary>
/// The health checks of the process that decides about servers: publishes servers, limits and histograms before anybody looks for them, has the
/// <see cref="HealthChecker"/> check them, and brings its notices to the log. Dispose it before the board.
/// </summary>
internal sealed class HealthChecks : IDisposable
{
    /// <summary>Notices that wait while the log does not take them; more are dropped.</summary>
    private const int NoticesMax = 1000;

    private readonly SharedBoards _boards;
    private readonly ErrorLog _log;
    private readonly HealthChecker _checker;
    private readonly Action _changed;
    private readonly ConcurrentQueue<HealthNotice> _notices = new();
    private HealthIdentities _identities = HealthIdentities.None;
    private int _isWriting;

    /// <param name="boards">This is the only publisher of what they hold.</param>
    /// <param name="log">For servers that go up or down.</param>
    /// <param name="changed">Called on any thread when pools and queues should be put in order; must not block.</param>
    public HealthChecks(SharedBoards boards, ErrorLog log, Action changed)
    {
        _boards = boards;
        _log = log;
        _changed = changed;
        _checker = new HealthChecker(boards.Servers, Random.Shared, TimeProvider.System, Notify, changed);
    }

    /// <summary>
    /// Main thread: goes over to these settings, and to what the files say that they name. Workers may look for their servers and limits when it
    /// returns.
    /// </summary>
    /// <param name="settings">The settings.</param>
    /// <param name="files">The files that they name; not kept.</param>
    /// <param name="endPoints">Addresses of all their servers.</param>
    public void Apply(in ProxySettings settings, TlsFiles files, ServerEndPoints endPoints)
    {
        _identities = HealthIdentities.Read(settings, files, _log);
        Follow(settings, endPoints);
    }

    /// <summary>Main thread: the same settings have other servers, or these have other addresses.</summary>
    public void Follow(in ProxySettings settings, ServerEndPoints endPoints)
    {
        _boards.Limits.Publish(settings);
        _boards.Servers.Publish(settings);
        _boards.Latencies.Publish(LatencyNames.Of(settings));
        AddressesOnBoard.Show(_boards.Servers, settings, endPoints);
        _checker.Apply(settings, endPoints, _identities.Of);
    }

    /// <summary>Main thread: this process serves, after another one: what its file says of states and weights counts from now on.</summary>
    public void Serve(in ProxySettings settings)
    {
        _boards.Servers.Serves = true;
        foreach (UpstreamSettings upstream in settings.Upstreams)
        {
            foreach (UpstreamServerSettings server in upstream.Servers)
                _boards.Servers.Find(upstream.Name, server.Name, server.Address)?.Follow(server);
        }
        ServerChanged();
    }

    /// <summary>Any thread: how the last check of a server went; null when there was none.</summary>
    public LastCheck? LastOf(ServerSlot slot) => _checker.LastOf(slot);

    /// <summary>Any thread: an operator has set a server's state or weight on the board.</summary>
    public void ServerChanged()
    {
        _boards.Servers.CountChange();
        _changed();
    }

    /// <summary>No further checks.</summary>
    public void Dispose() => _checker.Stop();

    /// <summary>Another thread writes, so that a log that blocks never holds a check up.</summary>
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
}
