using System;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace NativeProxy.Foundation;

/// <summary>
/// Random bytes that nobody can foresee, from the kernel (getrandom(2)): those of .NET come from OpenSSL, and the process ends where that is not
/// installed. Any thread.
/// </summary>
internal static unsafe partial class SystemRandom
{
    /// <summary>The kernel fills so much at once, whatever signal comes.</summary>
    private const int BytesAtOnce = 256;

    /// <summary>Fills all of it.</summary>
    public static void Fill(Span<byte> target)
    {
        while (!target.IsEmpty)
        {
            Span<byte> part = target[..Math.Min(target.Length, BytesAtOnce)];
            if (!OperatingSystem.IsLinux() || !TryFill(part))
                RandomNumberGenerator.Fill(part);
            target = target[part.Length..];
        }
    }

    /// <summary>So many of them.</summary>
    public static byte[] GetBytes(int count)
    {
        byte[] bytes = new byte[count];
        Fill(bytes);
        return bytes;
    }

    private static bool TryFill(Span<byte> part)
    {
        fixed (byte* bytes = part)
            return CallGetRandom(bytes, (nuint)part.Length, flags: 0) == part.Length;
    }

    [LibraryImport("libc", EntryPoint = "getrandom")]
    private static partial nint CallGetRandom(byte* target, nuint bytes, uint flags);
}
