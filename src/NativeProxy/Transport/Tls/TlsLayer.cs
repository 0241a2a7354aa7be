using System;
using NativeProxy.Buffers;
using NativeProxy.Foundation;

namespace NativeProxy.Transport.Tls;

/// <summary>
/// TLS inside one connection: an SSL of OpenSSL over the BIO of the thread (<see cref="TlsLoop"/>). Bytes of the wire go in by <see cref="Open"/> and
/// come out by the output of the call; the SSL keeps at most one record whose end has not come. A client's connection with TLS 1.3 has its SSL for
/// the handshake only: then its <see cref="RecordStream"/> goes on. Pooled; thread: the loop's. After a fatal error the SSL is not touched again but
/// to be freed.
/// </summary>
internal sealed unsafe class TlsLayer(TlsLoop loop, bool isServer) : ConnectionLayer(isServer)
{
    /// <summary>Content type of the record that every handshake begins with (RFC 8446 5.1).</summary>
    private const byte HandshakeRecord = 22;

    /// <summary>Content type of an alert, which a server may answer the first flight with.</summary>
    private const byte AlertRecord = 21;

    /// <summary>Content that came as often as this is more than one request.</summary>
    private const int ContentsOfLasting = 2;

    private readonly LayerFacts _facts = new();
    private readonly RecordStream _records = new();
    private nint _ssl;
    private RecordCounter _written;
    private TlsServerPolicy? _server;
    private TlsClientPolicy? _client;
    private RecordSizes _sizes;
    private bool _hasBegun;

    /// <summary>The connection is to be taken over from OpenSSL.</summary>
    private bool _opensRecords;

    /// <summary>Calls behind the handshake that brought content, up to two.</summary>
    private int _contentCount;

    /// <summary>OpenSSL has sent something in a handshake that is to be taken over.</summary>
    private bool _hasWritten;

    /// <summary>Its secrets are told to this layer.</summary>
    private bool _listens;
    private int _heldBytes;

    /// <summary>What is to become of a failure that a callback has decided on; None else.</summary>
    private LayerFailure _decided;

    public override LayerFacts Facts => _facts;

    /// <summary>The policy of the listener, for callbacks.</summary>
    public TlsServerPolicy Server => _server!;

    /// <summary>The policy towards the server, for callbacks.</summary>
    public TlsClientPolicy Client => _client!;

    /// <summary>A record has come in part. OpenSSL does not count its header alone as pending: it says only that a body is waited for.</summary>
    protected override bool HasPart =>
        State is LayerState.Secured
        && (_ssl == 0 ? _records.HasPart : SslCalls.HasPending(_ssl) != 0 || SslCalls.ReadState(_ssl)[1] == SslCalls.ReadsBody);

    /// <summary>Begins as the server of a listener.</summary>
    public void Take(TlsServerPolicy policy)
    {
        _server = policy;
        _opensRecords = policy.OpensRecords;
        TakeSsl(SslCalls.New(policy.FirstContext), policy.RecordBytes);
        SslCalls.SetAcceptState(_ssl);
    }

    /// <summary>Begins as a client of a server.</summary>
    public void Take(TlsClientPolicy policy)
    {
        _client = policy;
        TakeSsl(SslCalls.New(policy.Context), RecordSizes.Largest);
        SslCalls.SetConnectState(_ssl);
        policy.Prepare(_ssl);
    }

    /// <summary>For callbacks: the handshake fails, and this is why.</summary>
    public void Decide(LayerFailure failure) => _decided = failure;

    /// <summary>For callbacks: the secret of a direction, in hexadecimal digits.</summary>
    public void NoteSecret(bool fromClient, ReadOnlySpan<byte> hex)
    {
        _records.Note(fromClient, hex);

        // From here on what OpenSSL writes has our key: our flight is out, and it writes tickets only.
        if (!fromClient)
            _written = default;
    }

    /// <summary>For callbacks: OpenSSL sends this.</summary>
    public void NoteWritten(ReadOnlySpan<byte> wire)
    {
        if (!_opensRecords || State != LayerState.Securing)
            return;
        _written.Note(wire);
        _hasWritten = true;
        if (!_listens)
            Listen(true);
    }

    /// <summary>The client speaks first.</summary>
    protected override void Begin(LayerOutput output)
    {
        if (IsServer)
            return;
        loop.Begin(this, null, 0, output);
        Handshake(output);
        loop.End();
    }

    protected override int Open(ReadOnlySpan<byte> wire, Span<byte> plain, LayerOutput output)
    {
        if (!_hasBegun)
        {
            _hasBegun = true;
            if (wire[0] != HandshakeRecord && (IsServer || wire[0] != AlertRecord))
            {
                Refuse(wire[0]);
                return 0;
            }
        }
        int total = 0;
        if (_ssl != 0)
        {
            total = OpenByLibrary(wire, plain, output, out int used);
            wire = wire[used..];
        }
        if (_ssl == 0 && State == LayerState.Secured)
            total += OpenRecords(wire, plain[total..], output);
        if (total > 0 && IsServer && _contentCount < ContentsOfLasting && ++_contentCount == ContentsOfLasting)
            _server!.Note(isBrief: false);
        return total;
    }

    protected override void Seal(ReadOnlySpan<byte> plain, LayerOutput output)
    {
        if (_ssl == 0)
        {
            _records.Seal(plain, ref _sizes, output);
            return;
        }
        fixed (byte* source = plain)
        {
            loop.Begin(this, null, 0, output);
            _sizes.Begin(output.NowMs);
            for (int done = 0; done < plain.Length;)
            {
                int count = Math.Min(plain.Length - done, _sizes.Next());
                nuint written;
                if (SslCalls.Write(_ssl, source + done, (nuint)count, &written) != 1)
                {
                    // It has nothing to wait for: what fails here has failed for good.
                    TlsErrors.Clear();
                    Fail(LayerFailure.BadRecord);
                    break;
                }
                done += count;
                _sizes.Sent(count);
            }
            loop.End();
        }
    }

    protected override void AnnounceEnd(LayerOutput output)
    {
        if (_ssl == 0)
        {
            _records.AnnounceEnd(output);
            return;
        }
        loop.Begin(this, null, 0, output);
        SslCalls.Shutdown(_ssl);
        TlsErrors.Clear();
        loop.End();
    }

    protected override void Recycle(BufferPools pools)
    {
        if (_contentCount is > 0 and < ContentsOfLasting)
            _server!.Note(isBrief: true);
        FreeSsl();
        _records.Release(pools);
        CountHeld(0);
        _server = null;
        _client = null;
        _hasBegun = _hasWritten = _opensRecords = false;
        _contentCount = 0;
        _decided = LayerFailure.None;
        _facts.Clear();
        loop.Return(this);
    }

    /// <summary>Everything that is in bytes of the wire that OpenSSL opens; the rest is for whoever has taken over from it.</summary>
    private int OpenByLibrary(ReadOnlySpan<byte> wire, Span<byte> plain, LayerOutput output, out int used)
    {
        int total = 0;
        fixed (byte* input = wire)
        fixed (byte* target = plain)
        {
            loop.Begin(this, input, wire.Length, output);
            if (State == LayerState.Securing)
                Handshake(output);
            while (_ssl != 0 && State == LayerState.Secured && (loop.InputBytes > 0 || total == 0))
            {
                nuint count = 0;
                int result = SslCalls.Read(_ssl, target + total, (nuint)(plain.Length - total), &count);
                if (result != 1)
                {
                    Stopped(result);
                    break;
                }
                total += (int)count;
            }
            used = wire.Length - loop.InputBytes;
            loop.End();
        }
        return total;
    }

    private int OpenRecords(ReadOnlySpan<byte> wire, Span<byte> plain, LayerOutput output)
    {
        int count = _records.Open(wire, plain, loop.Scratch, output);
        switch (_records.Outcome)
        {
            case RecordOutcome.Ended:
                State = LayerState.Ended;
                break;
            case RecordOutcome.PeerGaveUp:
                LayerFailure failure = TlsErrors.OfAlert(_records.Alert, out string words);
                _facts.Detail = words;
                Fail(failure, isByAlert: true);
                break;
            case RecordOutcome.NoBuffer:
                LackBuffer();
                break;
            case RecordOutcome.Broken:
                // What is corked is lost with the connection, and the alert must not be.
                output.MayHold = false;
                _facts.Detail = _records.Problem;
                Fail(LayerFailure.BadRecord);
                break;
        }
        return count;
    }

    /// <summary>A session is not spoilt by a connection that was not ended politely: nothing of it was cut unseen.</summary>
    private void FreeSsl()
    {
        if (_ssl == 0)
            return;
        SslCalls.SetShutdown(_ssl, SslCalls.SentAndReceivedShutdown);
        SslCalls.Free(_ssl);
        _ssl = 0;
    }

    /// <summary>Each of the two directions of the SSL holds the BIO.</summary>
    private void TakeSsl(nint ssl, int recordBytes)
    {
        Check.That(ssl != 0, "OpenSSL has no memory for another connection");
        _ssl = ssl;
        _sizes = new RecordSizes(recordBytes);
        CountHeld(TlsLoop.LibraryBytes);
        BioCalls.Share(loop.Bio);
        BioCalls.Share(loop.Bio);
        SslCalls.SetBio(ssl, loop.Bio, loop.Bio);
    }

    private void CountHeld(int bytes)
    {
        loop.Count(bytes - _heldBytes);
        _heldBytes = bytes;
    }

    /// <summary>
    /// OpenSSL writes each secret as a text, which takes 1.7 us. The two that are wanted come behind our first flight, so that those before it are
    /// not listened for.
    /// </summary>
    private void Listen(bool listens)
    {
        _listens = listens;
        ContextCalls.SetSecretCallback(SslCalls.Context(_ssl), listens ? (delegate* unmanaged<nint, byte*, void>)&TrafficSecrets.OnSecret : null);
    }

    private void Handshake(LayerOutput output)
    {
        if (_hasWritten)
            Listen(true);
        int result = SslCalls.DoHandshake(_ssl);
        if (_listens)
            Listen(false);
        if (result != 1)
        {
            Stopped(result);
            return;
        }
        State = LayerState.Secured;
        TlsSettled.Fill(_facts, _ssl, isServer: IsServer);
        if (_opensRecords)
            TakeOver(output);
    }

    /// <summary>
    /// OpenSSL reads no byte more than it needs: what came behind the last message of the client is still in the input. Who has agreed on shorter
    /// records than others (RFC 6066 4) stays with it.
    /// </summary>
    private void TakeOver(LayerOutput output)
    {
        if (_written.HasPart || SslCalls.HasPending(_ssl) != 0 || SslCalls.FragmentLimit(SslCalls.Session(_ssl)) != 0
            || !_records.TryBegin(RecordSuite.Of(_facts.Cipher), _written.Count))
        {
            return;
        }
        FreeSsl();
        TlsErrors.Clear();
        CountHeld(TlsLoop.RecordsBytes);

        // Tickets are for another connection: they may go with the first response.
        output.MayHold = true;
    }

    /// <summary>A call did not do all of what it should: it waits for bytes, the peer has ended, or it has failed.</summary>
    private void Stopped(int result)
    {
        int error = SslCalls.GetError(_ssl, result);
        if (error == SslCalls.ErrorWantRead)
            return;
        if (error == SslCalls.ErrorZeroReturn)
        {
            State = LayerState.Ended;
            return;
        }
        LayerFailure failure = TlsErrors.Take(_ssl, State == LayerState.Securing, out string detail, out bool isAlert);
        _facts.Detail = detail;
        Fail(_decided == LayerFailure.None ? failure : _decided, isAlert);
    }

    /// <summary>
    /// What begins with another byte is nothing that OpenSSL should guess at: requests, and the answers of a server, begin with a capital letter.
    /// </summary>
    private void Refuse(byte first)
    {
        bool isText = first is >= (byte)'A' and <= (byte)'Z' or (byte)'\r' or (byte)'\n';
        _facts.Detail = !isText ? "no handshake record" : IsServer ? "http request" : "http response";
        Fail(isText ? LayerFailure.PlainText : LayerFailure.NoHandshake);
    }
}
