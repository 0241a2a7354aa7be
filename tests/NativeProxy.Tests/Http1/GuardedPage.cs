using System;
using System.Runtime.InteropServices;

namespace NativeProxy.Tests.Http1;

/// <summary>
/// One readable block between two unreadable pages. Input placed at either edge makes any read outside of it a crash
/// of the test process instead of an unnoticed luck.
/// </summary>
internal sealed unsafe partial class GuardedPage : IDisposable
{
    private const int PageBytes = 64 * 1024; // a multiple of every page size in use
    private const int ProtectNone = 0;
    private const int ProtectReadWrite = 3;
    private const int MapPrivateAnonymous = 0x22;

    private readonly byte* _mapping;

    public GuardedPage()
    {
        _mapping = (byte*)Map(null, 3 * PageBytes, ProtectNone, MapPrivateAnonymous, -1, 0);
        if ((nint)_mapping == -1 || Protect(_mapping + PageBytes, PageBytes, ProtectReadWrite) != 0)
            throw new InvalidOperationException("no memory to guard");
    }

    public static bool IsSupported => OperatingSystem.IsLinux();

    /// <summary>A copy whose last byte is the last readable one.</summary>
    public ReadOnlySpan<byte> AtEnd(ReadOnlySpan<byte> input)
    {
        Span<byte> place = new(_mapping + (2 * PageBytes) - input.Length, input.Length);
        input.CopyTo(place);
        return place;
    }

    /// <summary>A copy whose first byte is the first readable one.</summary>
    public ReadOnlySpan<byte> AtStart(ReadOnlySpan<byte> input)
    {
        Span<byte> place = new(_mapping + PageBytes, input.Length);
        input.CopyTo(place);
        return place;
    }

    public void Dispose() => _ = Unmap(_mapping, 3 * PageBytes);

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial void* Map(void* address, nuint bytes, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(void* address, nuint bytes, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(void* address, nuint bytes);
}
