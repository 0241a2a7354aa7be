using System;
using System.Collections.Generic;
using System.Net.Sockets;
using System.Text;
using NativeProxy.Tests.Simulation.Network;
using NativeProxy.Tests.Simulation.Verdict;

namespace NativeProxy.Tests.Simulation.Peers;

/// <summary>A server's end of one connection: reads requests, answers each as <see cref="ReplyMaker"/> draws it, and misbehaves while idle.</summary>
internal sealed class ServerConnection : IMessageSink
{
    private readonly ChaosWorld _world;
    private readonly SimulatedSocket _socket;
    private readonly PacedWriter _writer;
    private readonly MessageReader _reader;
    private readonly byte[] _buffer = new byte[4096];
    private readonly Queue<ReplyPlan> _due = [];
    private ReplyPlan? _reply;
    private bool _isReadPlanned;
    private bool _stopsReading;
    private bool _isAnswering;
    private bool _discards;
    private int _requestCount;

    public ServerConnection(ChaosWorld world, SimulatedSocket socket)
    {
        _world = world;
        _socket = socket;
        _writer = new PacedWriter(socket, world.Agenda, world.Dice);
        _reader = new MessageReader(this);
    }

    /// <summary>Who reads along at the proxy's end.</summary>
    public RequestWatch? Watch { get; set; }

    /// <summary>Bytes were sent that no request had asked for.</summary>
    public bool HasSpokenUnasked { get; private set; }

    /// <summary>Requests whose answer has been written whole.</summary>
    public int AnsweredCount { get; private set; }

    public void Start()
    {
        _socket.Changed = OnChanged;
        if (_world.Dice.PerMille(_world.Faults.ServerUnasked / 4))
            SpeakUnasked();
        if (_world.Dice.PerMille(_world.Faults.ServerIdleFin / 4))
            _world.Agenda.After(_world.Dice.Below(20), () => End(reset: _world.Dice.PerMille(300)));
        PlanRead();
    }

    public void OnBegin(ReadOnlySpan<byte> firstBytes)
    {
    }

    public (BodyShape Shape, long Length) OnHead(MessageHead head)
    {
        string[] words = head.FirstLine.Split(' ');
        RequestPlan request = _world.Evidence.FindByTarget(words[1])!;
        _requestCount++;
        Evidence.RequestRead(request);
        _world.Trace.Note(TraceKind.RequestSeen, _socket.Id, request.Id);
        _reply = _world.Replies.Make(request, _socket.Id, _world.Sabotage);
        _due.Enqueue(_reply);
        if (_world.Sabotage == Sabotage.RepeatedPost && request is { Method: "POST", Shape: BodyShape.None })
            _world.Evidence.RequestStarted(request);
        if (_world.Sabotage == Sabotage.SmuggledRequest && _reply.Serial == 5)
            new RequestWatch(_world.Evidence, _socket.Other, this, _world.Trace).Feed("GET /smuggled HTTP/1.1\r\n\r\n"u8);
        if (head["Expect"] is not null && (_world.Faults.IsCalm || _world.Dice.PerMille(800)))
            _writer.Add(Encoding.Latin1.GetBytes($"HTTP/1.1 100 Continue\r\nX-Id: {request.Id}.{_reply.Serial}\r\n\r\n"), Pace.AtOnce);
        if (_reply.IsEarly)
        {
            if (_world.Dice.PerMille(300))
                _stopsReading = true;
            Answer(_reply);
        }
        return request.Shape == BodyShape.Chunked ? (BodyShape.Chunked, 0) : (request.Shape, request.BodyBytes);
    }

    public void OnBody(ReadOnlySpan<byte> bytes)
    {
    }

    public void OnEnd(List<(string Name, string Value)> trailers)
    {
        _world.Trace.Note(TraceKind.RequestSeenWhole, _socket.Id, _requestCount);
        if (!_reply!.IsEarly)
            Answer(_reply);
    }

    public void OnMalformed(string why) => Evidence.Fail($"server connection {_socket.Id}: {why}");

    private void OnChanged()
    {
        _writer.Resume();
        if (_socket.IsReset)
            Stop();
        else
            PlanRead();
    }

    private void PlanRead()
    {
        if (_isReadPlanned || _stopsReading || _socket.IsClosed || !_socket.HasNews)
            return;
        _isReadPlanned = true;
        _world.Agenda.After(_world.Dice.PerMille(_world.Faults.ServerSlow) ? _world.Dice.Below(60) : _world.Dice.Below(3), Read);
    }

    private void Read()
    {
        _isReadPlanned = false;
        if (_socket.IsClosed || _stopsReading)
            return;
        if (_world.Dice.PerMille(_world.Faults.ServerStopsReading / 8))
        {
            _stopsReading = true;
            return;
        }
        int received = _socket.Receive(_buffer, out SocketError error);
        if (error == SocketError.WouldBlock)
            return;
        _world.Trace.Note(TraceKind.ServerReads, _socket.Id, received, (long)error);
        if (received > 0)
        {
            if (!_discards)
                _reader.Feed(_buffer.AsSpan(0, received));
            PlanRead();
        }
        else if (error != SocketError.Success)
        {
            Stop();
        }
        else if (_writer.IsIdle || _world.Dice.PerMille(500))
        {
            End(reset: false);
        }
    }

    private void Answer(ReplyPlan reply)
    {
        int delayMs = _world.Dice.PerMille(700) ? _world.Dice.Below(3) : _world.Dice.Below(_world.Faults.IsCalm ? 20 : 300);
        _world.Agenda.After(delayMs, () =>
        {
            reply.IsReady = true;
            WriteNext();
        });
    }

    /// <summary>Answers go out in the order of the requests, one at a time.</summary>
    private void WriteNext()
    {
        if (!_isAnswering && _due.TryPeek(out ReplyPlan? reply) && reply.IsReady)
            Write(_due.Dequeue());
    }

    private void Write(ReplyPlan reply)
    {
        if (_socket.IsClosed)
            return;
        _world.Trace.Note(TraceKind.ReplyBegins, _socket.Id, reply.RequestId, reply.Serial);
        byte[] bytes = reply.Bytes;
        _isAnswering = true;
        if (reply.HasSurplus && _world.Dice.PerMille(500))
        {
            HasSpokenUnasked = true;
            Watch!.Taint(writing: 1);
            bytes = [.. bytes, .. Encoding.Latin1.GetBytes(BadReplies.Unasked(_socket.Id))];
        }
        if (_world.Sabotage == Sabotage.ChangedByte && reply.Serial > 20 && reply is { BodyBytes: > 10, IsFaulty: false })
            bytes[^8] ^= 1;
        _writer.Add(bytes, reply.Pace, written: sent => _world.Trace.Note(TraceKind.ServerWrites, _socket.Id, sent), done: () => Written(reply));
    }

    private void Written(ReplyPlan reply)
    {
        AnsweredCount++;
        _isAnswering = reply.End is ReplyEnd.Reset or ReplyEnd.Hang;
        if (reply.HasSurplus && !HasSpokenUnasked)
            SpeakUnasked();
        switch (reply.End)
        {
            case ReplyEnd.Keep when _due.Count > 0:
                WriteNext();
                break;
            case ReplyEnd.Keep:
                PlanIdle();
                break;
            case ReplyEnd.Fin:
                if (!_world.Faults.IsCalm && _world.Dice.PerMille(700))
                    End(reset: false);
                else
                    StopServing();
                break;
            case ReplyEnd.Reset:
                End(reset: true);
                break;
        }
    }

    /// <summary>
    /// Shuts the sending side, and throws away what still arrives, as a good server does: closing with unread bytes would be a reset, which
    /// destroys the answer.
    /// </summary>
    private void StopServing()
    {
        _discards = true;
        _socket.ShutdownSend();
        PlanRead();
    }

    private void PlanIdle()
    {
        Dice dice = _world.Dice;
        int requestCount = _requestCount;
        int delayMs = dice.Between(1, dice.Pick(3, 30, 400));
        bool resets = dice.PerMille(_world.Faults.ServerIdleReset);
        if (resets || dice.PerMille(_world.Faults.ServerIdleFin))
            _world.Agenda.After(delayMs, () => EndIdle(requestCount, resets));
        if (dice.PerMille(_world.Faults.ServerUnasked))
            _world.Agenda.After(delayMs, () => SpeakWhileIdle(requestCount));
    }

    private void EndIdle(int requestCount, bool reset)
    {
        if (requestCount == _requestCount)
            End(reset);
    }

    /// <summary>Only when the proxy has read the answer: bytes right behind it are surplus.</summary>
    private void SpeakWhileIdle(int requestCount)
    {
        Pipe toProxy = _socket.Outgoing;
        if (requestCount == _requestCount && toProxy.ReadableBytes == 0 && toProxy.FlyingBytes == 0)
            SpeakUnasked();
    }

    private void SpeakUnasked()
    {
        HasSpokenUnasked = true;
        Watch!.Taint(_isAnswering ? 1 : 0);
        if (_socket.SpeaksInRecords && (AnsweredCount == 0 || _socket.Other.HasBlocked))
            Watch.Deceives();
        _writer.Add(Encoding.Latin1.GetBytes(BadReplies.Unasked(_socket.Id)), Pace.AtOnce);
    }

    /// <summary>In the middle of an answer only a reset is plain: FIN would be the end of a body that has no other.</summary>
    private void End(bool reset)
    {
        if (_socket.IsClosed)
            return;
        reset |= _isAnswering;
        _world.Trace.Note(reset ? TraceKind.ServerResets : TraceKind.ServerEnds, _socket.Id);
        _writer.Stop();
        _socket.Close(reset);
    }

    private void Stop()
    {
        _writer.Stop();
        _socket.Close(reset: false);
    }
}
