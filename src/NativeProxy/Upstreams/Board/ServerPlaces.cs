using System;
using System.Runtime.InteropServices;
using System.Threading;

namespace NativeProxy.Upstreams.Board;

/// <summary>
/// The connections to one server over all workers, where they are limited: how many are open, idle ones included, never more than the limit,
/// since each is taken by compare-and-exchange before it is opened. A view into the <see cref="ServerBoard"/> for one worker. Thread: the loop.
/// Never opens or closes a connection.
/// </summary>
/// <remarks>
/// Each worker also records how many of them are its own, so that they are given back when it dies. A worker that dies between the two writes
/// leaves the sum one too high, never too low; <see cref="Mend"/> finds that, and the server has one place less for a second.
/// </remarks>
internal sealed unsafe class ServerPlaces
{
    /// <summary>The sum and the records differ for a moment whenever a place is taken; what differs this long without a change is wrong.</summary>
    public const int MendAfterMs = 1000;

    private const int CountBits = 32;

    private readonly ServerPlacesMemory* _memory;
    private readonly WorkerNumbers _held;
    private readonly WorkerNumbers _idle;
    private readonly WorkerBells _bells;
    private ulong _suspect;
    private long _suspectSinceMs;

    internal ServerPlaces(ServerPlacesMemory* memory, WorkerNumbers held, WorkerNumbers idle, WorkerBells bells)
    {
        _memory = memory;
        _held = held;
        _idle = idle;
        _bells = bells;
    }

    /// <summary>Connections of all workers; a moment's view.</summary>
    public int OpenCount => CountOf(Volatile.Read(ref _memory->Open));

    /// <summary>Takes a place if fewer than <paramref name="placesMax"/> are taken.</summary>
    public bool TryTake(int placesMax)
    {
        ulong seen = Volatile.Read(ref _memory->Open);
        while (true)
        {
            if (CountOf(seen) >= placesMax)
                return false;
            ulong found = Interlocked.CompareExchange(ref _memory->Open, Changed(seen, CountOf(seen) + 1), seen);
            if (found == seen)
                break;
            seen = found;
        }
        _held.SetOwn(_held.Own + 1);
        return true;
    }

    /// <summary>Takes places for connections that are there already, whatever the limit.</summary>
    public void TakeAnyway(int count)
    {
        Add(count);
        _held.SetOwn(_held.Own + count);
    }

    /// <summary>Gives places back, after their connections were closed.</summary>
    public void GiveBack(int count)
    {
        _held.SetOwn(_held.Own - count);
        Add(-count);
    }

    /// <summary>This view's worker is gone: so are its connections.</summary>
    public void Forget()
    {
        int held = _held.Own;
        _held.SetOwn(0);
        _idle.SetOwn(0);
        Add(-held);
    }

    /// <summary>
    /// Says how many of this worker's connections are idle. What is read of the board afterwards is newer than what the others then read of it.
    /// </summary>
    public void ShowIdle(int count)
    {
        _idle.SetOwn(count);
        if (_idle.Count > 1)
            Interlocked.MemoryBarrier();
    }

    /// <summary>True when another worker has an idle connection, which it can be asked to give up.</summary>
    public bool HasIdleElsewhere()
    {
        for (int worker = 0; worker < _idle.Count; worker++)
        {
            if (_idle.Other(worker) > 0)
                return true;
        }
        return false;
    }

    /// <summary>Asks those workers to close one idle connection.</summary>
    public void AskForIdle()
    {
        Volatile.Write(ref _memory->IsIdleWanted, 1);
        for (int worker = 0; worker < _idle.Count; worker++)
        {
            if (_idle.Other(worker) > 0)
                _bells.Ring(worker);
        }
    }

    /// <summary>True, once, when another worker has asked for an idle connection of this one.</summary>
    public bool TakeWish() => Volatile.Read(ref _memory->IsIdleWanted) != 0 && Interlocked.Exchange(ref _memory->IsIdleWanted, 0) != 0;

    /// <summary>
    /// Corrects the sum when it is higher than the records for a second, during which it has not changed: somebody died in between.
    /// </summary>
    public void Mend(long nowMs)
    {
        ulong seen = Volatile.Read(ref _memory->Open);
        int held = _held.Sum();
        if (CountOf(seen) <= held || seen != _suspect)
            (_suspect, _suspectSinceMs) = (seen, nowMs);
        else if (nowMs - _suspectSinceMs >= MendAfterMs)
            Interlocked.CompareExchange(ref _memory->Open, Changed(seen, held), seen);
    }

    private static int CountOf(ulong open) => (int)(uint)open;

    /// <summary>Another count, with the next number of changes above it, by which <see cref="Mend"/> sees that nothing has happened.</summary>
    private static ulong Changed(ulong open, int count) => (((open >> CountBits) + 1) << CountBits) | (uint)count;

    private void Add(int count)
    {
        ulong seen = Volatile.Read(ref _memory->Open);
        while (true)
        {
            ulong found = Interlocked.CompareExchange(ref _memory->Open, Changed(seen, Math.Max(0, CountOf(seen) + count)), seen);
            if (found == seen)
                return;
            seen = found;
        }
    }
}

/// <summary>Layout of what all workers write about the connections of one server.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ServerPlacesMemory
{
    /// <summary>Number of changes, and in the low half the connections that are open.</summary>
    public ulong Open;

    /// <summary>1 when a worker wants another one to give up an idle connection.</summary>
    public int IsIdleWanted;
}
