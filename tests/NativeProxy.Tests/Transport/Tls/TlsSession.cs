using System;
using System.Buffers;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Threading;
using NativeProxy.Tests.Layers;
using NativeProxy.Transport.Tls;

namespace NativeProxy.Tests.Transport.Tls;

/// <summary>
/// The other end of a connection with TLS: OpenSSL over two BIOs in memory. Used from one thread at a time; leaves the thread's queue of errors
/// empty, since the loop under test may run on it.
/// </summary>
internal sealed unsafe class TlsSession : LayerPeer, IDisposable
{
    public const byte DataRecord = 23;
    public const int RecordHeaderBytes = 5;

    private const int SetServerName = 55;
    private const int AlertOffset = 1000;
    private const int SentAndReceived = 3;
    private const int UpdateOwn = 0;
    private const int UpdateBoth = 1;

    private readonly TlsPeerTerms _terms;
    private readonly RecordOptions _options;
    private readonly nint _ssl;
    private readonly nint _input;
    private readonly nint _output;
    private readonly List<byte> _headers = [];

    /// <summary>What is sent as soon as the handshake is done.</summary>
    private readonly ArrayBufferWriter<byte> _early = new();
    private int _restOfRecord;
    private bool _hasAnnounced;
    private int _isFreed;

    /// <param name="terms">What it agrees to.</param>
    /// <param name="options">How it behaves.</param>
    /// <param name="serverName">What a client asks for; null = nothing.</param>
    /// <param name="session">What a client goes on with; 0 = nothing.</param>
    public TlsSession(TlsPeerTerms terms, RecordOptions options, string? serverName = null, nint session = 0)
        : base(RecordCipher.Mix(options.Seed))
    {
        (_terms, _options) = (terms, options);
        _ssl = PeerCalls.New(TlsPeerContext.For(terms));
        _input = PeerCalls.NewBio(PeerCalls.MemoryMethod());
        _output = PeerCalls.NewBio(PeerCalls.MemoryMethod());
        PeerCalls.SetBio(_ssl, _input, _output);
        if (terms.IsServer)
            PeerCalls.SetAcceptState(_ssl);
        else
            PeerCalls.SetConnectState(_ssl);
        if (serverName is not null)
            PeerCalls.ControlText(_ssl, SetServerName, 0, serverName);
        if (session != 0)
            PeerCalls.SetSession(_ssl, session);
    }

    ~TlsSession() => Dispose();

    /// <summary>The number of the alert that came; -1 while none has.</summary>
    public int Alert { get; private set; } = -1;

    /// <summary>Bytes of the records of data that came, as they stand in their headers.</summary>
    public List<int> DataRecords { get; } = [];

    /// <summary>The first secrets of the two directions; of terms that tell them.</summary>
    public (byte[] Client, byte[] Server) TakeSecrets() => PeerSecrets.Take(_ssl);

    public bool IsResumed => PeerCalls.IsReused(_ssl) != 0;

    /// <summary>What this end would go on with, once a ticket has come. Not freed: few and small.</summary>
    public nint TakeSession() => PeerCalls.TakeSession(_ssl);

    /// <summary>What the other side shows, as DER.</summary>
    public byte[] PeerCertificate
    {
        get
        {
            nint certificate = PeerCalls.PeerCertificate(_ssl);
            byte[] der = new byte[PeerCalls.WriteCertificate(certificate, null)];
            fixed (byte* target = der)
            {
                byte* next = target;
                PeerCalls.WriteCertificate(certificate, &next);
            }
            PeerCalls.FreeCertificate(certificate);
            return der;
        }
    }

    public bool Is13 => _terms.MaxVersion == TlsTerms.Tls13;

    public override void Begin() => Advance();

    public override void Feed(ReadOnlySpan<byte> wire)
    {
        if (State is RecordState.Ended or RecordState.Failed || wire.IsEmpty)
            return;
        Note(wire);
        Put(wire);
        Advance();
    }

    public override void Seal(ReadOnlySpan<byte> plain)
    {
        if (State == RecordState.Securing)
        {
            _early.Write(plain);
            return;
        }
        while (!plain.IsEmpty)
        {
            if (Is13 && Draw(1000) < _options.LaterTickets)
                PeerCalls.UpdateKeys(_ssl, UpdateOwn);
            int length = Math.Min(plain.Length, DrawSize(_options.RecordBytesMax));
            Write(plain[..length]);
            plain = plain[length..];
        }
    }

    /// <summary>One record of data.</summary>
    public void Write(ReadOnlySpan<byte> plain)
    {
        fixed (byte* bytes = plain)
            PeerCalls.Write(_ssl, bytes, plain.Length);
        Flush();
    }

    /// <summary>A ticket of TLS 1.3; no record of TLS 1.2 is like that.</summary>
    public override void SendTicket()
    {
        PeerCalls.AddTicket(_ssl);
        PeerCalls.DoHandshake(_ssl);
        Flush();
    }

    /// <summary>The next records have new keys, and those of the other side are to have, too.</summary>
    public void UpdateKeys()
    {
        PeerCalls.UpdateKeys(_ssl, UpdateBoth);
        PeerCalls.DoHandshake(_ssl);
        Flush();
    }

    /// <summary>Asks for another handshake (TLS 1.2).</summary>
    public void Renegotiate()
    {
        PeerCalls.Renegotiate(_ssl);
        PeerCalls.DoHandshake(_ssl);
        Flush();
    }

    public override void AnnounceEnd()
    {
        if (_hasAnnounced || State is RecordState.Securing or RecordState.Failed)
            return;
        _hasAnnounced = true;
        PeerCalls.Shutdown(_ssl);
        Flush();
    }

    /// <summary>In the clear while there are no keys; behind the handshake OpenSSL is made to send an alert, by a record that is none.</summary>
    public override void GiveUp(string problem)
    {
        if (State == RecordState.Securing)
        {
            Output.Write((ReadOnlySpan<byte>)[21, 3, 3, 0, 2, 2, 80]);
        }
        else
        {
            Put([DataRecord, 3, 3, 0, 40, .. new byte[40]]);
            Advance();
        }
        State = RecordState.Failed;
        Problem = problem;
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isFreed, 1) == 0)
        {
            // Else the session counts as one that was cut, and is not resumed.
            PeerCalls.SetShutdown(_ssl, SentAndReceived);
            PeerCalls.Free(_ssl);
        }
        GC.SuppressFinalize(this);
    }

    private void Advance()
    {
        if (State == RecordState.Securing)
        {
            int result = PeerCalls.DoHandshake(_ssl);
            if (result != 1)
            {
                Judge(result);
            }
            else
            {
                State = RecordState.Secured;
                Seal(_early.WrittenSpan);
            }
        }
        byte[] block = new byte[RecordSession.RecordBytesMax];
        while (State == RecordState.Secured)
        {
            int count;
            fixed (byte* target = block)
                count = PeerCalls.Read(_ssl, target, block.Length);
            if (count <= 0)
            {
                Judge(count);
                break;
            }
            Plain.Write(block.AsSpan(0, count));
        }
        Flush();
    }

    private void Judge(int result)
    {
        int error = PeerCalls.GetError(_ssl, result);
        if (error == PeerCalls.WantRead)
            return;
        if (error == PeerCalls.ZeroReturn)
        {
            State = RecordState.Ended;
            return;
        }
        nuint first = PeerCalls.PeekError();
        int reason = (int)(first & 0x7F_FFFF);
        State = RecordState.Failed;
        Problem = Marshal.PtrToStringUTF8((nint)PeerCalls.ReasonText(first)) ?? $"error {reason}";
        if (reason < AlertOffset)
            return;
        HasAlert = true;
        Alert = reason - AlertOffset;
    }

    private void Put(ReadOnlySpan<byte> wire)
    {
        fixed (byte* bytes = wire)
            PeerCalls.WriteBio(_input, bytes, wire.Length);
    }

    private void Flush()
    {
        byte* block = stackalloc byte[4096];
        for (int count; (count = PeerCalls.ReadBio(_output, block, 4096)) > 0;)
            Output.Write(new ReadOnlySpan<byte>(block, count));
        PeerCalls.ClearErrors();
    }

    /// <summary>Reads the headers along.</summary>
    private void Note(ReadOnlySpan<byte> wire)
    {
        while (!wire.IsEmpty)
        {
            int rest = Math.Min(_restOfRecord, wire.Length);
            _restOfRecord -= rest;
            wire = wire[rest..];
            if (wire.IsEmpty)
                return;
            _headers.Add(wire[0]);
            wire = wire[1..];
            if (_headers.Count < RecordHeaderBytes)
                continue;
            _restOfRecord = (_headers[3] << 8) | _headers[4];
            if (_headers[0] == DataRecord)
                DataRecords.Add(_restOfRecord);
            _headers.Clear();
        }
    }
}
