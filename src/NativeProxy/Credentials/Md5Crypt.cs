using System;
using System.Security.Cryptography;

namespace NativeProxy.Credentials;

/// <summary>
/// The hashes $apr1$ of htpasswd and $1$ of crypt(3) (P.-H. Kamp's MD5 crypt): what many files of users are still made of. Pure.
/// </summary>
internal static class Md5Crypt
{
    private const int Rounds = 1000;
    private const int DigestBytes = 16;

    /// <summary>Writes the hash of a password behind its salt.</summary>
    /// <param name="prefix">"$apr1$" or "$1$".</param>
    /// <param name="password">The password.</param>
    /// <param name="salt">At most 8 letters.</param>
    /// <param name="hash">22 letters.</param>
    public static void Write(ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> password, ReadOnlySpan<byte> salt, Span<byte> hash)
    {
        using var sum = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
        Span<byte> digest = stackalloc byte[DigestBytes];
        sum.AppendData(password);
        sum.AppendData(salt);
        sum.AppendData(password);
        sum.GetHashAndReset(digest);
        sum.AppendData(password);
        sum.AppendData(prefix);
        sum.AppendData(salt);
        CryptRounds.AppendRepeated(sum, digest, password.Length);
        for (int bits = password.Length; bits > 0; bits >>= 1)
            sum.AppendData((bits & 1) != 0 ? "\0"u8 : password[..1]);
        sum.GetHashAndReset(digest);
        CryptRounds.Run(sum, digest, password, salt, Rounds);
        for (int i = 0; i < 5; i++)
            hash = CryptBase64.Write(hash, digest[i], digest[i + 6], digest[i == 4 ? 5 : i + 12]);
        CryptBase64.Write(hash, 0, 0, digest[11], letters: 2);
    }
}
