using System;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using NativeProxy.Foundation;

namespace NativeProxy.Transport.Tls;

/// <summary>
/// The key of one direction of a connection with TLS 1.3: opens or seals one record after the other, each with the number that it has (RFC 8446 5.2,
/// 5.3). The cipher is OpenSSL's. Owner: a <see cref="RecordStream"/> (a mutable struct: keep it in a field, never copy it). Thread: the loop.
/// </summary>
internal unsafe struct RecordKey
{
    /// <summary>Type, version and length.</summary>
    public const int HeaderBytes = 5;

    /// <summary>What proves a record to be whole.</summary>
    public const int TagBytes = 16;

    /// <summary>What a record has beside its content: header, the true type and the tag.</summary>
    public const int AddedBytes = HeaderBytes + 1 + TagBytes;

    /// <summary>The type that every sealed record shows (RFC 8446 5.2).</summary>
    public const byte SealedType = 23;

    private const int VectorBytes = 12;
    private const int KeyBytesMax = 32;

    private RecordSuite? _suite;
    private nint _cipher;
    private ulong _sequence;
    private Secret _secret;
    private Vector _vector;

    /// <summary>The secret is there: it may begin.</summary>
    public bool HasSecret { get; private set; }

    /// <summary>Records that this key has opened or sealed.</summary>
    public readonly ulong RecordCount => _sequence;

    /// <summary>Notes the first secret, before anything is known of the suite.</summary>
    /// <param name="hex">Its bytes in hexadecimal digits; what is no secret is ignored.</param>
    public void Note(ReadOnlySpan<byte> hex)
    {
        Span<byte> secret = _secret;
        secret.Clear();
        HasSecret = hex.Length <= 2 * KeySchedule.SecretBytesMax
            && Convert.FromHexString(hex, secret, out _, out _) == System.Buffers.OperationStatus.Done;
    }

    /// <summary>Begins with the noted secret.</summary>
    /// <param name="suite">Of the handshake.</param>
    /// <param name="seals">Which direction it is.</param>
    /// <param name="recordCount">Records that had this key before.</param>
    public void Begin(RecordSuite suite, bool seals, ulong recordCount)
    {
        _suite = suite;
        _cipher = CipherCalls.New();
        Check.That(_cipher != 0 && CipherCalls.Choose(_cipher, suite.Cipher, 0, null, null, seals ? 1 : 0) == 1, "OpenSSL begins no cipher");
        MakeKey();
        _sequence = recordCount;
    }

    /// <summary>The next key (RFC 8446 7.2).</summary>
    public void Update()
    {
        Span<byte> secret = SecretBytes;
        Span<byte> next = stackalloc byte[secret.Length];
        KeySchedule.MakeNext(_suite!, secret, next);
        next.CopyTo(secret);
        CryptographicOperations.ZeroMemory(next);
        MakeKey();
    }

    /// <summary>Seals a record.</summary>
    /// <param name="type">Its true type.</param>
    /// <param name="content">At most 2^14 bytes.</param>
    /// <param name="target">Takes it: <see cref="AddedBytes"/> more than the content.</param>
    public void Seal(byte type, ReadOnlySpan<byte> content, Span<byte> target)
    {
        target[0] = SealedType;
        target[1] = 3;
        target[2] = 3;
        BinaryPrimitives.WriteUInt16BigEndian(target[3..], (ushort)(content.Length + 1 + TagBytes));
        fixed (byte* source = content, record = target)
        {
            byte* body = record + HeaderBytes;
            byte* tag = body + content.Length + 1;
            int count;
            bool isDone = BeginRecord(record)
                & Update(body, source, content.Length)
                & CipherCalls.Update(_cipher, body + content.Length, &count, &type, 1) == 1
                & CipherCalls.End(_cipher, tag, &count) == 1
                & CipherCalls.Control(_cipher, CipherCalls.GetTag, TagBytes, tag) == 1;
            Check.That(isDone, "OpenSSL seals no record");
        }
    }

    /// <summary>Opens a record; false when it is not as it was sealed: then nothing of it may be used.</summary>
    /// <param name="record">All of it.</param>
    /// <param name="target">Takes its content, the true type and the padding: as many bytes as the record has without header and tag.</param>
    public bool TryOpen(ReadOnlySpan<byte> record, Span<byte> target)
    {
        int bytes = record.Length - HeaderBytes - TagBytes;
        fixed (byte* source = record, content = target[..bytes])
        {
            byte* body = source + HeaderBytes;
            int count;
            return BeginRecord(source)
                && Update(content, body, bytes)
                && CipherCalls.Control(_cipher, CipherCalls.SetTag, TagBytes, body + bytes) == 1
                && CipherCalls.End(_cipher, content + bytes, &count) == 1;
        }
    }

    /// <summary>Forgets everything.</summary>
    public void Release()
    {
        if (_cipher != 0)
            CipherCalls.Free(_cipher);
        Span<byte> secret = _secret;
        CryptographicOperations.ZeroMemory(secret);
        Span<byte> vector = _vector;
        CryptographicOperations.ZeroMemory(vector);
        _cipher = 0;
        _suite = null;
        _sequence = 0;
        HasSecret = false;
    }

    [UnscopedRef]
    private Span<byte> SecretBytes => ((Span<byte>)_secret)[.._suite!.HashBytes];

    /// <summary>Key and vector of the secret, for records from the first one on (RFC 8446 7.3).</summary>
    private void MakeKey()
    {
        Span<byte> key = stackalloc byte[KeyBytesMax];
        key = key[.._suite!.KeyBytes];
        KeySchedule.MakeKey(_suite, SecretBytes, key, _vector);
        fixed (byte* bytes = key)
            Check.That(CipherCalls.Begin(_cipher, 0, 0, bytes, null, -1) == 1, "OpenSSL takes no key");
        CryptographicOperations.ZeroMemory(key);
        _sequence = 0;
    }

    /// <summary>The next number goes into the vector; the header is authenticated with the content.</summary>
    private bool BeginRecord(byte* header)
    {
        byte* nonce = stackalloc byte[VectorBytes];
        ((ReadOnlySpan<byte>)_vector).CopyTo(new Span<byte>(nonce, VectorBytes));
        ulong* low = (ulong*)(nonce + VectorBytes - sizeof(ulong));
        *low ^= BinaryPrimitives.ReverseEndianness(_sequence++);
        int count;
        return CipherCalls.Begin(_cipher, 0, 0, null, nonce, -1) == 1 && CipherCalls.Update(_cipher, null, &count, header, HeaderBytes) == 1;
    }

    /// <summary>Long ones take microseconds, for which the collector is not made to wait.</summary>
    private readonly bool Update(byte* target, byte* source, int bytes)
    {
        const int ShortBytes = 1024;
        int count;
        return (bytes <= ShortBytes
            ? CipherCalls.Update(_cipher, target, &count, source, bytes)
            : CipherCalls.UpdateLong(_cipher, target, &count, source, bytes)) == 1;
    }

    /// <summary>Room for a secret.</summary>
    [InlineArray(KeySchedule.SecretBytesMax)]
    private struct Secret
    {
        private byte _first;
    }

    /// <summary>Room for a vector.</summary>
    [InlineArray(VectorBytes)]
    private struct Vector
    {
        private byte _first;
    }
}
