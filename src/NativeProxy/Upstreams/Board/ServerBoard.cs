using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using System.Threading;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Metrics;

namespace NativeProxy.Upstreams.Board;

/// <summary>
/// One <see cref="ServerSlot"/> per server and one <see cref="GroupSlot"/> per upstream, in memory of one process or in memory that
/// supervisor and workers share. A server is known by upstream, name and address as they stand in the settings, so that it keeps its slot, and
/// with it its health and its open connections, over a reload. Owner: the host, whose main thread publishes settings before any loop looks for
/// their servers. Dispose it after all loops have ended.
/// </summary>
internal sealed unsafe class ServerBoard : IDisposable
{
    private const long Magic = 0x0053_5058_5250_544E;

    /// <summary>Twice what settings may name: during a reload the old and the new servers have their slots.</summary>
    private const int SlotsMax = 2 * UpstreamSettings.ServersMax;

    /// <summary>Publications for which a slot rests before another server has it.</summary>
    private const int PublicationsRested = 16;

    /// <summary>As many upstreams as servers.</summary>
    private const int GroupsMax = SlotsMax;

    private readonly SharedMemory _memory;
    private readonly Head* _head;
    private readonly ServerSlotMemory* _slots;
    private readonly GroupSlotMemory* _groups;
    private readonly byte* _bells;
    private readonly int* _running;
    private readonly int* _held;
    private readonly int* _idle;
    private readonly int* _serverWaiting;
    private readonly int* _groupWaiting;
    private readonly int* _groupRequests;
    private readonly long* _serverLines;
    private readonly long* _groupLines;
    private readonly StickRoom _stickRoom;

    /// <summary>The publication after which that of this process comes: its own last one, or the one that was there when it came.</summary>
    private int _follows;

    private ServerBoard(SharedMemory memory, int workers)
    {
        _memory = memory;
        _head = (Head*)memory.Start;
        _slots = (ServerSlotMemory*)(memory.Start + SharedMemory.LineBytes);
        _groups = (GroupSlotMemory*)(_slots + SlotsMax);
        _bells = (byte*)(_groups + GroupsMax);
        _running = (int*)(_bells + ((long)workers * SharedMemory.LineBytes));
        _held = _running + ((long)workers * SlotsMax);
        _idle = _held + ((long)workers * SlotsMax);
        _serverWaiting = _idle + ((long)workers * SlotsMax);
        _groupWaiting = _serverWaiting + ((long)workers * SlotsMax);
        _groupRequests = _groupWaiting + ((long)workers * GroupsMax);
        _serverLines = (long*)(_groupRequests + ((long)workers * GroupsMax));
        _groupLines = _serverLines + (SlotsMax * LineStride(workers));
        _stickRoom = new StickRoom((StickEntry*)(_groupLines + (GroupsMax * LineStride(workers))));
        Bells = new WorkerBells(_bells, workers);
        _follows = _head->Publication;
    }

    /// <summary>
    /// False in a process that comes after another one, until it serves: what its file says of states and weights of servers that are there does not
    /// count before, since it may not come to that.
    /// </summary>
    public bool Serves { get; set; } = true;

    /// <summary>What <see cref="Attach"/> takes; -1 when the memory is this process's own.</summary>
    public int Descriptor => _memory.Descriptor;

    /// <summary>How workers call each other.</summary>
    public WorkerBells Bells { get; }

    /// <summary>Grows whenever a server goes up or down.</summary>
    public int ChangeCount => Volatile.Read(ref _head->ChangeCount);

    /// <summary>All servers of the settings published last.</summary>
    public IEnumerable<ServerSlot> Current
    {
        get
        {
            for (int i = 0; i < UsedCount; i++)
            {
                if (IsCurrent(i))
                    yield return SlotAt(i, workerIndex: 0);
            }
        }
    }

    /// <summary>How many workers share what servers have to give: those that serve, without the rows of others, at upgrades.</summary>
    public int SharerCount
    {
        get => Volatile.Read(ref _head->SharerCount);
        set => Volatile.Write(ref _head->SharerCount, value);
    }

    private int UsedCount => Volatile.Read(ref _head->UsedCount);

    private int GroupCount => Volatile.Read(ref _head->GroupCount);

    /// <summary>A board of this process only.</summary>
    public static ServerBoard CreatePrivate(int workers) => Begin(SharedMemory.CreatePrivate(BoardBytes(workers)), workers);

    /// <summary>A board that other processes can attach to; errors as with <see cref="SharedMemory.CreateShared"/>.</summary>
    public static ServerBoard CreateShared(int workers) => Begin(SharedMemory.CreateShared("nativeproxy-servers", BoardBytes(workers)), workers);

    /// <summary>Maps a board that another process made. Throws <see cref="InvalidDataException"/> when it is none of this build.</summary>
    public static ServerBoard Attach(int descriptor)
    {
        SharedMemory memory = SharedMemory.Attach(descriptor);
        var head = (Head*)memory.Start;
        if (head->Magic == Magic && head->WorkerCount >= 1 && memory.LengthBytes == BoardBytes(head->WorkerCount))
            return new ServerBoard(memory, head->WorkerCount);
        memory.Dispose();
        throw new InvalidDataException("the server board was made by another build");
    }

    /// <summary>
    /// Gives every server and upstream of the settings a slot: the one it has, or a free one, in which a server begins as up. A slot is free for
    /// others some publications after its server was named last, when no worker reads it any more: workers follow servers that are discovered
    /// without an answer. Main thread of the owner; what another process has published since, which then did not come to serve, does not count.
    /// </summary>
    public void Publish(in ProxySettings settings)
    {
        int publication = _head->Publication + 1;
        foreach (UpstreamSettings upstream in settings.Upstreams)
        {
            byte[] name = Encoding.UTF8.GetBytes(upstream.Name);
            int group = IndexOfGroup(name);
            if (group < 0)
                group = OccupyGroup(name, upstream.FirstTurn);
            Volatile.Write(ref _groups[group].NamedBy, publication);
            PlaceStickTable(group, upstream.Stick);
            foreach (UpstreamServerSettings server in upstream.Servers)
            {
                byte[] key = ServerSlotMemory.KeyOf(upstream.Name, server.Name, server.Address);
                int index = IndexOf(key);
                bool isKnown = index >= 0 && _slots[index].NamedBy >= _follows;
                if (index < 0)
                    index = Occupy(publication, key);
                else if (!isKnown)
                    _slots[index].Forget();
                if (Serves || !isKnown)
                    _slots[index].Follow(server);
                Volatile.Write(ref _slots[index].NamedBy, publication);
            }
        }
        Volatile.Write(ref _head->Publication, publication);
        _follows = publication;
    }

    /// <summary>The slot of a published server, as this worker sees it; null for one that was not published.</summary>
    public ServerSlot? Find(string upstream, string server, string address, int workerIndex = 0)
    {
        int index = IndexOf(ServerSlotMemory.KeyOf(upstream, server, address));
        return index < 0 ? null : SlotAt(index, workerIndex);
    }

    /// <summary>The slot of a published upstream, as this worker sees it; null for one that was not published.</summary>
    public GroupSlot? FindGroup(string upstream, int workerIndex = 0)
    {
        int index = IndexOfGroup(Encoding.UTF8.GetBytes(upstream));
        return index < 0 ? null : GroupAt(index, workerIndex);
    }

    /// <summary>A server went up or down.</summary>
    public void CountChange() => Interlocked.Increment(ref _head->ChangeCount);

    /// <summary>
    /// A worker has ended, or begins, perhaps after a crash: it has no requests running, no connection open and nobody waiting. What it held is
    /// free for the others, who are called. Safe to repeat; not while the worker runs.
    /// </summary>
    public void ForgetWorker(int workerIndex)
    {
        for (int i = 0; i < UsedCount; i++)
        {
            SlotAt(i, workerIndex).SetRunning(0);
            PlacesAt(i, workerIndex).Forget();
            ServerWaitingAt(i, workerIndex).Forget();
            Volatile.Write(ref _serverLines[(i * LineStride(_head->WorkerCount)) + workerIndex], 0);
        }
        for (int i = 0; i < GroupCount; i++)
        {
            GroupWaitingAt(i, workerIndex).Forget();
            GroupAt(i, workerIndex).Requests.Forget();
            Volatile.Write(ref _groupLines[(i * LineStride(_head->WorkerCount)) + workerIndex], 0);
        }
        Bells.RingAll();
    }

    public void Dispose() => _memory.Dispose();

    private static ServerBoard Begin(SharedMemory memory, int workers)
    {
        var board = new ServerBoard(memory, workers);
        board._head->WorkerCount = board._head->SharerCount = workers;
        board._head->StickSecret = BitConverter.ToUInt64(SystemRandom.GetBytes(sizeof(ulong)));
        board._head->Magic = Magic;
        return board;
    }

    private static long BoardBytes(int workers) =>
        SharedMemory.LineBytes + ((long)SlotsMax * ServerSlotMemory.SizeBytes) + ((long)GroupsMax * GroupSlotMemory.SizeBytes)
        + ((long)workers * SharedMemory.LineBytes)
        + (4 * (long)workers * SlotsMax * sizeof(int)) /* running, held, idle, waiting */
        + (2 * (long)workers * GroupsMax * sizeof(int)) /* waiting, requests */
        + ((SlotsMax + GroupsMax) * LineStride(workers) * sizeof(long)) + StickRoom.Bytes;

    /// <summary>Numbers from one queue to the next: those of all workers, rounded up to whole lines of memory.</summary>
    private static long LineStride(int workers) => (workers + 7L) & ~7;

    private ServerSlot SlotAt(int index, int workerIndex)
    {
        BoardQueue line = LineAt(_serverLines, index, GroupOf(_slots + index), workerIndex, ServerWaitingAt(index, workerIndex));
        return new ServerSlot(_slots + index, NumbersAt(_running, index, workerIndex), PlacesAt(index, workerIndex), line, index);
    }

    private GroupSlot GroupAt(int index, int workerIndex)
    {
        BoardQueue line = LineAt(_groupLines, index, _groups + index, workerIndex, GroupWaitingAt(index, workerIndex));
        StickTable? stick = _stickRoom.TableIn(_groups[index].Stick, _head->StickSecret);
        return new GroupSlot(_groups + index, line, GroupNumbersAt(_groupRequests, index, workerIndex), stick);
    }

    private SharedCount ServerWaitingAt(int index, int workerIndex) =>
        new(&_slots[index].Waiting, NumbersAt(_serverWaiting, index, workerIndex));

    private SharedCount GroupWaitingAt(int index, int workerIndex) =>
        new(&_groups[index].Waiting, GroupNumbersAt(_groupWaiting, index, workerIndex));

    private ServerPlaces PlacesAt(int index, int workerIndex) =>
        new(&_slots[index].Places, NumbersAt(_held, index, workerIndex), NumbersAt(_idle, index, workerIndex), Bells, &_head->SharerCount);

    private WorkerNumbers NumbersAt(int* numbers, int index, int workerIndex) => new(numbers + index, SlotsMax, _head->WorkerCount, workerIndex);

    private WorkerNumbers GroupNumbersAt(int* numbers, int index, int workerIndex) =>
        new(numbers + index, GroupsMax, _head->WorkerCount, workerIndex);

    private BoardQueue LineAt(long* lines, int index, GroupSlotMemory* group, int workerIndex, SharedCount waiting) =>
        new(&group->NextTicket, lines + (index * LineStride(_head->WorkerCount)), _head->WorkerCount, workerIndex, Bells, waiting);

    /// <summary>The slot of a server's upstream, which is published before it.</summary>
    private GroupSlotMemory* GroupOf(ServerSlotMemory* server) =>
        _groups + Math.Max(0, IndexOfGroup(Encoding.UTF8.GetBytes(server->KeyTexts()[0])));

    private bool IsCurrent(int index) => Volatile.Read(ref _slots[index].NamedBy) == Volatile.Read(ref _head->Publication);

    private int IndexOf(ReadOnlySpan<byte> key)
    {
        for (int i = 0; i < UsedCount; i++)
        {
            if (_slots[i].HasKey(key))
                return i;
        }
        return -1;
    }

    private int IndexOfGroup(ReadOnlySpan<byte> name)
    {
        for (int i = 0; i < GroupCount; i++)
        {
            if (_groups[i].HasName(name))
                return i;
        }
        return -1;
    }

    private int OccupyGroup(ReadOnlySpan<byte> name, FirstTurn firstTurn)
    {
        int index = 0;
        while (index < GroupCount && _groups[index].NamedBy >= _follows)
            index++;
        Check.That(index < GroupsMax, "two publications fit into the board");
        _groups[index] = default;
        for (int worker = 0; worker < _head->WorkerCount; worker++)
        {
            GroupWaitingAt(index, worker).Forget();
            GroupAt(index, worker).Requests.Forget();
        }
        _groups[index].SetName(name);
        _groups[index].Turns = firstTurn == FirstTurn.First ? 0 : Random.Shared.Next();
        Volatile.Write(ref _head->GroupCount, Math.Max(GroupCount, index + 1));
        return index;
    }

    /// <summary>A table of the same size stays where it is, with what is in it.</summary>
    private void PlaceStickTable(int group, in UpstreamStickSettings stick)
    {
        int bucketCount = stick.IsOn ? StickTable.BucketsFor(stick.Size) : 0;
        if (_groups[group].Stick.Count == bucketCount)
            return;
        _groups[group].Stick = default;
        var taken = new List<StickPart>();
        for (int i = 0; i < GroupCount; i++)
        {
            if (_groups[i].NamedBy >= _follows)
                taken.Add(_groups[i].Stick);
        }
        _groups[group].Stick = _stickRoom.Take(taken, bucketCount);
    }

    private int Occupy(int publication, ReadOnlySpan<byte> key)
    {
        int index = FreeSlot(publication - PublicationsRested);

        // The board is full: one that has rested once must do.
        if (index == SlotsMax)
            index = FreeSlot(_follows);
        Check.That(index < SlotsMax, "two publications fit into the board");
        _slots[index] = default;
        for (int worker = 0; worker < _head->WorkerCount; worker++)
        {
            PlacesAt(index, worker).Forget();
            ServerWaitingAt(index, worker).Forget();
        }
        _slots[index].SetKey(key);
        Volatile.Write(ref _head->UsedCount, Math.Max(UsedCount, index + 1));
        return index;
    }

    /// <summary>The first slot whose server was named last before this publication, or one that was never used.</summary>
    private int FreeSlot(int publication)
    {
        int index = 0;
        while (index < UsedCount && _slots[index].NamedBy >= publication)
            index++;
        return index;
    }

    /// <summary>First line of the memory.</summary>
    private struct Head
    {
        public long Magic;
        public int WorkerCount;
        public int UsedCount;
        public int Publication;
        public int ChangeCount;
        public int GroupCount;
        public ulong StickSecret;
        public int SharerCount;
    }
}
