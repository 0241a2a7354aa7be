using System;
using System.Linq;
using NativeProxy.Hosting.Channels;
using NativeProxy.Logging;

namespace NativeProxy.Hosting.Supervision;

/// <summary>
/// A reload from its first signal to its last answer, as steps between events: the file is being read; workers that are starting are waited
/// for; all prepare; all go over. One at a time; a signal that comes meanwhile begins another one afterwards. Thread: the supervisor's events.
/// </summary>
internal sealed class ReloadSteps(WorkerCrew crew, ErrorLog log)
{
    /// <summary>How long workers may take to prepare and to go over: it is work of milliseconds.</summary>
    private const long AnswerLimitMs = 10_000;

    private bool _isClaimed;
    private bool _isOver;
    private int _lastRound;
    private Reload? _waiting;
    private ReloadRound? _round;

    /// <summary>Called when all workers are ready, before they go over.</summary>
    public required Action<Reload> Committing { get; init; }

    /// <summary>Called at the end: whether the settings are in force.</summary>
    public required Action<bool> Ended { get; init; }

    /// <summary>A reload is under way.</summary>
    public bool IsUnderWay => _isClaimed;

    /// <summary>A signal came while a reload was under way.</summary>
    public bool IsAskedAgain { get; private set; }

    /// <summary>When <see cref="Advance"/> has something to do without an event.</summary>
    public long NextDueMs => _round?.UntilMs ?? long.MaxValue;

    /// <summary>Begins a reload; false, and noted, while another one is under way.</summary>
    public bool TryClaim()
    {
        IsAskedAgain = _isClaimed;
        if (_isClaimed)
            return false;
        _isClaimed = true;
        return true;
    }

    /// <summary>The file has been read; null when it was refused, which has been told.</summary>
    public void Begin(Reload? reload, long nowMs)
    {
        if (_isOver)
        {
            reload?.Close();
            return;
        }
        if (reload is null)
        {
            End(isDone: false);
            return;
        }
        _waiting = reload;
        crew.IsPaused = true;
        Advance(nowMs);
    }

    /// <summary>Goes on as far as the answers allow.</summary>
    public void Advance(long nowMs)
    {
        // A worker that is starting has the settings of before, and must be asked like the others.
        if (_waiting is { } reload && !crew.IsAnyStarting)
        {
            _waiting = null;
            SettingsMessage message = crew.Settings with
            {
                Found = reload.Found.ToLine(), Servers = reload.EndPoints.ToLine(), Text = reload.Text, Files = reload.Files,
                Tickets = crew.Tickets.Follow(reload.Settings, reload.Files).ToLine(),
            };
            _round = new ReloadRound(++_lastRound, reload, message, nowMs + AnswerLimitMs);
            _round.Prepare(crew.Slots);
        }
        if (_round is { IsAnswered: true, IsCommitted: false } ready)
        {
            crew.Settings.Files.Clear();
            crew.Settings = ready.Message;
            Committing(ready.Reload);
            ready.Commit(crew.Slots);
            crew.RenewStandIns(nowMs);
        }
        if (_round is { IsAnswered: true, IsCommitted: true })
            End(isDone: true);
        else if (_round is { } late && nowMs >= late.UntilMs)
            GiveUp(late);
    }

    /// <summary>The process stops: what is under way is left, and nothing of it stays open. Workers that have begun to end answer no more.</summary>
    public void Abandon()
    {
        _isOver = true;
        _waiting?.Close();
        _round?.Discard(crew.Slots);
        (_waiting, _round) = (null, null);
    }

    /// <summary>A worker has ended: it is waited for no more.</summary>
    public void Gone(WorkerSlot slot) => _round?.Answered(slot);

    /// <summary>A worker has answered. What it says to an earlier round is out of date: that one was decided without it.</summary>
    public void Heard(WorkerSlot slot, ControlMessage message)
    {
        AnswerMessage answer = AnswerMessage.Decode(message.Payload);
        if (_round is not { } round || round.Number != answer.Round)
            return;
        if (message.Command == ControlCommand.Refused)
            Refused(round, slot, answer.Problem);
        else
            round.Answered(slot);
    }

    /// <summary>A worker cannot use the settings: nobody goes over.</summary>
    private void Refused(ReloadRound round, WorkerSlot slot, string problem)
    {
        log.Error($"worker {slot.Index} cannot use the new settings: {problem}");
        Refuse(round);
    }

    private void Refuse(ReloadRound round)
    {
        round.Discard(crew.Slots);
        End(isDone: false);
    }

    /// <summary>A worker that does not answer before the decision stops the reload; one that does not go over is replaced by one that does.</summary>
    private void GiveUp(ReloadRound round)
    {
        string names = string.Join(", ", round.Awaited.Select(static slot => slot.Index));
        if (!round.IsCommitted)
        {
            log.Error($"worker {names} did not answer within {AnswerLimitMs / 1000} s");
            Refuse(round);
            return;
        }
        log.Error($"worker {names} did not go over to the new settings within {AnswerLimitMs / 1000} s; it is killed and replaced");
        foreach (WorkerSlot slot in round.Awaited)
            slot.Kill();
        End(isDone: true);
    }

    private void End(bool isDone)
    {
        _round = null;
        _isClaimed = false;
        crew.IsPaused = false;
        Ended(isDone);
    }
}
