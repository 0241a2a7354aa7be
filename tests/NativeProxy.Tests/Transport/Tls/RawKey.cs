using System;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace NativeProxy.Tests.Transport.Tls;

/// <summary>
/// The key of one direction of TLS 1.3 (RFC 8446 5.2, 5.3 and 7.3), made and used by .NET's own classes only: nothing of the product's code is in
/// it. Seals whatever it is told, lawful or not.
/// </summary>
internal sealed class RawKey(string suite, byte[] firstSecret)
{
    public const int HeaderBytes = 5;
    public const int TagBytes = 16;
    public const byte SealedType = 23;

    private const int VectorBytes = 12;

    private byte[] _secret = firstSecret;

    /// <summary>The number of the next record.</summary>
    public ulong Sequence { get; set; }

    /// <summary>HKDF-Expand-Label with an empty context (RFC 8446 7.1).</summary>
    public static byte[] Expand(HashAlgorithmName hash, byte[] secret, string label, int bytes)
    {
        byte[] name = Encoding.ASCII.GetBytes("tls13 " + label);
        return HKDF.Expand(hash, secret, bytes, [(byte)(bytes >> 8), (byte)bytes, (byte)name.Length, .. name, 0]);
    }

    /// <summary>The same key at the same place.</summary>
    public RawKey Copy() => new(suite, _secret) { Sequence = Sequence };

    /// <summary>The next key (RFC 8446 7.2).</summary>
    public void Update()
    {
        _secret = Expand(Hash, _secret, "traffic upd", _secret.Length);
        Sequence = 0;
    }

    /// <summary>A record with so many zeros behind its type.</summary>
    public byte[] Seal(byte type, ReadOnlySpan<byte> content, int padding = 0) => SealInner([.. content, type, .. new byte[padding]]);

    /// <summary>A record of exactly this text, its type and padding included.</summary>
    /// <param name="inner">What is sealed.</param>
    /// <param name="version">As its header has it.</param>
    public byte[] SealInner(ReadOnlySpan<byte> inner, ushort version = 0x0303)
    {
        byte[] record = new byte[HeaderBytes + inner.Length + TagBytes];
        record[0] = SealedType;
        BinaryPrimitives.WriteUInt16BigEndian(record.AsSpan(1), version);
        BinaryPrimitives.WriteUInt16BigEndian(record.AsSpan(3), (ushort)(inner.Length + TagBytes));
        Span<byte> body = record.AsSpan(HeaderBytes, inner.Length);
        Span<byte> tag = record.AsSpan(HeaderBytes + inner.Length);
        ReadOnlySpan<byte> header = record.AsSpan(0, HeaderBytes);
        if (suite.Contains("CHACHA20", StringComparison.Ordinal))
        {
            using var chacha = new ChaCha20Poly1305(Key());
            chacha.Encrypt(NextNonce(), inner, body, tag, header);
        }
        else if (suite.Contains("CCM", StringComparison.Ordinal))
        {
            using var ccm = new AesCcm(Key());
            ccm.Encrypt(NextNonce(), inner, body, tag, header);
        }
        else
        {
            using var gcm = new AesGcm(Key(), TagBytes);
            gcm.Encrypt(NextNonce(), inner, body, tag, header);
        }
        return record;
    }

    /// <summary>Content and true type of a record, without padding; throws when it is not as it was sealed.</summary>
    public (byte Type, byte[] Content) Open(ReadOnlySpan<byte> record)
    {
        byte[] inner = new byte[record.Length - HeaderBytes - TagBytes];
        ReadOnlySpan<byte> body = record[HeaderBytes..^TagBytes];
        ReadOnlySpan<byte> tag = record[^TagBytes..];
        ReadOnlySpan<byte> header = record[..HeaderBytes];
        if (suite.Contains("CHACHA20", StringComparison.Ordinal))
        {
            using var chacha = new ChaCha20Poly1305(Key());
            chacha.Decrypt(NextNonce(), body, tag, inner, header);
        }
        else if (suite.Contains("CCM", StringComparison.Ordinal))
        {
            using var ccm = new AesCcm(Key());
            ccm.Decrypt(NextNonce(), body, tag, inner, header);
        }
        else
        {
            using var gcm = new AesGcm(Key(), TagBytes);
            gcm.Decrypt(NextNonce(), body, tag, inner, header);
        }
        int length = inner.AsSpan().LastIndexOfAnyExcept((byte)0);
        return (inner[length], inner[..length]);
    }

    private HashAlgorithmName Hash => suite.EndsWith("SHA384", StringComparison.Ordinal) ? HashAlgorithmName.SHA384 : HashAlgorithmName.SHA256;

    private byte[] Key() => Expand(Hash, _secret, "key", suite.Contains("AES_128", StringComparison.Ordinal) ? 16 : 32);

    private byte[] NextNonce()
    {
        byte[] nonce = Expand(Hash, _secret, "iv", VectorBytes);
        Span<byte> low = nonce.AsSpan(VectorBytes - sizeof(ulong));
        BinaryPrimitives.WriteUInt64BigEndian(low, BinaryPrimitives.ReadUInt64BigEndian(low) ^ Sequence++);
        return nonce;
    }
}
