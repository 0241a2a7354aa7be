using System;
using System.Collections.Generic;
using System.Globalization;
using NativeProxy.Hosting.Channels;
using NativeProxy.Logging;
using NativeProxy.Metrics;

namespace NativeProxy.Hosting.Supervision;

/// <summary>
/// Listening that the operator has paused (SIGTTOU) and takes up again (SIGTTIN), so that another process can try these addresses while this one
/// still serves its connections and can come back. Thread: the supervisor's events, one at a time; time comes in.
/// </summary>
/// <param name="sockets">All listening sockets as they are now.</param>
/// <param name="areChanging">Whether sockets are being opened, closed or handed over: a pause waits for that.</param>
/// <param name="log">Where it says what happens.</param>
internal sealed class ListeningPause(Func<IReadOnlyList<ListeningSocket>> sockets, Func<bool> areChanging, ErrorLog log)
{
    private State _state;
    private long _restAtMs;

    /// <summary>Where the pause stands.</summary>
    private enum State
    {
        Listening,
        Asked,
        TurningAway,
        Resting,
    }

    /// <summary>From the signal that pauses to the one that ends it.</summary>
    public bool IsUnderWay => _state != State.Listening;

    /// <summary>When <see cref="Advance"/> has something to do without an event.</summary>
    public long NextDueMs => areChanging() ? long.MaxValue : _state switch
    {
        State.Asked => 0,
        State.TurningAway => _restAtMs,
        _ => long.MaxValue,
    };

    /// <summary>SIGTTOU; what it asks for begins with the next <see cref="Advance"/>.</summary>
    public void Begin()
    {
        if (!IsUnderWay)
            _state = State.Asked;
    }

    /// <summary>Does what it is time for.</summary>
    public void Advance(long nowMs)
    {
        if (nowMs < NextDueMs)
            return;
        if (_state == State.Asked)
            TurnAway(nowMs);
        else if (_state == State.TurningAway)
            Rest();
    }

    /// <summary>SIGTTIN. Where somebody else listens meanwhile, it stays paused; that is told, and the next signal tries again.</summary>
    public void End()
    {
        if (!IsUnderWay)
            return;
        bool isWhole = true;
        var told = new HashSet<string>();
        foreach (ListeningSocket socket in sockets())
        {
            if (ListeningRest.End(socket) is not { } problem)
                continue;
            isWhole = false;
            if (told.Add(socket.Bind))
                log.Error($"cannot listen on {socket.Bind} again: {problem}; stop it and send SIGTTIN again, or end this process with SIGTERM");
        }
        _state = isWhole ? State.Listening : State.Resting;
        if (isWhole)
            log.Info("listening again");
    }

    /// <summary>Whether settings cannot be read again now, which is then told and counted.</summary>
    public bool RefusesReload(ReloadLog reloads)
    {
        if (!IsUnderWay)
            return false;
        reloads.Begin();
        reloads.Refused("reload refused: listening is paused, and new settings may listen elsewhere; send SIGTTIN first, then SIGHUP again");
        return true;
    }

    private void TurnAway(long nowMs)
    {
        _state = State.TurningAway;
        long waitMs = 0;
        foreach (ListeningSocket socket in sockets())
            waitMs = Math.Max(waitMs, ListeningRest.TurnAway(socket));
        _restAtMs = nowMs + waitMs;
        log.Info($"pausing: no new connections; the addresses are free in {(waitMs / 1000.0).ToString("0.#", CultureInfo.InvariantCulture)} s");
    }

    private void Rest()
    {
        _state = State.Resting;
        foreach (ListeningSocket socket in sockets())
            ListeningRest.Begin(socket);
        log.Info("paused: another program may listen on the addresses; open connections go on. SIGTTIN listens again, SIGTERM finishes and ends");
    }
}
