using System;
using System.Buffers;
using System.Buffers.Binary;

namespace NativeProxy.Tests.Layers;

/// <summary>How a session of records behaves where it is free to; sizes are drawn from the seed.</summary>
/// <param name="Seed">Where everything comes from; one of its own for each session.</param>
/// <param name="RecordBytesMax">Largest record of data.</param>
/// <param name="Tickets">Unasked records that a server sends right behind the handshake.</param>
/// <param name="LaterTickets">How likely, in 1/1000, one more goes before a record of data.</param>
internal sealed record RecordOptions(ulong Seed, int RecordBytesMax = RecordSession.RecordBytesMax, int Tickets = 2, int LaterTickets = 50);

/// <summary>
/// One side of a conversation in records, which stands for TLS in tests: up to three flights in each direction, sealed data in records of 1 byte to
/// 16 KiB, records that nobody asked for, an announced end, and an alert when something is wrong. Knows no socket: bytes go in, bytes come out.
/// </summary>
internal sealed class RecordSession(bool isServer, RecordOptions options)
    : LayerPeer(RecordCipher.Mix(options.Seed ^ (isServer ? 0x5EUL : 0xC1)))
{
    public const int RecordBytesMax = 16 * 1024;
    public const int HeaderBytes = 3 + RecordCipher.SumBytes;

    private enum Kind : byte
    {
        Hello = 0x21,
        Retry,
        ServerHello,
        Certificate,
        Finished,
        Data,
        Ticket,
        End,
        Alert,
    }

    /// <summary>True for the kinds that need the keys.</summary>
    public static bool IsSealed(byte kind) => (Kind)kind is Kind.Finished or Kind.Data or Kind.Ticket or Kind.End;

    public static bool IsData(byte kind) => (Kind)kind == Kind.Data;

    private readonly ArrayBufferWriter<byte> _input = new();
    private int _inputStart;
    private ulong _clientRandom;
    private bool _hasRetried;
    private bool _hasHello;
    private RecordCipher? _sealing;
    private RecordCipher? _opening;

    /// <summary>True once this side has announced its end.</summary>
    public bool HasAnnounced { get; private set; }

    /// <summary>Unasked records that came.</summary>
    public int TicketCount { get; private set; }

    /// <summary>True when a part of a record has come.</summary>
    public bool HasPart => _input.WrittenCount > _inputStart;

    /// <summary>The key of what the client sends, once the server knows it; 0 before. For whoever reads along.</summary>
    public ulong ClientKey { get; private set; }

    /// <summary>The client speaks first.</summary>
    public override void Begin()
    {
        if (!isServer)
            SayHello();
    }

    /// <summary>Bytes from the wire; what lies behind an end or a failure is ignored.</summary>
    public override void Feed(ReadOnlySpan<byte> wire)
    {
        if (State is RecordState.Ended or RecordState.Failed)
            return;
        _input.Write(wire);
        while (State is RecordState.Securing or RecordState.Secured && TryTakeRecord())
        {
        }
        if (_inputStart == _input.WrittenCount)
        {
            _input.ResetWrittenCount();
            _inputStart = 0;
        }
    }

    /// <summary>Data in records of sizes drawn from the seed.</summary>
    public override void Seal(ReadOnlySpan<byte> plain)
    {
        while (!plain.IsEmpty)
        {
            if (isServer && Draw(1000) < options.LaterTickets)
                SendTicket();
            int length = Math.Min(plain.Length, DrawSize(options.RecordBytesMax));
            WriteSealed(Kind.Data, plain[..length]);
            plain = plain[length..];
        }
    }

    /// <summary>One record that nobody asked for.</summary>
    public override void SendTicket() => WriteSealed(Kind.Ticket, Noise(DrawSize(300)));

    /// <summary>Announces the end, once.</summary>
    public override void AnnounceEnd()
    {
        if (HasAnnounced || State is RecordState.Securing or RecordState.Failed)
            return;
        HasAnnounced = true;
        WriteSealed(Kind.End, []);
    }

    /// <summary>Gives up and says so, whatever the state; in the clear, since the other side may not have the keys.</summary>
    public override void GiveUp(string problem)
    {
        State = RecordState.Failed;
        Problem = problem;
        WritePlain(Kind.Alert, []);
    }

    private bool TryTakeRecord()
    {
        Span<byte> rest = Rest();
        if (rest.Length < HeaderBytes)
            return false;
        int length = BinaryPrimitives.ReadUInt16BigEndian(rest[1..]);
        if (rest[0] is < (byte)Kind.Hello or > (byte)Kind.Alert || length > RecordBytesMax)
        {
            GiveUp($"no record begins with {rest[0]:x2} and has {length} bytes");
            return false;
        }
        if (rest.Length < HeaderBytes + length)
            return false;
        _inputStart += HeaderBytes + length;
        Take((Kind)rest[0], rest.Slice(HeaderBytes, length), BinaryPrimitives.ReadUInt32BigEndian(rest[3..]));
        return true;
    }

    private Span<byte> Rest() =>
        System.Runtime.InteropServices.MemoryMarshal.AsMemory(_input.WrittenMemory).Span[_inputStart..];

    private void Take(Kind kind, Span<byte> bytes, uint sum)
    {
        bool isSealed = IsSealed((byte)kind);
        if (isSealed && (_opening is null || !_opening.TryOpen((byte)kind, bytes, sum)))
            GiveUp($"a record of kind {kind} that cannot be opened");
        else if (!isSealed && new RecordCipher(0).TryOpen((byte)kind, bytes, sum) is false)
            GiveUp($"a record of kind {kind} that is broken");
        else if (kind == Kind.Alert)
            TakeAlert();
        else if (State == RecordState.Securing)
            TakeHandshake(kind, bytes);
        else
            TakeSecured(kind, bytes);
    }

    private void TakeAlert()
    {
        State = RecordState.Failed;
        HasAlert = true;
        Problem = "the other side gives up";
    }

    private void TakeSecured(Kind kind, ReadOnlySpan<byte> bytes)
    {
        if (kind == Kind.Data)
            Plain.Write(bytes);
        else if (kind == Kind.Ticket && !isServer)
            TicketCount++;
        else if (kind == Kind.End)
            State = RecordState.Ended;
        else
            GiveUp($"a record of kind {kind} behind the handshake");
    }

    private void TakeHandshake(Kind kind, ReadOnlySpan<byte> bytes)
    {
        switch (kind)
        {
            case Kind.Hello when isServer && !_hasHello && !_hasRetried && Draw(2) == 0:
                _hasRetried = true;
                WritePlain(Kind.Retry, Noise(DrawSize(200)));
                break;
            case Kind.Hello when isServer && !_hasHello && bytes.Length >= 8:
                AnswerHello(BinaryPrimitives.ReadUInt64LittleEndian(bytes));
                break;
            case Kind.Retry when !isServer && !_hasRetried && !_hasHello:
                _hasRetried = true;
                SayHello();
                break;
            case Kind.ServerHello when !isServer && !_hasHello && bytes.Length >= 8:
                _hasHello = true;
                UseKeys(_clientRandom, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
                break;
            case Kind.Certificate when !isServer && _hasHello:
                break;
            case Kind.Finished when _hasHello:
                TakeFinished();
                break;
            default:
                GiveUp($"a record of kind {kind} within the handshake");
                break;
        }
    }

    private void SayHello()
    {
        _clientRandom = Draw();
        byte[] hello = Noise(8 + DrawSize(500));
        BinaryPrimitives.WriteUInt64LittleEndian(hello, _clientRandom);
        WritePlain(Kind.Hello, hello);
    }

    private void AnswerHello(ulong clientRandom)
    {
        _hasHello = true;
        ulong random = Draw();
        byte[] hello = Noise(8 + DrawSize(100));
        BinaryPrimitives.WriteUInt64LittleEndian(hello, random);
        WritePlain(Kind.ServerHello, hello);
        for (int parts = 1 + Draw(3); parts > 0; parts--)
            WritePlain(Kind.Certificate, Noise(DrawSize(3000)));
        UseKeys(clientRandom, random);
        WriteSealed(Kind.Finished, Noise(32));
    }

    /// <summary>The client answers with its own and is done; the server is done, and sends what nobody asked for.</summary>
    private void TakeFinished()
    {
        State = RecordState.Secured;
        if (!isServer)
        {
            WriteSealed(Kind.Finished, Noise(32));
            return;
        }
        for (int i = 0; i < options.Tickets; i++)
            SendTicket();
    }

    private void UseKeys(ulong clientRandom, ulong serverRandom)
    {
        ClientKey = RecordCipher.Mix(clientRandom ^ RecordCipher.Mix(serverRandom)) | 1;
        var fromClient = new RecordCipher(ClientKey);
        var fromServer = new RecordCipher(RecordCipher.Mix(ClientKey));
        (_sealing, _opening) = isServer ? (fromServer, fromClient) : (fromClient, fromServer);
    }

    private void WritePlain(Kind kind, byte[] bytes) => Write(kind, bytes, new RecordCipher(0));

    private void WriteSealed(Kind kind, ReadOnlySpan<byte> bytes) => Write(kind, bytes, _sealing!);

    private void Write(Kind kind, ReadOnlySpan<byte> bytes, RecordCipher cipher)
    {
        Span<byte> record = Output.GetSpan(HeaderBytes + bytes.Length)[..(HeaderBytes + bytes.Length)];
        record[0] = (byte)kind;
        BinaryPrimitives.WriteUInt16BigEndian(record[1..], (ushort)bytes.Length);
        bytes.CopyTo(record[HeaderBytes..]);
        BinaryPrimitives.WriteUInt32BigEndian(record[3..], cipher.Seal((byte)kind, record[HeaderBytes..]));
        Output.Advance(record.Length);
    }
}
