using System;
using System.Buffers.Text;
using System.Collections.Generic;
using System.Security.Cryptography;
using System.Text;

namespace NativeProxy.Certificates;

/// <summary>
/// Splits a PEM file (RFC 7468) into its blocks, in any order; text between them is ignored. Tells of every block that cannot be read, and of a file
/// that is none. Pure.
/// </summary>
internal static class PemText
{
    private const string Encrypted = "the private key is encrypted, and no password can be given";

    /// <summary>The blocks that can be read; what cannot is told and left out.</summary>
    /// <param name="path">Of the file, for messages.</param>
    /// <param name="bytes">The whole file.</param>
    /// <param name="findings">What is wrong.</param>
    public static List<PemBlock> Read(string path, ReadOnlySpan<byte> bytes, List<CertificateFinding> findings)
    {
        List<PemBlock> blocks = [];
        int number = 0;
        int line = 1;
        int at = 0;
        while (bytes[at..].IndexOf("-----BEGIN "u8) is var begin and >= 0)
        {
            begin += at;
            line += bytes[at..begin].Count((byte)'\n');
            at = begin + "-----BEGIN "u8.Length;
            number++;
            if (EndOf(bytes, at, out string label) is not { } end)
            {
                findings.Add(new CertificateFinding($"{path}:{line}: block {number} ({Shown(label)}) has no END", "is the file cut off?"));
                continue;
            }
            ReadBlock(bytes[begin..end], new PemBlock(path, label, number, line, []), blocks, findings);
            line += bytes[at..end].Count((byte)'\n');
            at = end;
        }
        if (number == 0)
            findings.Add(NoBlock(path, bytes));
        return blocks;
    }

    /// <summary>Zeroes the keys among the blocks.</summary>
    public static void ClearKeys(List<PemBlock> blocks)
    {
        foreach (PemBlock block in blocks)
        {
            if (block.IsKey)
                CryptographicOperations.ZeroMemory(block.Der);
        }
    }

    /// <summary>Where the block ends whose label begins here; null when it does not, or another one begins before.</summary>
    private static int? EndOf(ReadOnlySpan<byte> bytes, int labelAt, out string label)
    {
        ReadOnlySpan<byte> rest = bytes[labelAt..];
        int length = rest.IndexOf("-----"u8);
        label = length is < 0 or > 100 ? "" : Encoding.ASCII.GetString(rest[..length]);
        if (label.Length == 0)
            return null;
        byte[] ending = Encoding.ASCII.GetBytes($"-----END {label}-----");
        int end = rest.IndexOf(ending);
        int next = rest.IndexOf("-----BEGIN "u8);
        return end < 0 || (next >= 0 && next < end) ? null : labelAt + end + ending.Length;
    }

    private static void ReadBlock(ReadOnlySpan<byte> text, PemBlock block, List<PemBlock> blocks, List<CertificateFinding> findings)
    {
        if (block.Label == "ENCRYPTED PRIVATE KEY" || text.IndexOf("Proc-Type: 4,ENCRYPTED"u8) >= 0)
        {
            findings.Add(new CertificateFinding($"{block.Place}: {Encrypted}", $"`openssl pkey -in {block.Path} -out NEW` writes it without one"));
            return;
        }
        if (!PemEncoding.TryFindUtf8(text, out PemFields fields))
        {
            findings.Add(new CertificateFinding($"{block.Place} ({Shown(block.Label)}) is not base64", "was it copied in part?"));
            return;
        }
        byte[] der = new byte[fields.DecodedDataLength];
        Base64.DecodeFromUtf8(text[fields.Base64Data], der, out _, out _);
        blocks.Add(block with { Der = der });
    }

    private static CertificateFinding NoBlock(string path, ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
            return new CertificateFinding($"{path} is empty");
        return bytes[0] == 0x30
            ? new CertificateFinding($"{path} is DER or PKCS #12, not PEM",
                $"`openssl x509 -inform der -in {path}` writes a certificate as PEM, `openssl pkcs12 -nodes -in {path}` all of a PKCS #12 file")
            : new CertificateFinding($"{path} has no PEM block: there is no line \"-----BEGIN ...-----\" in it");
    }

    private static string Shown(string label) => label.Length == 0 ? "without a label" : label;
}
