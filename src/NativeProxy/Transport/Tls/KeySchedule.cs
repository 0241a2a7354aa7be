using System;
using System.Buffers.Binary;
using System.Security.Cryptography;
using NativeProxy.Foundation;

namespace NativeProxy.Transport.Tls;

/// <summary>What TLS 1.3 makes of a traffic secret: the key and the vector of one direction, and the next secret (RFC 8446 7). Stateless.</summary>
internal static unsafe class KeySchedule
{
    /// <summary>Of the longest hash.</summary>
    public const int SecretBytesMax = 48;

    /// <summary>The longest is "tls13 traffic upd".</summary>
    private const int LabelBytesMax = 18;

    private static ReadOnlySpan<byte> LabelPrefix => "tls13 "u8;

    /// <summary>Key and vector of a secret (RFC 8446 7.3).</summary>
    /// <param name="suite">Whose hash.</param>
    /// <param name="secret">The secret, as long as the hash.</param>
    /// <param name="key">Filled.</param>
    /// <param name="vector">Filled.</param>
    public static void MakeKey(RecordSuite suite, ReadOnlySpan<byte> secret, Span<byte> key, Span<byte> vector)
    {
        Expand(suite, secret, "key"u8, key);

        // HMAC has the secret still.
        Expand(suite, [], "iv"u8, vector);
    }

    /// <summary>The secret behind a secret (RFC 8446 7.2).</summary>
    /// <param name="suite">Whose hash.</param>
    /// <param name="secret">The secret, as long as the hash.</param>
    /// <param name="next">Filled; as long.</param>
    public static void MakeNext(RecordSuite suite, ReadOnlySpan<byte> secret, Span<byte> next) => Expand(suite, secret, "traffic upd"u8, next);

    /// <summary>HKDF-Expand-Label with an empty context (RFC 8446 7.1), for as much as one block of the hash gives (RFC 5869 2.3).</summary>
    /// <param name="suite">Whose hash.</param>
    /// <param name="secret">The secret, as long as the hash; empty = that of the call before.</param>
    /// <param name="label">Without "tls13 "; at most 12 bytes.</param>
    /// <param name="target">Filled; at most as long as the hash.</param>
    private static void Expand(RecordSuite suite, ReadOnlySpan<byte> secret, ReadOnlySpan<byte> label, Span<byte> target)
    {
        Span<byte> info = stackalloc byte[sizeof(ushort) + 1 + LabelBytesMax + 1 + 1];
        BinaryPrimitives.WriteUInt16BigEndian(info, (ushort)target.Length);
        int length = sizeof(ushort);
        info[length++] = (byte)(LabelPrefix.Length + label.Length);
        LabelPrefix.CopyTo(info[length..]);
        length += LabelPrefix.Length;
        label.CopyTo(info[length..]);
        length += label.Length;
        info[length++] = 0;
        info[length++] = 1;
        Span<byte> block = stackalloc byte[SecretBytesMax];
        nuint made = 0;
        fixed (byte* key = secret, message = info, bytes = block)
        {
            bool isMade = CipherCalls.BeginMac(suite.Mac, key, (nuint)secret.Length, null) == 1
                && CipherCalls.UpdateMac(suite.Mac, message, (nuint)length) == 1
                && CipherCalls.EndMac(suite.Mac, bytes, &made, SecretBytesMax) == 1;
            Check.That(isMade && (int)made == suite.HashBytes, "OpenSSL makes no key");
        }
        block[..target.Length].CopyTo(target);
        CryptographicOperations.ZeroMemory(block);
    }
}
