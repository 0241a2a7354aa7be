using System;
using System.Buffers;
using System.Buffers.Binary;
using System.IO;

namespace NativeProxy.Tests.Layers;

/// <summary>Reads along what a client sends in records, with the keys that its server knows, byte by byte as it goes.</summary>
internal sealed class RecordTap(RecordSession server)
{
    private readonly ArrayBufferWriter<byte> _record = new();
    private RecordCipher? _cipher;

    /// <summary>True when a part of a record has gone.</summary>
    public bool HasPart => _record.WrittenCount > 0;

    /// <summary>Takes bytes of the wire; returns the data in them. Throws for a record that is not the one due.</summary>
    public byte[] Feed(ReadOnlySpan<byte> wire)
    {
        var data = new ArrayBufferWriter<byte>();
        while (!wire.IsEmpty)
        {
            int before = _record.WrittenCount;
            int wanted = before < RecordSession.HeaderBytes ? RecordSession.HeaderBytes : RecordSession.HeaderBytes + Length;
            int count = Math.Min(wire.Length, wanted - before);
            _record.Write(wire[..count]);
            wire = wire[count..];
            if (before >= RecordSession.HeaderBytes && RecordSession.IsData(_record.WrittenSpan[0]))
                OpenPart(before, data);
            if (_record.WrittenCount >= RecordSession.HeaderBytes && _record.WrittenCount == RecordSession.HeaderBytes + Length)
                EndRecord();
        }
        return data.WrittenSpan.ToArray();
    }

    private int Length => BinaryPrimitives.ReadUInt16BigEndian(_record.WrittenSpan[1..]);

    private RecordCipher Cipher => _cipher ??= new RecordCipher(server.ClientKey);

    private void OpenPart(int from, ArrayBufferWriter<byte> data)
    {
        byte[] part = _record.WrittenSpan[from..].ToArray();
        Cipher.OpenPart(from - RecordSession.HeaderBytes, part);
        data.Write(part);
    }

    private void EndRecord()
    {
        byte[] record = _record.WrittenSpan.ToArray();
        _record.ResetWrittenCount();
        if (!RecordSession.IsSealed(record[0]))
            return;
        if (!Cipher.TryOpen(record[0], record.AsSpan(RecordSession.HeaderBytes), BinaryPrimitives.ReadUInt32BigEndian(record.AsSpan(3))))
            throw new InvalidDataException("the proxy sends a record that cannot be opened");
    }
}
