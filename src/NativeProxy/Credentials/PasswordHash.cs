using System;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace NativeProxy.Credentials;

/// <summary>
/// Whether a password has a hash: bcrypt, the SHA hashes of crypt(3), the MD5 hashes of htpasswd. Takes milliseconds up to seconds, so never on a
/// loop; as long for a wrong password as for the right one. Pure; any thread.
/// </summary>
internal static class PasswordHash
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <param name="hash">Of settings that were checked.</param>
    /// <param name="password">As the client says it.</param>
    public static bool Matches(string hash, ReadOnlySpan<byte> password)
    {
        string[] parts = hash.Split('$');
        Span<byte> wanted = stackalloc byte[128];
        Span<byte> found = stackalloc byte[128];
        wanted = wanted[..Encoding.ASCII.GetBytes(parts[^1], wanted)];
        found = found[..wanted.Length];
        if (parts[1] is "2a" or "2b" or "2y")
            return MatchesBcrypt(hash, password);
        byte[] salt = Encoding.ASCII.GetBytes(parts[^2]);
        if (parts[1] is "5" or "6")
        {
            int rounds = parts.Length == 5 ? int.Parse(parts[2].AsSpan("rounds=".Length), CultureInfo.InvariantCulture) : ShaCrypt.RoundsDefault;
            ShaCrypt.Write(parts[1] == "5" ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA512, password, salt, rounds, found);
        }
        else
        {
            Md5Crypt.Write(Encoding.ASCII.GetBytes($"${parts[1]}$"), password, salt, found);
        }
        return CryptographicOperations.FixedTimeEquals(found, wanted);
    }

    /// <summary>The library takes text; bytes that are none are no password of anybody.</summary>
    private static bool MatchesBcrypt(string hash, ReadOnlySpan<byte> password)
    {
        try
        {
            return BCrypt.Net.BCrypt.Verify(StrictUtf8.GetString(password), hash);
        }
        catch (Exception failure) when (failure is ArgumentException or BCrypt.Net.SaltParseException)
        {
            return false;
        }
    }
}
