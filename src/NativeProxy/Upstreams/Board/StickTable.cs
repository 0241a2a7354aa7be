using System;
using System.Runtime.InteropServices;
using System.Threading;

namespace NativeProxy.Upstreams.Board;

/// <summary>
/// Which server the requests with a key go to, for all workers: a table of fixed size in memory that all of them map, where the entry that was not
/// used for longest gives way. A view into the <see cref="ServerBoard"/>. Thread: the loop. Never locks and never waits: whoever looks reads one
/// bucket, whoever writes changes one entry.
/// </summary>
/// <remarks>
/// An entry is two words, the key's and the server's, written one after the other. The second has some bits of the first, so that words of two
/// writers that came between each other say nothing. Keys are mixed with a secret of the board: nobody outside can choose which of them share a
/// bucket.
/// </remarks>
/// <param name="entries">The first entry.</param>
/// <param name="bucketCount">How many buckets follow it, 1 or more.</param>
/// <param name="secret">Of the board.</param>
internal sealed unsafe class StickTable(StickEntry* entries, int bucketCount, ulong secret)
{
    /// <summary>Entries of a bucket: four lines of memory.</summary>
    public const int EntriesPerBucket = 16;

    /// <summary>A look touches the memory of so many buckets at most.</summary>
    private const int LookedBucketsMax = 1024;

    private const int TimeBits = 32;
    private const int ServerBits = 14;
    private const int CheckShift = TimeBits + ServerBits;

    /// <summary>Buckets for so many entries: some more, since keys do not fill all of them alike.</summary>
    public static int BucketsFor(int entryCount) =>
        (int)((((long)entryCount * 5 / 4) + EntriesPerBucket - 1) / EntriesPerBucket);

    /// <summary>How many entries it has room for.</summary>
    public long Room => (long)bucketCount * EntriesPerBucket;

    /// <summary>
    /// About how many entries were ever used and not given away since: of a large table a part is looked at, since keys lie evenly. Any thread.
    /// </summary>
    public long UsedAbout()
    {
        int looked = Math.Min(bucketCount, LookedBucketsMax);
        long used = 0;
        for (long i = 0; i < (long)looked * EntriesPerBucket; i++)
            used += Volatile.Read(ref entries[i].Word) != 0 ? 1 : 0;
        return used * bucketCount / looked;
    }

    /// <summary>The server of a key, which counts as used now; -1 when there is none, or it was not used for too long.</summary>
    /// <param name="key">Not 0.</param>
    /// <param name="nowSeconds">Of a clock that all workers share.</param>
    /// <param name="expireSeconds">How long an entry lives unused.</param>
    public int Find(ulong key, long nowSeconds, long expireSeconds)
    {
        ulong tag = TagOf(key);
        StickEntry* bucket = BucketOf(tag);
        for (int i = 0; i < EntriesPerBucket; i++)
        {
            if (Volatile.Read(ref bucket[i].Tag) != tag)
                continue;
            ulong word = Volatile.Read(ref bucket[i].Word);
            if (word >> CheckShift != CheckOf(tag) || AgeOf(word, nowSeconds) > expireSeconds)
                continue;
            int server = (int)((word >> TimeBits) & ((1 << ServerBits) - 1)) - 1;
            if ((uint)word != (uint)nowSeconds)
                Interlocked.CompareExchange(ref bucket[i].Word, WordOf(tag, server, nowSeconds), word);
            return server;
        }
        return -1;
    }

    /// <summary>The key goes to this server from now on.</summary>
    /// <param name="key">Not 0.</param>
    /// <param name="server">Its number on the board, which has twice <see cref="Config.UpstreamSettings.ServersMax"/>.</param>
    /// <param name="nowSeconds">As for <see cref="Find"/>.</param>
    public void Keep(ulong key, int server, long nowSeconds)
    {
        ulong tag = TagOf(key);
        StickEntry* bucket = BucketOf(tag);
        int oldest = 0;
        long oldestAge = -1;
        for (int i = 0; i < EntriesPerBucket; i++)
        {
            ulong word = Volatile.Read(ref bucket[i].Word);
            if (Volatile.Read(ref bucket[i].Tag) == tag)
            {
                oldest = i;
                break;
            }
            long age = word == 0 ? long.MaxValue : AgeOf(word, nowSeconds);
            if (age > oldestAge)
                (oldest, oldestAge) = (i, age);
        }
        Volatile.Write(ref bucket[oldest].Word, 0);
        Interlocked.Exchange(ref bucket[oldest].Tag, tag);
        Volatile.Write(ref bucket[oldest].Word, WordOf(tag, server, nowSeconds));
    }

    private static ulong WordOf(ulong tag, int server, long nowSeconds) =>
        (CheckOf(tag) << CheckShift) | ((ulong)(server + 1) << TimeBits) | (uint)nowSeconds;

    /// <summary>Clocks of workers differ a little: what comes from the future is new.</summary>
    private static long AgeOf(ulong word, long nowSeconds) => Math.Max(0, (int)((uint)nowSeconds - (uint)word));

    private static ulong CheckOf(ulong tag) => tag & ((1UL << (64 - CheckShift)) - 1);

    /// <summary>Every key has its own (the finaliser of MurmurHash3 can be undone); 0 stands for no entry.</summary>
    private ulong TagOf(ulong key)
    {
        ulong value = key ^ secret;
        value = (value ^ (value >> 33)) * 0xFF51_AFD7_ED55_8CCD;
        value = ((value ^ (value >> 33)) * 0xC4CE_B9FE_1A85_EC53) + secret;
        value ^= value >> 33;
        return value == 0 ? 1 : value;
    }

    private StickEntry* BucketOf(ulong tag) => entries + (Math.BigMul(tag, (ulong)bucketCount, out _) * EntriesPerBucket);
}

/// <summary>Layout of one entry.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct StickEntry
{
    /// <summary>Stands for the key; 0 = never used.</summary>
    public ulong Tag;

    /// <summary>When it was used last, the server's number and one, and some bits of the tag; 0 = nothing.</summary>
    public ulong Word;
}
