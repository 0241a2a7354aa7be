using System;
using System.Buffers;
using System.Net.Sockets;
using NativeProxy.Tests.Layers;

namespace NativeProxy.Tests.Simulation.Network;

/// <summary>
/// A peer's end that speaks in records: what the peer sends and reads goes through a <see cref="RecordSession"/>, whose handshake needs no help of
/// the peer. What is sent before it is done waits for it, as long as it takes.
/// </summary>
internal sealed class RecordEnd(SimulatedSocket socket, RecordSession session)
{
    private readonly ArrayBufferWriter<byte> _early = new();
    private readonly byte[] _block = new byte[16 * 1024];
    private byte[] _unsent = [];
    private int _plainStart;
    private bool _endIsWanted;
    private bool _endIsSent;

    public RecordSession Session => session;

    /// <summary>Something is there for the peer, or may be.</summary>
    public bool HasNews => session.Plain.WrittenCount > _plainStart || session.State is RecordState.Ended or RecordState.Failed;

    public void Begin()
    {
        session.Begin();
        Flush();
    }

    /// <summary>Bytes, room or an end may have come to the bare end.</summary>
    public void OnChanged()
    {
        while (session.State == RecordState.Securing && TryFeed(out _))
        {
        }
        GoOn();
    }

    /// <summary>As send(2); takes all, or nothing while earlier bytes wait for room.</summary>
    public int Send(ReadOnlySpan<byte> plain, out SocketError error)
    {
        GoOn();
        error = socket.IsReset ? SocketError.ConnectionReset
            : _endIsWanted || session.State == RecordState.Failed ? SocketError.Shutdown
            : _unsent.Length > 0 && session.State != RecordState.Securing && !plain.IsEmpty ? SocketError.WouldBlock : SocketError.Success;
        if (error != SocketError.Success)
            return 0;
        if (session.State == RecordState.Securing)
            _early.Write(plain);
        else
            session.Seal(plain);
        Flush();
        return plain.Length;
    }

    /// <summary>As recv(2): an announced end is an end, FIN without it is an error.</summary>
    public int Receive(Span<byte> target, out SocketError error)
    {
        error = SocketError.Success;
        bool isBareEnd = false;
        while (session.Plain.WrittenCount == _plainStart && session.State is RecordState.Securing or RecordState.Secured && !isBareEnd)
        {
            if (!TryFeed(out error))
            {
                isBareEnd = error == SocketError.Success;
                if (!isBareEnd)
                    break;
            }
        }
        GoOn();
        int length = Math.Min(target.Length, session.Plain.WrittenCount - _plainStart);
        if (length > 0)
        {
            session.Plain.WrittenSpan.Slice(_plainStart, length).CopyTo(target);
            _plainStart += length;
            if (_plainStart == session.Plain.WrittenCount)
            {
                session.Plain.ResetWrittenCount();
                _plainStart = 0;
            }
            error = SocketError.Success;
        }
        else if (session.State == RecordState.Failed || isBareEnd)
        {
            error = SocketError.ConnectionAborted;
        }
        else if (session.State == RecordState.Ended)
        {
            error = SocketError.Success;
        }
        return length;
    }

    public void ShutdownSend()
    {
        _endIsWanted = true;
        GoOn();
    }

    /// <summary>Closing in order: all that was sent is with the kernel, and the end is announced if a handshake has come that far.</summary>
    public void BeforeClose()
    {
        GoOn();
        session.AnnounceEnd();
        TakeOutput();
        socket.SendWithoutRoom(_unsent);
        _unsent = [];
    }

    private void GoOn()
    {
        if (session.State is RecordState.Secured or RecordState.Ended && _early.WrittenCount > 0)
        {
            session.Seal(_early.WrittenSpan);
            _early.Clear();
        }
        if (_endIsWanted && session.State is RecordState.Secured or RecordState.Ended)
            session.AnnounceEnd();
        Flush();
    }

    /// <summary>Feeds the session from the bare end; false, with the error, when there was nothing, an error, or the end (Success).</summary>
    private bool TryFeed(out SocketError error)
    {
        int received = socket.ReceiveBare(_block, out error);
        if (received > 0)
            session.Feed(_block.AsSpan(0, received));
        return received > 0;
    }

    private void TakeOutput()
    {
        if (session.Output.WrittenCount > 0)
            _unsent = [.. _unsent, .. session.Output.WrittenSpan];
        session.Output.ResetWrittenCount();
    }

    private void Flush()
    {
        TakeOutput();
        while (_unsent.Length > 0)
        {
            int sent = socket.SendBare(_unsent, out _);
            if (sent == 0)
                return;
            _unsent = _unsent[sent..];
        }
        if (_endIsWanted && !_endIsSent && session.State != RecordState.Securing)
        {
            _endIsSent = true;
            socket.ShutdownBare();
        }
    }
}
