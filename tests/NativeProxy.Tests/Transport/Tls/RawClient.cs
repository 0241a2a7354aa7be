using System;
using System.Buffers;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using NativeProxy.Tests.Layers;
using NativeProxy.Transport.Tls;

namespace NativeProxy.Tests.Transport.Tls;

/// <summary>A record that came, opened.</summary>
internal readonly record struct RawRecord(byte Type, byte[] Content);

/// <summary>
/// A client with TLS 1.3 whose handshake is OpenSSL's and whose records behind it are the test's, byte by byte. It answers nothing by itself, reads
/// on behind every end, and fails at a record that does not open.
/// </summary>
internal sealed class RawClient : LayerPeer, IDisposable
{
    public const string Aes128 = "TLS_AES_128_GCM_SHA256";
    public const string Aes256 = "TLS_AES_256_GCM_SHA384";
    public const string Chacha = "TLS_CHACHA20_POLY1305_SHA256";
    public const string Ccm = "TLS_AES_128_CCM_SHA256";

    public const byte AlertType = 21;
    public const byte HandshakeType = 22;
    public const byte ContentType = 23;
    public const byte TicketMessage = 4;
    public const byte KeyUpdateMessage = 24;

    private readonly string _suite;
    private readonly TlsSession? _handshake;
    private readonly List<byte> _wire = [];
    private RawKey? _in;

    public RawClient(string suite = Aes128, TlsPeerTerms? terms = null, nint session = 0)
        : base(1)
    {
        _suite = suite;
        terms ??= new TlsPeerTerms(false, TlsTerms.Tls13);
        _handshake = TlsTesting.Peer(terms with { CipherSuites = suite, TellsSecrets = true }, session: session);
    }

    /// <summary>One without a handshake, whose server has sealed so many records already.</summary>
    public RawClient(string suite, byte[] clientSecret, byte[] serverSecret, ulong serverSequence)
        : base(1)
    {
        _suite = suite;
        Key = new RawKey(suite, clientSecret);
        _in = new RawKey(suite, serverSecret) { Sequence = serverSequence };
        State = RecordState.Secured;
    }

    /// <summary>Seals what the server gets.</summary>
    public RawKey Key { get; private set; } = null!;

    /// <summary>What came behind the handshake.</summary>
    public List<RawRecord> Records { get; } = [];

    /// <summary>Number of the alert that came; -1 while none has. The last one, should there be more.</summary>
    public int Alert => Records.Where(static record => record.Type == AlertType).Select(static record => (int)record.Content[1]).LastOrDefault(-1);

    /// <summary>Messages of the handshake of that type which came behind it, one in each record.</summary>
    public int CountOf(byte message) => Records.Count(record => record.Type == HandshakeType && record.Content[0] == message);

    public override void Begin()
    {
        _handshake?.Begin();
        PassOn();
    }

    public override void Feed(ReadOnlySpan<byte> wire)
    {
        if (State == RecordState.Securing)
        {
            _handshake!.Feed(wire);
            PassOn();
            return;
        }
        _wire.AddRange(wire);
        while (State != RecordState.Failed && _wire.Count >= RawKey.HeaderBytes)
        {
            int length = RawKey.HeaderBytes + ((_wire[3] << 8) | _wire[4]);
            if (_wire.Count < length)
                break;
            byte[] record = [.. _wire[..length]];
            _wire.RemoveRange(0, length);
            Take(record);
        }
    }

    public override void Seal(ReadOnlySpan<byte> plain) => Send(ContentType, plain);

    /// <summary>A record of any type.</summary>
    public void Send(byte type, ReadOnlySpan<byte> content, int padding = 0) => Ship(Key.Seal(type, content, padding));

    /// <summary>Bytes as they are.</summary>
    public void Ship(ReadOnlySpan<byte> wire) => Output.Write(wire);

    /// <summary>A KeyUpdate, and the next key.</summary>
    public void UpdateKey(byte asks = 0)
    {
        Send(HandshakeType, [KeyUpdateMessage, 0, 0, 1, asks]);
        Key.Update();
    }

    public override void SendTicket() => Send(HandshakeType, [TicketMessage, 0, 0, 0]);

    public override void AnnounceEnd() => Send(AlertType, [1, 0]);

    public override void GiveUp(string problem) => Send(AlertType, [2, 80]);

    public void Dispose() => _handshake?.Dispose();

    private void PassOn()
    {
        if (_handshake is null)
            return;
        Output.Write(_handshake.Output.WrittenSpan);
        _handshake.Output.ResetWrittenCount();
        State = _handshake.State;
        Problem = _handshake.Problem;
        if (State != RecordState.Secured)
            return;
        (byte[] client, byte[] server) = _handshake.TakeSecrets();
        Key = new RawKey(_suite, client);
        _in = new RawKey(_suite, server);
    }

    private void Take(byte[] record)
    {
        try
        {
            (byte type, byte[] content) = record[0] == RawKey.SealedType ? _in!.Open(record) : throw new CryptographicException("a bare record");
            Records.Add(new RawRecord(type, content));
            if (type == ContentType)
                Plain.Write(content);
            else if (type == HandshakeType && content[0] == KeyUpdateMessage)
                _in.Update();
        }
        catch (CryptographicException failure)
        {
            (State, Problem) = (RecordState.Failed, failure.Message);
        }
    }
}
