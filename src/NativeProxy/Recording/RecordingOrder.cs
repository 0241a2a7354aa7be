using System;
using System.Threading;
using NativeProxy.Foundation;
using NativeProxy.Metrics;

namespace NativeProxy.Recording;

/// <summary>
/// The order to record connections, in memory that supervisor and workers share: who is chosen, and how much may still be taken over all workers.
/// The supervisor writes it, one recording at a time; the loops look at one word of it when it is off. Owner: <see cref="RecorderBoard"/>.
/// </summary>
internal sealed unsafe class RecordingOrder
{
    private readonly Page* _page;

    internal RecordingOrder(byte* memory) => _page = (Page*)memory;

    internal static int SizeBytes => (sizeof(Page) + SharedMemory.LineBytes - 1) / SharedMemory.LineBytes * SharedMemory.LineBytes;

    /// <summary>Number of the recording that is on; 0 = none is.</summary>
    public int Number => Volatile.Read(ref _page->On);

    /// <summary>Connections that have been chosen for it.</summary>
    public int ConnectionsTaken => Math.Min(Volatile.Read(ref _page->Connections), _page->Terms.ConnectionsMax);

    /// <summary>Bytes that have been taken for it.</summary>
    public long BytesTaken => Volatile.Read(ref _page->Bytes);

    /// <summary>Until when, in milliseconds since 1970-01-01 UTC.</summary>
    public long UntilWallMs => Volatile.Read(ref _page->Terms.UntilWallMs);

    /// <summary>What is to be recorded.</summary>
    public RecordingTerms Terms => _page->Terms;

    /// <summary>The supervisor: begins a recording. Returns its number.</summary>
    public int Begin(in RecordingTerms terms)
    {
        Volatile.Write(ref _page->On, 0);
        Interlocked.MemoryBarrier();
        _page->Terms = terms;
        _page->Connections = 0;
        _page->Bytes = 0;
        int number = _page->Last + 1;
        _page->Last = number;
        Volatile.Write(ref _page->On, number);
        return number;
    }

    /// <summary>The supervisor, or a worker whose time is over: ends this recording, if it is the one that is on.</summary>
    public void End(int number) => Interlocked.CompareExchange(ref _page->On, 0, number);

    /// <summary>A loop: whether a connection may be one of those that are recorded.</summary>
    /// <param name="number">The recording that it is for.</param>
    public bool TryTakeConnection(int number) =>
        Number == number && Volatile.Read(ref _page->Connections) < _page->Terms.ConnectionsMax
        && Interlocked.Increment(ref _page->Connections) <= _page->Terms.ConnectionsMax;

    /// <summary>A loop: whether so many bytes more may be taken.</summary>
    /// <param name="number">The recording that they are for.</param>
    /// <param name="bytes">How many.</param>
    public bool TryTakeBytes(int number, int bytes) =>
        Number == number && Interlocked.Add(ref _page->Bytes, bytes) <= _page->Terms.BytesMax;

    /// <summary>How it lies in memory.</summary>
    private struct Page
    {
        public int On;
        public int Last;
        public int Connections;
        public long Bytes;
        public RecordingTerms Terms;
    }
}

/// <summary>Which connections are recorded, and how much of them. Blittable, because it lies in shared memory. A value.</summary>
internal struct RecordingTerms
{
    /// <summary>The network of the clients.</summary>
    public AddressNetwork Network;

    /// <summary>It is only about clients of the network.</summary>
    public bool HasNetwork;

    /// <summary>Name of the listener; empty = any.</summary>
    public ShortText Listener;

    /// <summary>Name of the route that a request on it takes; empty = any.</summary>
    public ShortText Route;

    /// <summary>Name of the upstream, whose server connections are recorded; empty = those of clients are.</summary>
    public ShortText Upstream;

    /// <summary>Name of its server; empty = any.</summary>
    public ShortText Server;

    public int ConnectionsMax;

    public long BytesMax;

    /// <summary>Until when, in milliseconds since 1970-01-01 UTC.</summary>
    public long UntilWallMs;

    /// <summary>Bodies are wanted, too.</summary>
    public bool HasBodies;

    /// <summary>It is about server connections.</summary>
    public bool IsOfServers;
}
