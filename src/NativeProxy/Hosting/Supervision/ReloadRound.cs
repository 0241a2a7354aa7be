using System.Collections.Generic;
using System.Security.Cryptography;
using NativeProxy.Hosting.Channels;

namespace NativeProxy.Hosting.Supervision;

/// <summary>
/// One reload on its way through the workers: all of them prepare; when all could, all go over; when one could not, nobody does. Thread: the
/// supervisor's events.
/// </summary>
internal sealed class ReloadRound(int number, Reload reload, SettingsMessage message, long untilMs)
{
    private readonly HashSet<WorkerSlot> _awaited = [];

    /// <summary>Tells its answers from those to earlier ones; from 1 on.</summary>
    public int Number { get; } = number;

    public Reload Reload { get; } = reload;

    /// <summary>The settings for a worker that starts afterwards; without sockets.</summary>
    public SettingsMessage Message { get; } = message;

    /// <summary>When the answers must be there.</summary>
    public long UntilMs { get; } = untilMs;

    /// <summary>False while workers prepare, true while they go over.</summary>
    public bool IsCommitted { get; private set; }

    public bool IsAnswered => _awaited.Count == 0;

    /// <summary>Workers that have not answered.</summary>
    public IReadOnlyCollection<WorkerSlot> Awaited => _awaited;

    /// <summary>Asks all that serve to prepare; one that cannot take the message is given up.</summary>
    public void Prepare(IEnumerable<WorkerSlot> slots)
    {
        foreach (WorkerSlot slot in slots)
        {
            List<ListeningSocket> added = Reload.NewSockets[slot.Index];
            if (slot.State != WorkerState.Serving)
                continue;
            byte[] payload = (Message with { Round = Number, Binds = added.ConvertAll(static socket => socket.Bind) }).Encode();
            if (slot.Send(ControlCommand.Prepare, added, payload))
                _awaited.Add(slot);
            else
                slot.Kill();
            CryptographicOperations.ZeroMemory(payload);
        }
    }

    /// <summary>A worker has answered, or is gone.</summary>
    public void Answered(WorkerSlot slot) => _awaited.Remove(slot);

    /// <summary>All could: they go over, and every slot changes its sockets; one that cannot take the message is given up.</summary>
    public void Commit(IEnumerable<WorkerSlot> slots)
    {
        IsCommitted = true;
        HashSet<string> wanted = Supervision.Reload.BindsOf(Reload.Settings);
        foreach (WorkerSlot slot in slots)
        {
            slot.ChangeSockets(wanted, Reload.NewSockets[slot.Index]);
            if (slot.State != WorkerState.Serving)
                continue;
            if (slot.Send(ControlCommand.Commit))
                _awaited.Add(slot);
            else
                slot.Kill();
        }
    }

    /// <summary>One could not: all forget it, and nothing of it stays open.</summary>
    public void Discard(IEnumerable<WorkerSlot> slots)
    {
        _awaited.Clear();
        foreach (WorkerSlot slot in slots)
            slot.Send(ControlCommand.Discard);
        Reload.Close();
    }
}
