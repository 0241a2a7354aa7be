using System;
using System.Buffers;
using System.Buffers.Text;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;

namespace NativeProxy.Certificates;

/// <summary>
/// A key for session tickets, as nginx and HAProxy have it: 48 bytes are a name of 16, 16 for AES and 16 for HMAC; 80 are a name of 16, 32 for HMAC
/// and 32 for AES.
/// </summary>
/// <param name="Bytes">48 or 80.</param>
internal readonly record struct TicketKey(byte[] Bytes)
{
    /// <summary>The name in front of each ticket.</summary>
    public ReadOnlyMemory<byte> Name => Bytes.AsMemory(0, TicketKeyFile.NameBytes);
}

/// <summary>
/// Reads a file of keys for session tickets: one key of 48 or 80 bytes, or a line of base64 for each. The first one encrypts, the others only
/// decrypt. Pure.
/// </summary>
internal static class TicketKeyFile
{
    /// <summary>Of a key that encrypts with AES-256.</summary>
    public const int LongBytes = 80;

    /// <summary>Of the name of a key.</summary>
    public const int NameBytes = 16;

    /// <summary>Of a key that encrypts with AES-128.</summary>
    private const int ShortBytes = 48;

    /// <summary>Each ticket is compared with all of them.</summary>
    private const int KeysMax = 32;

    private const string Hint = "48 or 80 random bytes, or a line for each key, as `openssl rand -base64 80 | tr -d '\\n'` writes it";

    /// <summary>False when the file cannot be used; the findings say why.</summary>
    /// <param name="path">Of the file.</param>
    /// <param name="bytes">All of it.</param>
    /// <param name="keys">The keys, in the order of the file.</param>
    /// <param name="findings">What is wrong.</param>
    public static bool TryRead(string path, ReadOnlySpan<byte> bytes, out List<TicketKey> keys, List<CertificateFinding> findings)
    {
        int before = findings.Count;
        keys = [];
        if (IsLength(bytes.Length))
            keys.Add(new TicketKey(bytes.ToArray()));
        else
            ReadLines(path, bytes, keys, findings);
        if (keys.Count == 0 && findings.Count == before)
            findings.Add(new CertificateFinding($"{path} has no key for tickets", Hint));
        if (keys.Count > KeysMax)
            findings.Add(new CertificateFinding($"{path} has {keys.Count} keys for tickets", $"at most {KeysMax}"));
        if (keys.DistinctBy(static key => Convert.ToHexString(key.Name.Span)).Count() < keys.Count)
            findings.Add(new CertificateFinding($"{path}: two keys for tickets have one name, their first 16 bytes", "random bytes for each key"));
        return findings.Count == before;
    }

    private static void ReadLines(string path, ReadOnlySpan<byte> bytes, List<TicketKey> keys, List<CertificateFinding> findings)
    {
        Span<byte> room = stackalloc byte[LongBytes];
        int number = 0;
        foreach (Range range in bytes.Split((byte)'\n'))
        {
            number++;
            ReadOnlySpan<byte> line = bytes[range].Trim(" \t\r"u8);
            if (line.IsEmpty)
                continue;
            if (Base64.DecodeFromUtf8(line, room, out _, out int count) == OperationStatus.Done && IsLength(count))
                keys.Add(new TicketKey(room[..count].ToArray()));
            else
                findings.Add(new CertificateFinding($"{path}:{number}: this is no key for tickets", Hint));
            if (findings.Count > KeysMax)
                break;
        }
        CryptographicOperations.ZeroMemory(room);
    }

    private static bool IsLength(int count) => count is ShortBytes or LongBytes;
}
