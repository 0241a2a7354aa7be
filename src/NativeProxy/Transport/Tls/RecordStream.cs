using System;
using System.Buffers.Binary;
using NativeProxy.Buffers;

namespace NativeProxy.Transport.Tls;

/// <summary>How a <see cref="RecordStream"/> is.</summary>
internal enum RecordOutcome : byte
{
    /// <summary>Records come and go.</summary>
    Open,

    /// <summary>The peer has announced its end.</summary>
    Ended,

    /// <summary>The peer has given up; <see cref="RecordStream.Alert"/> says why.</summary>
    PeerGaveUp,

    /// <summary>There is no buffer for a part of a record, which nobody is told.</summary>
    NoBuffer,

    /// <summary>What came is wrong, and the peer was told so by <see cref="RecordStream.Alert"/>.</summary>
    Broken,
}

/// <summary>
/// The records of one connection with TLS 1.3 behind its handshake, towards a client: content, alerts and new keys (RFC 8446 4.6.3, 5 and 6). It
/// begins with the secrets of the handshake that OpenSSL has done, whose SSL is not needed any more: that has 13 KB for every connection, and several
/// times the work for a record. Keeps a record whose end has not come, and nothing else. After an outcome that is not
/// <see cref="RecordOutcome.Open"/> nothing is opened. Owner: a <see cref="TlsLayer"/>, to use again; thread: the loop.
/// </summary>
internal sealed class RecordStream
{
    /// <summary>Most of a sealed record behind its header (RFC 8446 5.2).</summary>
    public const int SealedBytesMax = ContentBytesMax + 256;

    /// <summary>Most content of a record (RFC 8446 5.1).</summary>
    public const int ContentBytesMax = 16 * 1024;

    /// <summary>Records without content that may follow each other while none is sent either: they cost work, and bring nothing.</summary>
    private const int IdleRecordsMax = 32;

    private const byte AlertType = 21;
    private const byte HandshakeType = 22;
    private const byte ContentType = 23;
    private const byte KeyUpdate = 24;
    private const int KeyUpdateBytes = 5;
    private const byte WarningLevel = 1;
    private const byte FatalLevel = 2;

    // Alerts of RFC 8446 6.
    private const byte CloseNotify = 0;
    private const byte UnexpectedMessage = 10;
    private const byte BadRecordMac = 20;
    private const byte RecordOverflow = 22;
    private const byte IllegalParameter = 47;
    private const byte DecodeError = 50;
    private const byte UserCanceled = 90;

    private RecordKey _in;
    private RecordKey _out;
    private ByteTail _part;
    private int _idleRecords;
    private bool _hasEnded;
    private bool _owesKeyUpdate;

    /// <summary>Requests for new keys that were answered since content went out.</summary>
    private int _answers;

    /// <summary>A message of the handshake that has come in part: one of new keys at most.</summary>
    private ulong _message;
    private int _messageBytes;

    public RecordOutcome Outcome { get; private set; }

    /// <summary>The alert that came, or that was sent.</summary>
    public byte Alert { get; private set; }

    /// <summary>What is wrong, when it is broken.</summary>
    public string Problem { get; private set; } = "";

    /// <summary>A part of a record has come.</summary>
    public bool HasPart => !_part.IsEmpty;

    /// <summary>The handshake has made the secret of a direction known; only of the suite in which it ends.</summary>
    /// <param name="fromClient">Which.</param>
    /// <param name="hex">In hexadecimal digits.</param>
    public void Note(bool fromClient, ReadOnlySpan<byte> hex)
    {
        if (fromClient)
            _in.Note(hex);
        else
            _out.Note(hex);
    }

    /// <summary>Takes the connection over; false when it cannot, so that OpenSSL goes on with it.</summary>
    /// <param name="suite">What the handshake has agreed on; null = one that is not known here.</param>
    /// <param name="sentCount">Records that OpenSSL has sealed with the key of our direction: tickets.</param>
    public bool TryBegin(RecordSuite? suite, ulong sentCount)
    {
        if (suite is null || !_in.HasSecret || !_out.HasSecret)
        {
            _in.Release();
            _out.Release();
            return false;
        }
        _in.Begin(suite, seals: false, 0);
        _out.Begin(suite, seals: true, sentCount);
        return true;
    }

    /// <summary>Opens what comes from the wire, all of it but for what is behind an end.</summary>
    /// <param name="wire">As it came.</param>
    /// <param name="plain">Takes content; see <see cref="ConnectionLayer"/>.</param>
    /// <param name="scratch">Where a record is put together that came in parts: <see cref="SealedBytesMax"/> and a header.</param>
    /// <param name="output">Takes an alert.</param>
    /// <returns>Bytes of content.</returns>
    public int Open(ReadOnlySpan<byte> wire, Span<byte> plain, Span<byte> scratch, LayerOutput output)
    {
        int total = 0;
        while (Outcome == RecordOutcome.Open && TryTake(ref wire, scratch, output, out ReadOnlySpan<byte> record))
            total += OpenRecord(record, plain[total..], output);
        return total;
    }

    /// <summary>Seals content.</summary>
    /// <param name="plain">All of it.</param>
    /// <param name="sizes">How long records are.</param>
    /// <param name="output">Takes the records.</param>
    public void Seal(ReadOnlySpan<byte> plain, ref RecordSizes sizes, LayerOutput output)
    {
        sizes.Begin(output.NowMs);

        // Who listens to a long stream may renew its keys as often as that needs.
        _idleRecords = 0;
        _answers = 0;
        while (!plain.IsEmpty)
        {
            if (_owesKeyUpdate || _out.RecordCount >= RecordSuite.RecordsMax)
                SendKeyUpdate(output);
            int count = Math.Min(plain.Length, sizes.Next());
            Seal(ContentType, plain[..count], output);
            plain = plain[count..];
            sizes.Sent(count);
        }
    }

    /// <summary>Announces that no content follows.</summary>
    public void AnnounceEnd(LayerOutput output)
    {
        Seal(AlertType, [WarningLevel, CloseNotify], output);
        _hasEnded = true;
    }

    /// <summary>The connection is gone.</summary>
    public void Release(BufferPools pools)
    {
        _in.Release();
        _out.Release();
        _part.Release(pools);
        _idleRecords = _messageBytes = _answers = 0;
        _hasEnded = _owesKeyUpdate = false;
        Outcome = RecordOutcome.Open;
        Problem = "";
    }

    /// <summary>The next whole record; what is none yet is kept.</summary>
    private bool TryTake(ref ReadOnlySpan<byte> wire, Span<byte> scratch, LayerOutput output, out ReadOnlySpan<byte> record)
    {
        record = default;
        if (wire.IsEmpty)
            return false;
        if (!_part.IsEmpty)
            return TryJoin(ref wire, scratch, output, out record);
        if (wire.Length < RecordKey.HeaderBytes)
            return Keep(ref wire, wire.Length, output);
        int length = LengthOf(wire, output);
        if (length == 0)
            return false;
        if (length > wire.Length)
            return Keep(ref wire, wire.Length, output);
        record = wire[..length];
        wire = wire[length..];
        return true;
    }

    /// <summary>The record that has begun before goes on.</summary>
    private bool TryJoin(ref ReadOnlySpan<byte> wire, Span<byte> scratch, LayerOutput output, out ReadOnlySpan<byte> record)
    {
        record = default;
        if (_part.Length < RecordKey.HeaderBytes)
        {
            Keep(ref wire, Math.Min(wire.Length, RecordKey.HeaderBytes - _part.Length), output);
            if (_part.Length < RecordKey.HeaderBytes || Outcome != RecordOutcome.Open)
                return false;
        }
        int length = LengthOf(_part.Bytes, output);
        if (length == 0)
            return false;
        int missing = length - _part.Length;
        if (missing > wire.Length)
            return Keep(ref wire, wire.Length, output);
        _part.Bytes.CopyTo(scratch);
        wire[..missing].CopyTo(scratch[_part.Length..]);
        _part.Release(output.Pools);
        wire = wire[missing..];
        record = scratch[..length];
        return true;
    }

    /// <summary>Always false: it is not a record yet.</summary>
    private bool Keep(ref ReadOnlySpan<byte> wire, int count, LayerOutput output)
    {
        if (!_part.TryAppend(output.Pools, wire[..count], RecordKey.HeaderBytes + SealedBytesMax))
            Outcome = RecordOutcome.NoBuffer;
        wire = wire[count..];
        return false;
    }

    /// <summary>
    /// Bytes of the record with that header, itself included; 0 when there is none like that. The version says nothing (RFC 8446 5.1).
    /// </summary>
    private int LengthOf(ReadOnlySpan<byte> header, LayerOutput output)
    {
        int body = BinaryPrimitives.ReadUInt16BigEndian(header[3..]);
        if (header[0] != RecordKey.SealedType)
            return Break(UnexpectedMessage, "bad record type", output);
        if (body > SealedBytesMax)
            return Break(RecordOverflow, "encrypted length too long", output);
        if (body <= RecordKey.TagBytes)
            return Break(BadRecordMac, "record too small", output);
        return RecordKey.HeaderBytes + body;
    }

    /// <summary>Returns the bytes of content.</summary>
    private int OpenRecord(ReadOnlySpan<byte> record, Span<byte> plain, LayerOutput output)
    {
        if (!_in.TryOpen(record, plain))
        {
            TlsErrors.Clear();
            return Break(BadRecordMac, "decryption failed or bad record mac", output);
        }
        plain = plain[..(record.Length - RecordKey.HeaderBytes - RecordKey.TagBytes)];
        if (plain.Length > ContentBytesMax + 1)
            return Break(RecordOverflow, "data length too long", output);

        // Behind the true type are zeros only (RFC 8446 5.4).
        int length = plain.LastIndexOfAnyExcept((byte)0);
        if (length < 0)
            return Break(UnexpectedMessage, "record without a type", output);
        byte type = plain[length];
        if (_messageBytes > 0 && type != HandshakeType)
            return Break(UnexpectedMessage, "unexpected record", output);
        if (type == ContentType && length > 0)
        {
            _idleRecords = 0;
            return length;
        }
        if (++_idleRecords > IdleRecordsMax)
            return Break(UnexpectedMessage, "too many records without data", output);
        ReadOnlySpan<byte> content = plain[..length];
        return type switch
        {
            ContentType => 0,
            AlertType => TakeAlert(content, output),
            HandshakeType => TakeMessage(content, output),
            _ => Break(UnexpectedMessage, "unexpected record", output),
        };
    }

    /// <summary>RFC 8446 6: all but two are the end at once, whatever level they name. One without anything is none (5.4).</summary>
    private int TakeAlert(ReadOnlySpan<byte> content, LayerOutput output)
    {
        if (content.IsEmpty)
            return Break(UnexpectedMessage, "alert record without data", output);
        if (content.Length != 2)
            return Break(DecodeError, "bad alert", output);
        Alert = content[1];
        if (Alert == CloseNotify)
            Outcome = RecordOutcome.Ended;
        else if (Alert != UserCanceled)
            Outcome = RecordOutcome.PeerGaveUp;
        return 0;
    }

    /// <summary>
    /// The one message of the handshake that a client may send now is that of new keys (RFC 8446 4.6.3); nothing may stand behind it.
    /// </summary>
    private int TakeMessage(ReadOnlySpan<byte> content, LayerOutput output)
    {
        if (content.IsEmpty)
            return Break(UnexpectedMessage, "handshake record without data", output);
        foreach (byte one in content)
        {
            if (_messageBytes == KeyUpdateBytes)
                return Break(UnexpectedMessage, "not on record boundary", output);
            _message = (_message << 8) | one;
            _messageBytes++;
            if (_messageBytes == 1 && one != KeyUpdate)
                return Break(UnexpectedMessage, "unexpected message", output);
            if (_messageBytes == KeyUpdateBytes - 1 && (_message & 0xFFFFFF) != 1)
                return Break(DecodeError, "bad key update", output);
        }
        if (_messageBytes < KeyUpdateBytes)
            return 0;
        byte asks = (byte)_message;
        _messageBytes = 0;
        if (asks > 1)
            return Break(IllegalParameter, "bad key update", output);
        _in.Update();
        if (asks == 0)
            return 0;

        // Some clients wait for each answer. Further ones come with the next content (RFC 8446 4.6.3): who reads nothing is to fill no queue.
        if (_hasEnded || ++_answers > IdleRecordsMax)
            _owesKeyUpdate = true;
        else
            SendKeyUpdate(output);
        return 0;
    }

    /// <summary>Ours are new from here on; the peer's are its own affair.</summary>
    private void SendKeyUpdate(LayerOutput output)
    {
        Seal(HandshakeType, [KeyUpdate, 0, 0, 1, 0], output);
        _out.Update();
        _owesKeyUpdate = false;
    }

    /// <summary>Returns 0, the bytes that are used of what is wrong.</summary>
    private int Break(byte alert, string problem, LayerOutput output)
    {
        (Outcome, Alert, Problem) = (RecordOutcome.Broken, alert, problem);

        // Nothing follows an announced end.
        if (!_hasEnded)
            Seal(AlertType, [FatalLevel, alert], output);
        _hasEnded = true;
        return 0;
    }

    private void Seal(byte type, ReadOnlySpan<byte> content, LayerOutput output)
    {
        int length = content.Length + RecordKey.AddedBytes;
        _out.Seal(type, content, output.Reserve(length));
        output.Advance(length);
    }
}
