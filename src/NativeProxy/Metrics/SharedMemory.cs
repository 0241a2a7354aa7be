using System;
using System.IO;
using System.Runtime.InteropServices;

namespace NativeProxy.Metrics;

/// <summary>
/// A block of zeroed memory that begins on a cache line: of this process only, or shared by supervisor and workers. Shared memory has no
/// path (memfd_create): it goes to another process by its descriptor, nobody can remove or change it from outside, and it is gone with the
/// last process that has it. The one place where such memory is made and attached. Owner: the board that lays it out. Never synchronises;
/// dispose it after everybody has stopped using <see cref="Start"/>. Shared memory: Linux.
/// </summary>
internal sealed unsafe partial class SharedMemory : IDisposable
{
    public const int LineBytes = 64;

    private const uint CloseOnExec = 1;
    private const int ReadAndWrite = 1 | 2;
    private const int MapShared = 1;
    private const int SeekEnd = 2;
    private const int None = -1;

    private void* _native;
    private bool _isDisposed;

    private SharedMemory(long bytes)
    {
        LengthBytes = bytes;
        Descriptor = None;

        // Zeroed by the system page by page when touched: what is never used costs nothing.
        _native = NativeMemory.AllocZeroed((nuint)(bytes + LineBytes));
        Start = (byte*)(((nuint)_native + LineBytes - 1) & ~(nuint)(LineBytes - 1));
    }

    private SharedMemory(byte* mapped, long bytes, int ownedDescriptor)
    {
        Start = mapped;
        LengthBytes = bytes;
        Descriptor = ownedDescriptor;
    }

    public byte* Start { get; }

    public long LengthBytes { get; }

    /// <summary>What another process attaches to, for the one who made it; closed on exec and by <see cref="Dispose"/>. -1 elsewhere.</summary>
    public int Descriptor { get; private set; }

    /// <summary>Memory of this process only.</summary>
    public static SharedMemory CreatePrivate(long bytes) => new(bytes);

    /// <summary>Memory that other processes can attach to. Throws <see cref="IOException"/> when the system gives none.</summary>
    /// <param name="name">What a look at the process's descriptors shows; need not be unique.</param>
    /// <param name="bytes">Size.</param>
    public static SharedMemory CreateShared(string name, long bytes)
    {
        int descriptor = CallCreate(name, CloseOnExec);
        if (descriptor < 0)
            throw Failure("made");
        if (CallResize(descriptor, bytes) != 0)
        {
            IOException failure = Failure("made");
            CallClose(descriptor);
            throw failure;
        }
        return new SharedMemory(Map(descriptor, bytes), bytes, descriptor);
    }

    /// <summary>
    /// Maps what another process made. The descriptor stays the caller's and may be closed afterwards. Throws <see cref="InvalidDataException"/>
    /// when it holds less than one line or is no memory at all, <see cref="IOException"/> when it cannot be mapped.
    /// </summary>
    public static SharedMemory Attach(int descriptor)
    {
        long bytes = CallSeek(descriptor, 0, SeekEnd);
        return bytes >= LineBytes ? new SharedMemory(Map(descriptor, bytes), bytes, None) : throw new InvalidDataException("the board is too short");
    }

    public void Dispose()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        if (_native is not null)
        {
            NativeMemory.Free(_native);
            _native = null;
            return;
        }
        CallUnmap(Start, (nuint)LengthBytes);
        if (Descriptor != None)
            CallClose(Descriptor);
        Descriptor = None;
    }

    private static byte* Map(int descriptor, long bytes)
    {
        void* mapped = CallMap(null, (nuint)bytes, ReadAndWrite, MapShared, descriptor, 0);
        return mapped == (void*)-1 ? throw Failure("mapped") : (byte*)mapped;
    }

    private static IOException Failure(string what) =>
        new($"shared memory cannot be {what}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");

    [LibraryImport("libc", EntryPoint = "memfd_create", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int CallCreate(string name, uint flags);

    [LibraryImport("libc", EntryPoint = "ftruncate", SetLastError = true)]
    private static partial int CallResize(int descriptor, long bytes);

    [LibraryImport("libc", EntryPoint = "lseek", SetLastError = true)]
    private static partial long CallSeek(int descriptor, long offset, int origin);

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial void* CallMap(void* address, nuint bytes, int protection, int flags, int descriptor, long offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int CallUnmap(void* address, nuint bytes);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int CallClose(int descriptor);
}
