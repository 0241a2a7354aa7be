using System;
using System.Buffers.Binary;
using System.IO;
using System.Threading;
using NativeProxy.Foundation;
using NativeProxy.Metrics;

namespace NativeProxy.Caching;

/// <summary>
/// What tells the caches of all workers that a resource was changed: a table of stamps in memory that the workers share, in which each key
/// has a place by its hash. A change moves the stamp of its place; a response that was asked for under another stamp is neither kept nor
/// served. Keys may share a place: then one change too many costs one response each. Any thread and process; a look is one read. Owner: the
/// host; dispose it after all loops have ended.
/// </summary>
internal sealed unsafe class ChangeBoard : IDisposable
{
    /// <summary>A power of two; half a megabyte, of which the system gives what is touched.</summary>
    public const int PlaceCount = 1 << 16;

    private const long Magic = 0x0048_4358_5250_544E;

    private readonly SharedMemory _memory;
    private readonly long* _stamps;

    private ChangeBoard(SharedMemory memory)
    {
        _memory = memory;
        long* head = (long*)memory.Start;
        Hash = new KeyHash((ulong)head[1], (ulong)head[2]);
        _stamps = head + (SharedMemory.LineBytes / sizeof(long));
    }

    /// <summary>Hashes keys under the secret of the board: all workers agree on the place of a key, and nobody outside can tell it.</summary>
    public KeyHash Hash { get; }

    /// <summary>What <see cref="Attach"/> takes; -1 when the memory is this process's own.</summary>
    public int Descriptor => _memory.Descriptor;

    private static long BoardBytes => SharedMemory.LineBytes + ((long)PlaceCount * sizeof(long));

    /// <summary>Stamps of this process only.</summary>
    public static ChangeBoard CreatePrivate() => Begin(SharedMemory.CreatePrivate(BoardBytes));

    /// <summary>Stamps that other processes can attach to; errors as with <see cref="SharedMemory.CreateShared"/>.</summary>
    public static ChangeBoard CreateShared() => Begin(SharedMemory.CreateShared("nativeproxy-cache-changes", BoardBytes));

    /// <summary>Maps a board that another process made. Throws <see cref="InvalidDataException"/> when it is none of this build.</summary>
    public static ChangeBoard Attach(int descriptor)
    {
        SharedMemory memory = SharedMemory.Attach(descriptor);
        if (((long*)memory.Start)[0] == Magic && memory.LengthBytes >= BoardBytes)
            return new ChangeBoard(memory);
        memory.Dispose();
        throw new InvalidDataException("the board of cache changes was made by another build");
    }

    /// <summary>The stamp of a key's place now.</summary>
    public long StampOf(ulong hash) => Volatile.Read(ref PlaceOf(hash));

    /// <summary>What the key stands for was changed: whatever was asked for before is outdated, in every worker, from now on.</summary>
    public void Note(ulong hash) => Interlocked.Increment(ref PlaceOf(hash));

    public void Dispose() => _memory.Dispose();

    private static ChangeBoard Begin(SharedMemory memory)
    {
        Span<byte> secret = stackalloc byte[16];
        SystemRandom.Fill(secret);
        long* head = (long*)memory.Start;
        head[1] = BinaryPrimitives.ReadInt64LittleEndian(secret);
        head[2] = BinaryPrimitives.ReadInt64LittleEndian(secret[8..]);
        head[0] = Magic;
        return new ChangeBoard(memory);
    }

    private ref long PlaceOf(ulong hash) => ref _stamps[(hash >> 32) & (PlaceCount - 1)];
}
