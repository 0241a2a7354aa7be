using System.Runtime.InteropServices;
using System.Threading;

namespace NativeProxy.Upstreams.Board;

/// <summary>
/// The connections to one server over all workers, where they are limited: how many are open, idle ones included, never more than the limit,
/// since each is taken before it is opened. A view into the <see cref="ServerBoard"/> for one worker. Thread: the loop. Never opens or closes a
/// connection.
/// </summary>
internal sealed unsafe class ServerPlaces
{
    private readonly ServerPlacesMemory* _memory;
    private readonly SharedCount _open;
    private readonly WorkerNumbers _idle;
    private readonly WorkerBells _bells;

    private readonly int* _sharerCount;

    internal ServerPlaces(ServerPlacesMemory* memory, WorkerNumbers held, WorkerNumbers idle, WorkerBells bells, int* sharerCount)
    {
        _memory = memory;
        _sharerCount = sharerCount;
        _open = new SharedCount(&memory->Open, held);
        _idle = idle;
        _bells = bells;
    }

    /// <summary>Connections of all workers; a moment's view.</summary>
    public int OpenCount => _open.Count;

    /// <summary>How many workers share them.</summary>
    public int SharerCount => Volatile.Read(ref *_sharerCount);

    /// <summary>Takes a place if fewer than <paramref name="placesMax"/> are taken.</summary>
    public bool TryTake(int placesMax) => _open.TryTake(placesMax);

    /// <summary>Takes places for connections that are there already, whatever the limit.</summary>
    public void TakeAnyway(int count) => _open.TakeAnyway(count);

    /// <summary>Gives places back, after their connections were closed.</summary>
    public void GiveBack(int count) => _open.GiveBack(count);

    /// <summary>This view's worker is gone: so are its connections.</summary>
    public void Forget()
    {
        _idle.SetOwn(0);
        _open.Forget();
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

    /// <inheritdoc cref="SharedCount.Mend"/>
    public void Mend(long nowMs) => _open.Mend(nowMs);
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
