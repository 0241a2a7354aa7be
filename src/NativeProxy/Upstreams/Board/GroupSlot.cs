using System;
using System.Runtime.InteropServices;

namespace NativeProxy.Upstreams.Board;

/// <summary>
/// What all workers know about one upstream: whose turn it is by round robin, who waits in its queue, and how many requests it has. A view into the
/// <see cref="ServerBoard"/>, which must outlive it, for one worker.
/// </summary>
internal sealed unsafe class GroupSlot
{
    /// <param name="memory">The slot.</param>
    /// <param name="line">Its queue.</param>
    /// <param name="requests">What each worker has of the requests in flight.</param>
    /// <param name="stick">Which server requests stick to, or null.</param>
    internal GroupSlot(GroupSlotMemory* memory, BoardQueue line, WorkerNumbers requests, StickTable? stick)
    {
        Stick = stick;
        Turns = new TurnCounter(&memory->Turns);
        Line = line;
        Requests = new SharedCount(&memory->Requests, requests);
    }

    /// <summary>Turns taken so far, over all workers.</summary>
    public TurnCounter Turns { get; }

    public BoardQueue Line { get; }

    /// <summary>Which server requests stick to; null when the upstream has no such table.</summary>
    public StickTable? Stick { get; }

    /// <summary>Requests at its servers or waiting for one, where somebody counts them.</summary>
    public SharedCount Requests { get; }
}

/// <summary>Layout of one slot. What is written at each request stands on a line of its own.</summary>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
internal unsafe struct GroupSlotMemory
{
    public const int SizeBytes = 384;

    /// <summary>Longest name of an upstream, which is checked with the settings.</summary>
    private const int NameBytesMax = 64;

    /// <summary>0 = never used; else the publication that last named the upstream.</summary>
    [FieldOffset(0)]
    public int NamedBy;

    [FieldOffset(4)]
    private int _nameBytes;

    /// <summary>Where the stick table is.</summary>
    [FieldOffset(8)]
    public StickPart Stick;

    [FieldOffset(64)]
    private fixed byte _name[NameBytesMax];

    [FieldOffset(128)]
    public long Turns;

    [FieldOffset(192)]
    public long NextTicket;

    /// <summary>Number of changes, and in the low half the requests that wait in the queue.</summary>
    [FieldOffset(256)]
    public ulong Waiting;

    /// <summary>Number of changes, and in the low half the requests in flight.</summary>
    [FieldOffset(320)]
    public ulong Requests;

    public void SetName(ReadOnlySpan<byte> name)
    {
        fixed (byte* target = _name)
            name.CopyTo(new Span<byte>(target, NameBytesMax));
        _nameBytes = name.Length;
    }

    public bool HasName(ReadOnlySpan<byte> name)
    {
        fixed (byte* own = _name)
            return name.SequenceEqual(new ReadOnlySpan<byte>(own, _nameBytes));
    }
}
