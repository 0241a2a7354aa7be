using System;
using System.Security.Cryptography;

namespace NativeProxy.Credentials;

/// <summary>What the hashes of crypt(3) over MD5 and over SHA have in common. Pure.</summary>
internal static class CryptRounds
{
    /// <summary>Sums a digest up again and again with password and salt, in an order that changes with every round.</summary>
    /// <param name="sum">Makes the digests; empty before and after.</param>
    /// <param name="digest">The first one; becomes the last one.</param>
    /// <param name="password">The password, or what stands for it.</param>
    /// <param name="salt">The salt, or what stands for it.</param>
    /// <param name="count">How many rounds.</param>
    public static void Run(IncrementalHash sum, Span<byte> digest, ReadOnlySpan<byte> password, ReadOnlySpan<byte> salt, int count)
    {
        for (int i = 0; i < count; i++)
        {
            bool isOdd = (i & 1) != 0;
            sum.AppendData(isOdd ? password : digest);
            if (i % 3 != 0)
                sum.AppendData(salt);
            if (i % 7 != 0)
                sum.AppendData(password);
            sum.AppendData(isOdd ? digest : password);
            sum.GetHashAndReset(digest);
        }
    }

    /// <summary>Adds a digest, as often as it takes and the last time not all of it.</summary>
    /// <param name="sum">To what.</param>
    /// <param name="digest">The digest.</param>
    /// <param name="bytes">How many bytes are added.</param>
    public static void AppendRepeated(IncrementalHash sum, ReadOnlySpan<byte> digest, int bytes)
    {
        for (; bytes > 0; bytes -= digest.Length)
            sum.AppendData(digest[..Math.Min(bytes, digest.Length)]);
    }
}
