using System;
using System.Security.Cryptography;

namespace NativeProxy.Credentials;

/// <summary>
/// The hashes $5$ and $6$ of crypt(3) ("Unix crypt using SHA-256 and SHA-512", U. Drepper, 2007). Pure; takes as long as the rounds say.
/// </summary>
internal static class ShaCrypt
{
    /// <summary>Rounds where a hash names none.</summary>
    public const int RoundsDefault = 5000;

    private const int DigestBytesMax = 64;

    /// <summary>Writes the hash of a password behind its salt.</summary>
    /// <param name="algorithm">SHA-256 or SHA-512.</param>
    /// <param name="password">The password.</param>
    /// <param name="salt">At most 16 letters.</param>
    /// <param name="rounds">From 1000.</param>
    /// <param name="hash">86 letters for SHA-512, 43 for SHA-256.</param>
    public static void Write(HashAlgorithmName algorithm, ReadOnlySpan<byte> password, ReadOnlySpan<byte> salt, int rounds, Span<byte> hash)
    {
        using var sum = IncrementalHash.CreateHash(algorithm);
        int bytes = sum.HashLengthInBytes;
        Span<byte> digest = stackalloc byte[DigestBytesMax];
        digest = digest[..bytes];
        sum.AppendData(password);
        sum.AppendData(salt);
        sum.AppendData(password);
        sum.GetHashAndReset(digest);
        sum.AppendData(password);
        sum.AppendData(salt);
        CryptRounds.AppendRepeated(sum, digest, password.Length);
        for (int bits = password.Length; bits > 0; bits >>= 1)
            sum.AppendData((bits & 1) != 0 ? digest : password);
        sum.GetHashAndReset(digest);

        Span<byte> once = stackalloc byte[DigestBytesMax];
        once = once[..bytes];
        for (int i = 0; i < password.Length; i++)
            sum.AppendData(password);
        sum.GetHashAndReset(once);
        byte[] passwords = Repeated(once, password.Length);
        for (int i = 0; i < 16 + digest[0]; i++)
            sum.AppendData(salt);
        sum.GetHashAndReset(once);
        byte[] salts = Repeated(once, salt.Length);

        CryptRounds.Run(sum, digest, passwords, salts, rounds);
        CryptographicOperations.ZeroMemory(passwords);
        Encode(digest, hash);
    }

    /// <summary>Three bytes by three, from places that change theirs with every step.</summary>
    private static void Encode(ReadOnlySpan<byte> digest, Span<byte> hash)
    {
        bool isLong = digest.Length == DigestBytesMax;
        int third = digest.Length / 3;
        (int a, int b, int c) = (0, third, 2 * third);
        for (int i = 0; i < third; i++)
        {
            hash = CryptBase64.Write(hash, digest[a], digest[b], digest[c]);
            (a, b, c) = isLong ? (b + 1, c + 1, a + 1) : (c + 1, a + 1, b + 1);
        }
        if (isLong)
            CryptBase64.Write(hash, 0, 0, digest[63], letters: 2);
        else
            CryptBase64.Write(hash, 0, digest[31], digest[30], letters: 3);
    }

    private static byte[] Repeated(ReadOnlySpan<byte> digest, int bytes)
    {
        byte[] all = new byte[bytes];
        for (int i = 0; i < bytes; i++)
            all[i] = digest[i % digest.Length];
        return all;
    }
}
