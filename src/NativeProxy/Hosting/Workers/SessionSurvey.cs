using System;
using System.Collections.Generic;
using System.Threading.Tasks;
using NativeProxy.Admin;
using NativeProxy.Clients;
using NativeProxy.Foundation;
using NativeProxy.Listeners;
using NativeProxy.Pressure;
using NativeProxy.Transport;

namespace NativeProxy.Hosting.Workers;

/// <summary>
/// Looks at the client connections of one worker for an operator: a slice of them per turn of the loop, so that 100,000 idle ones hold nobody up, and
/// keeps those that were asked for, a bounded number. Looks at all of them, for a reload turns their order round. Posted once; thread: the loop.
/// Never changes a connection.
/// </summary>
internal sealed class SessionSurvey : LoopWork
{
    /// <summary>Looking at so many takes some ten microseconds.</summary>
    private const int SliceCount = 128;

    private readonly EventLoop _loop;
    private readonly TrafficPlan _traffic;
    private readonly SessionQuestion _question;
    private readonly Queue<LiveWalk> _walks = new();
    private readonly OldestFirst<SessionFacts> _kept = new();
    private readonly TaskCompletionSource<SessionFacts[]> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SessionFacts _spare = new();
    private LiveWalk? _walk;

    public SessionSurvey(EventLoop loop, TrafficPlan traffic, SessionQuestion question)
    {
        _loop = loop;
        _traffic = traffic;
        _question = question;
        _kept.Begin(question.CountMax);
    }

    /// <summary>What was found, the first ones first.</summary>
    public Task<SessionFacts[]> Done => _done.Task;

    public override void Run()
    {
        if (_walk is null)
        {
            foreach (Listener listener in _traffic.AllListeners)
            {
                if (_question.Listener.Length == 0 || listener.Settings.Name == _question.Listener)
                    _walks.Enqueue(new LiveWalk(listener));
            }
        }
        for (int i = 0; i < SliceCount; i++)
        {
            if (_walk?.Next() is { } connection)
            {
                Look(connection, _walk.Listener);
                if (_question.Id == 0 || _kept.Count == 0)
                    continue;
                _walk.End();
                _walks.Clear();
            }
            else if (TryBeginNext())
            {
                continue;
            }
            _kept.Sort();
            _done.SetResult(Found());
            return;
        }
        _loop.Soon(this);
    }

    private bool TryBeginNext()
    {
        _walk?.End();
        if (!_walks.TryDequeue(out _walk))
            return false;
        _walk.Begin();
        return true;
    }

    private void Look(ClientConnection connection, Listener listener)
    {
        if (_question.Id > 0 && connection.Id != _question.Id)
            return;
        if (_question.Clients.Length > 0 && !AddressNetwork.AnyContains(_question.Clients, connection.Address))
            return;
        _spare.Take(connection, listener.Settings.Name);
        if (!IsOfServer(_spare) || (_question.State is { } state && _spare.State != state))
            return;
        long order = _question.Order switch
        {
            SessionOrder.Newest => -_spare.OpenedMs,
            SessionOrder.Oldest => _spare.OpenedMs,
            _ => _spare.SinceMs,
        };
        if (_kept.Offer(_spare, order, _question.Order == SessionOrder.Newest ? -_spare.Id : _spare.Id))
            _spare = new SessionFacts();
    }

    private bool IsOfServer(SessionFacts facts) => _question.Server.Length == 0 || (facts.Upstream.Length > 0
        && _question.Server.StartsWith(facts.Upstream, StringComparison.Ordinal)
        && (_question.Server.Length == facts.Upstream.Length || (_question.Server[facts.Upstream.Length] == '/'
            && _question.Server.AsSpan(facts.Upstream.Length + 1).SequenceEqual(facts.Server))));

    private SessionFacts[] Found()
    {
        var found = new SessionFacts[_kept.Count];
        for (int i = 0; i < found.Length; i++)
            found[i] = _kept[i];
        _kept.Clear();
        return found;
    }
}
