using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Metrics;

namespace NativeProxy.Upstreams;

/// <summary>
/// One <see cref="ServerSlot"/> per server, in memory of one process or in memory that supervisor and workers share. A server is
/// known by upstream, name and address as they stand in the settings, so that it keeps its slot, and with it its health, over a reload.
/// Owner: the host, whose main thread publishes settings before any loop looks for their servers. Dispose it after all loops have ended.
/// </summary>
internal sealed unsafe class ServerBoard : IDisposable
{
    private const long Magic = 0x0053_5058_5250_544E;

    /// <summary>Twice what settings may name: during a reload the old and the new servers have their slots.</summary>
    private const int SlotsMax = 2 * UpstreamSettings.ServersMax;

    private readonly SharedMemory _memory;
    private readonly Head* _head;
    private readonly ServerSlotMemory* _slots;
    private readonly int* _running;

    private ServerBoard(SharedMemory memory)
    {
        _memory = memory;
        _head = (Head*)memory.Start;
        _slots = (ServerSlotMemory*)(memory.Start + SharedMemory.LineBytes);
        _running = (int*)(_slots + SlotsMax);
    }

    /// <summary>What <see cref="Attach"/> takes; -1 when the memory is this process's own.</summary>
    public int Descriptor => _memory.Descriptor;

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

    private int UsedCount => Volatile.Read(ref _head->UsedCount);

    /// <summary>A board of this process only.</summary>
    public static ServerBoard CreatePrivate(int workers) => Begin(SharedMemory.CreatePrivate(BoardBytes(workers)), workers);

    /// <summary>A board that other processes can attach to; errors as with <see cref="SharedMemory.CreateShared"/>.</summary>
    public static ServerBoard CreateShared(int workers) => Begin(SharedMemory.CreateShared("nativeproxy-servers", BoardBytes(workers)), workers);

    /// <summary>Maps a board that another process made. Throws <see cref="InvalidDataException"/> when it is none of this build.</summary>
    public static ServerBoard Attach(int descriptor)
    {
        var board = new ServerBoard(SharedMemory.Attach(descriptor));
        if (board._head->Magic == Magic && board._head->WorkerCount >= 1 && board._memory.LengthBytes == BoardBytes(board._head->WorkerCount))
            return board;
        board.Dispose();
        throw new InvalidDataException("the server board was made by another build");
    }

    /// <summary>
    /// Gives every server of the settings a slot: the one it has, or a free one, in which it begins as up. A slot is free for others one
    /// publication after its server was named last, when no worker reads it any more. Main thread of the owner.
    /// </summary>
    public void Publish(in ProxySettings settings)
    {
        int publication = _head->Publication + 1;
        foreach (UpstreamSettings upstream in settings.Upstreams)
        {
            foreach (UpstreamServerSettings server in upstream.Servers)
            {
                byte[] key = ServerSlotMemory.KeyOf(upstream.Name, server.Name, server.Address);
                int index = IndexOf(key);
                if (index < 0)
                    index = Occupy(publication, key);
                Volatile.Write(ref _slots[index].NamedBy, publication);
            }
        }
        Volatile.Write(ref _head->Publication, publication);
    }

    /// <summary>The slot of a published server, as this worker sees it; null for one that was not published.</summary>
    public ServerSlot? Find(string upstream, string server, string address, int workerIndex = 0)
    {
        int index = IndexOf(ServerSlotMemory.KeyOf(upstream, server, address));
        return index < 0 ? null : SlotAt(index, workerIndex);
    }

    /// <summary>A server went up or down.</summary>
    public void CountChange() => Interlocked.Increment(ref _head->ChangeCount);

    /// <summary>A worker begins, perhaps after a crash: it has no requests running.</summary>
    public void ClearRunning(int workerIndex) => new Span<int>(_running + ((long)workerIndex * SlotsMax), UsedCount).Clear();

    public void Dispose() => _memory.Dispose();

    private static ServerBoard Begin(SharedMemory memory, int workers)
    {
        var board = new ServerBoard(memory);
        board._head->WorkerCount = workers;
        board._head->Magic = Magic;
        return board;
    }

    private static long BoardBytes(int workers) =>
        SharedMemory.LineBytes + ((long)SlotsMax * ServerSlotMemory.SizeBytes) + ((long)workers * SlotsMax * sizeof(int));

    private ServerSlot SlotAt(int index, int workerIndex) => new(_slots + index, _running + index, SlotsMax, _head->WorkerCount, workerIndex);

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

    private int Occupy(int publication, ReadOnlySpan<byte> key)
    {
        int index = 0;
        while (index < UsedCount && _slots[index].NamedBy >= publication - 1)
            index++;
        Check.That(index < SlotsMax, "two publications fit into the board");
        _slots[index] = default;
        _slots[index].SetKey(key);
        Volatile.Write(ref _head->UsedCount, Math.Max(UsedCount, index + 1));
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
    }
}
