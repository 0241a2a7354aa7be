using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using NativeProxy.Config;

namespace NativeProxy.Upstreams.Board;

/// <summary>
/// The memory of all stick tables on a <see cref="ServerBoard"/>, and who has which part of it. Main thread of the board's owner. Never reads an
/// entry.
/// </summary>
/// <param name="entries">The memory.</param>
internal sealed unsafe class StickRoom(StickEntry* entries)
{
    /// <summary>Twice as much, for tables that come while others go, and a bucket that is not full per upstream.</summary>
    private const int BucketsMax = 2 * ((UpstreamStickSettings.EntriesMax * 5 / 4 / StickTable.EntriesPerBucket) + 4096);

    /// <summary>Bytes of memory; what is never used costs nothing.</summary>
    public const long Bytes = (long)BucketsMax * BucketBytes;

    private const int BucketBytes = StickTable.EntriesPerBucket * 16;

    /// <summary>
    /// Empties a part of the memory that nobody has. It is shorter than asked for when there is no such part, rather than none.
    /// </summary>
    /// <param name="taken">The parts that others have.</param>
    /// <param name="bucketCount">How many are wanted.</param>
    public StickPart Take(IEnumerable<StickPart> taken, int bucketCount)
    {
        var parts = new List<StickPart>(taken);
        parts.RemoveAll(static part => part.Count == 0);
        parts.Sort(static (a, b) => a.Start.CompareTo(b.Start));
        parts.Add(new StickPart(BucketsMax, 0));
        StickPart largest = default;
        int free = 0;
        foreach (StickPart part in parts)
        {
            if (part.Start - free > largest.Count)
                largest = new StickPart(free, part.Start - free);
            if (largest.Count >= bucketCount)
                break;
            free = Math.Max(free, part.Start + part.Count);
        }
        StickPart own = largest with { Count = Math.Min(largest.Count, bucketCount) };
        NativeMemory.Clear(entries + ((long)own.Start * StickTable.EntriesPerBucket), (nuint)((long)own.Count * BucketBytes));
        return own;
    }

    /// <summary>The table in a part; null when it has no bucket.</summary>
    /// <param name="part">The part.</param>
    /// <param name="secret">Of the board.</param>
    public StickTable? TableIn(StickPart part, ulong secret) =>
        part.Count == 0 ? null : new StickTable(entries + ((long)part.Start * StickTable.EntriesPerBucket), part.Count, secret);
}

/// <summary>A part of the room.</summary>
/// <param name="Start">Its first bucket.</param>
/// <param name="Count">How many there are.</param>
internal readonly record struct StickPart(int Start, int Count);
