using System;
using System.Net.Sockets;
using NativeProxy.Buffers;
using NativeProxy.Foundation;
using NativeProxy.Transport.Sockets;

namespace NativeProxy.Transport;

/// <summary>
/// What lies between the bytes on the wire and those of the owner, inside one connection: a handshake, then records that are sealed and opened,
/// and an end that is announced. This class knows what that means for the events of the connection; what derives from it knows the records.
/// Owner: the connection, from <see cref="ConnectionSecurity.LendLayer"/> to <see cref="Recycle(BufferPools)"/>; thread: its loop. Holds no buffer
/// but for what was found by looking and not asked for yet. Never touches the socket but by the connection, never calls up from inside a call of the
/// owner.
/// </summary>
internal abstract class ConnectionLayer
{
    /// <summary>Full reads of one look without anything for the owner in them; behind that the peer counts as one that has spoken.</summary>
    private const int LooksMax = 4;

    /// <summary>Bytes for the owner that came when it had not asked for any.</summary>
    private ByteTail _kept;

    /// <summary>What a look has read instead of bytes, since a socket says that once only.</summary>
    private SocketError _brokenBy;

    /// <summary>Bytes were received that are opened when the owner has heard of those before them: a look must not read past them.</summary>
    private bool _hasUnopened;

    /// <summary>The owner sends nothing more.</summary>
    private bool _hasAnnounced;

    /// <param name="isServer">Whether it is the layer of an accepted connection.</param>
    protected ConnectionLayer(bool isServer) => IsServer = isServer;

    public bool IsServer { get; }

    public LayerState State { get; protected set; }

    /// <summary>What the handshake has settled.</summary>
    public virtual LayerFacts? Facts => null;

    /// <summary>Why it has failed; None while it has not.</summary>
    public LayerFailure Failure { get; private set; }

    /// <summary>It was the peer who has given up: by an alert, or by an end in the handshake.</summary>
    public bool PeerGaveUp { get; private set; }

    /// <summary>Goes out bare before the handshake; null = nothing.</summary>
    internal byte[]? Preface { get; set; }

    /// <summary>True when the peer can have said nothing that the owner has not heard, but for what lies in the socket.</summary>
    public bool IsQuiet => State == LayerState.Secured && _kept.IsEmpty && !HasPart && _brokenBy == SocketError.Success;

    /// <summary>True when a part of a record has come and its end has not: it may be for the owner.</summary>
    protected abstract bool HasPart { get; }

    /// <summary>There is no buffer for what came: the connection breaks, in its turn. For what derives from it, within <see cref="Open"/>.</summary>
    protected void LackBuffer() => _brokenBy = SocketError.NoBufferSpaceAvailable;

    /// <summary>The handshake begins: the first flight, of the side that speaks first.</summary>
    protected abstract void Begin(LayerOutput output);

    /// <summary>
    /// Takes bytes from the wire, all of them, but for those behind an announced end or a failure. Moves <see cref="State"/>.
    /// </summary>
    /// <param name="wire">Not empty.</param>
    /// <param name="plain">Takes what is in them for the owner; has room for all of it and <see cref="LayerScratch.RecordBytesMax"/> more.</param>
    /// <param name="output">Takes what is to be sent: flights, answers, an alert.</param>
    /// <returns>Bytes for the owner.</returns>
    protected abstract int Open(ReadOnlySpan<byte> wire, Span<byte> plain, LayerOutput output);

    /// <summary>Turns bytes of the owner into records, all of them.</summary>
    protected abstract void Seal(ReadOnlySpan<byte> plain, LayerOutput output);

    /// <summary>Announces that the owner sends nothing more. Called once.</summary>
    protected abstract void AnnounceEnd(LayerOutput output);

    /// <summary>The connection is gone: the layer may be lent to another one.</summary>
    /// <param name="pools">Takes back what was lent.</param>
    protected abstract void Recycle(BufferPools pools);

    /// <summary>The layer has failed. For what derives from it, within <see cref="Open"/>, and for an end that comes too early.</summary>
    /// <param name="failure">Why.</param>
    /// <param name="isByAlert">The peer has said so.</param>
    protected void Fail(LayerFailure failure, bool isByAlert = false)
    {
        State = LayerState.Failed;
        Failure = failure;
        PeerGaveUp = isByAlert || failure is LayerFailure.Alert or LayerFailure.EarlyEnd;
    }

    /// <summary>Begins the handshake, for an accepted connection with bytes that were received before; what comes of it is told later.</summary>
    internal void Begin(TcpConnection connection, ReadOnlySpan<byte> firstBytes)
    {
        if (Preface is not null)
            connection.SendWire(Preface, mayHold: true);
        LayerScratch scratch = connection.Loop.Layers;
        scratch.Output.Begin(connection, mayHold: false);
        Begin(scratch.Output);
        scratch.Output.End();
        while (!firstBytes.IsEmpty)
        {
            int count = Math.Min(firstBytes.Length, scratch.LookWire.Length);
            OpenAside(connection, firstBytes[..count]);
            firstBytes = firstBytes[count..];
        }
    }

    /// <summary>An engine's receive ended: bytes, end of stream or an error.</summary>
    internal void Take(TcpConnection connection, ReadOnlySpan<byte> wire, SocketError error, bool isDrained)
    {
        _hasUnopened = !wire.IsEmpty;
        ReportFound(connection);
        if (!_kept.IsEmpty && connection.State == TcpConnectionState.Open)
            ReportKept(connection);
        _hasUnopened = false;
        if (connection.State is not (TcpConnectionState.Open or TcpConnectionState.Securing))
            return;
        if (error != SocketError.Success)
            ReportBroken(connection, error);
        else if (connection.EndOfStreamSeen || State is LayerState.Ended or LayerState.Failed)
            return;
        else if (_brokenBy != SocketError.Success)
            ReportBroken(connection, _brokenBy);
        else if (!wire.IsEmpty)
            TakeBytes(connection, wire, isDrained);
        else if (connection.State == TcpConnectionState.Open)
            connection.ReportEnd();
        else
            FailEarly(connection);
    }

    /// <summary>
    /// Tells the owner what was found before: the end of the handshake, and what it asks for of bytes and of the end behind them.
    /// </summary>
    internal void ReportFound(TcpConnection connection)
    {
        if (connection.State == TcpConnectionState.Securing && State is LayerState.Secured or LayerState.Ended)
            connection.ReportOpen(IsServer);
        if (!_kept.IsEmpty && connection.MayReceive)
            ReportKept(connection);

        // What the owner has found by looking meanwhile is told in its turn, before the end behind it.
        if (!connection.MayReceive || !_kept.IsEmpty)
            return;
        if (State == LayerState.Ended)
            connection.ReportEnd();
        else if (State == LayerState.Failed)
            connection.ReportFailure(SocketError.ConnectionAborted, isBroken: false);
        else if (_brokenBy != SocketError.Success)
            ReportBroken(connection, _brokenBy);
    }

    /// <summary>True when <see cref="ReportFound"/> has something to tell as soon as the owner asks for bytes.</summary>
    internal bool HasFound =>
        !_kept.IsEmpty || State is LayerState.Ended or LayerState.Failed || _brokenBy != SocketError.Success;

    /// <summary>See <see cref="TcpConnection.LookAhead"/>: reads what is there and keeps what is for the owner.</summary>
    internal UnreadInput LookAhead(TcpConnection connection)
    {
        if (_hasUnopened)
            return UnreadInput.Bytes;
        byte[] wire = connection.Loop.Layers.LookWire;
        for (int looks = 0; !HasFound; looks++)
        {
            int received = connection.ReadNow(wire, out SocketError error);
            if (error == SocketError.WouldBlock)
                return HasPart ? UnreadInput.Bytes : UnreadInput.None;

            // The end is there for whoever reads next, too.
            if (received == 0 && error == SocketError.Success)
                return UnreadInput.End;
            if (error != SocketError.Success)
                _brokenBy = error;
            else
                OpenAside(connection, wire.AsSpan(0, received));
            if (looks == LooksMax && !HasFound)
                return UnreadInput.Bytes;
        }
        connection.AskForFound();
        return _kept.IsEmpty ? UnreadInput.End : UnreadInput.Bytes;
    }

    /// <summary>Sends bytes of the owner.</summary>
    internal SendResult Send(TcpConnection connection, ReadOnlySpan<byte> plain, bool mayHold)
    {
        // Nothing follows an announced end, as nothing follows FIN on a bare connection.
        if (_hasAnnounced)
            return SendResult.Failed;
        if (State != LayerState.Failed)
        {
            LayerOutput output = connection.Loop.Layers.Output;
            output.Begin(connection, mayHold);
            Seal(plain, output);
            SendResult result = output.End();
            if (State != LayerState.Failed)
                return result;
        }

        // An owner that asks for no bytes hears of the failure in no other way.
        if (!connection.EndOfStreamSeen)
            connection.Loop.Defer(connection, DeferredWork.SendFailed);
        return SendResult.Failed;
    }

    /// <summary>Nothing more is sent, and FIN follows: announces it, once the handshake is done and if the layer is sound.</summary>
    internal void AnnounceEnd(TcpConnection connection)
    {
        if (_hasAnnounced || State is not (LayerState.Secured or LayerState.Ended))
            return;
        _hasAnnounced = true;
        LayerOutput output = connection.Loop.Layers.Output;
        output.Begin(connection, mayHold: true);
        AnnounceEnd(output);
        output.End();
    }

    /// <summary>The connection is gone.</summary>
    internal void Release(TcpConnection connection)
    {
        _kept.Release(connection.Loop.Pools);
        _brokenBy = SocketError.Success;
        _hasAnnounced = false;
        State = LayerState.Securing;
        Failure = LayerFailure.None;
        PeerGaveUp = false;
        Preface = null;
        Recycle(connection.Loop.Pools);
    }

    private void TakeBytes(TcpConnection connection, ReadOnlySpan<byte> wire, bool isDrained)
    {
        byte[] plain = connection.Loop.Layers.Plain;
        int count = OpenTo(connection, wire, plain);
        if (connection.State == TcpConnectionState.Securing)
            Keep(connection, plain.AsSpan(0, count));
        else if (count > 0)
            connection.ReportBytes(plain.AsSpan(0, count), isDrained && IsQuiet);
        ReportFound(connection);
    }

    /// <summary>Opens bytes inside a call of the owner, when it may still use those of the last receive.</summary>
    private void OpenAside(TcpConnection connection, ReadOnlySpan<byte> wire)
    {
        byte[] plain = connection.Loop.Layers.LookPlain;
        if (State is LayerState.Securing or LayerState.Secured)
            Keep(connection, plain.AsSpan(0, OpenTo(connection, wire, plain)));
    }

    private int OpenTo(TcpConnection connection, ReadOnlySpan<byte> wire, Span<byte> plain)
    {
        LayerOutput output = connection.Loop.Layers.Output;
        output.Begin(connection, mayHold: false);
        int count = Open(wire, plain, output);
        output.End();
        return count;
    }

    private void Keep(TcpConnection connection, ReadOnlySpan<byte> plain)
    {
        if (!_kept.TryAppend(connection.Loop.Pools, plain, EventLoop.ReceiveBytesMax + LayerScratch.RecordBytesMax))
            LackBuffer();
    }

    /// <summary>What is lent must not change when the owner looks ahead meanwhile: it is no longer the layer's.</summary>
    private void ReportKept(TcpConnection connection)
    {
        ByteTail lent = _kept;
        _kept = default;
        connection.ReportBytes(lent.Bytes, isDrained: false);
        lent.Release(connection.Loop.Pools);
    }

    /// <summary>Nothing more comes, or it would come behind a gap. An end that was announced before was one all the same.</summary>
    private void ReportBroken(TcpConnection connection, SocketError error)
    {
        if (State == LayerState.Ended && connection is { State: TcpConnectionState.Open, EndOfStreamSeen: false })
            connection.ReportEnd();
        if (connection.State is TcpConnectionState.Open or TcpConnectionState.Securing)
            connection.ReportFailure(error, isBroken: error != SocketError.NoBufferSpaceAvailable);
    }

    private void FailEarly(TcpConnection connection)
    {
        Fail(LayerFailure.EarlyEnd);
        connection.ReportFailure(SocketError.ConnectionAborted, isBroken: false);
    }
}
