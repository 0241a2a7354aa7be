using System;
using System.Net.Sockets;
using NativeProxy.Tests.Simulation.Network;
using NativeProxy.Tests.Simulation.Verdict;

namespace NativeProxy.Tests.Simulation.Peers;

/// <summary>One client connection: sends a few requests, perhaps several at once, reads what comes, and misbehaves as drawn.</summary>
internal sealed class SimulatedClient
{
    /// <summary>Longest life; what is not over by then is cut by the client.</summary>
    private const int LifeMsMax = 120_000;

    private readonly ChaosWorld _world;
    private readonly Action _ended;
    private readonly SimulatedSocket _socket;
    private readonly PacedWriter _writer;
    private readonly ResponseWatch _responses;
    private readonly byte[] _buffer = new byte[16 * 1024];
    private readonly int _depth;
    private readonly bool _isSlowReader;
    private readonly int _readBytesMax;
    private int _leftToSend;
    private bool _isReadPlanned;
    private bool _stopsReading;
    private bool _isSending;
    private bool _isOver;
    private bool _hasPlannedEnd;
    private Action? _sendBody;

    public SimulatedClient(ChaosWorld world, SimulatedSocket socket, Action ended)
    {
        _world = world;
        _ended = ended;
        _socket = socket;
        Dice dice = world.Dice;
        _writer = new PacedWriter(socket, world.Agenda, dice);
        _responses = new ResponseWatch(world.Evidence, world.Trace, socket.Id) { Heard = Continue, Answered = OnAnswered };
        _depth = dice.Pick(1, 1, 1, 2, 4, 10);
        _leftToSend = dice.Pick(1, 1, 2, 5, 12);
        _isSlowReader = dice.PerMille(world.Faults.ClientSlowReader);
        _readBytesMax = _isSlowReader ? dice.Between(1, 600) : _buffer.Length;
    }

    public void Start()
    {
        _socket.Changed = OnChanged;
        Dice dice = _world.Dice;
        if (dice.PerMille(_world.Faults.ClientReset))
            _world.Agenda.After(dice.Below(dice.Pick(5, 50, 500)), () => Quit(reset: true));
        if (dice.PerMille(_world.Faults.ClientFin))
            _world.Agenda.After(dice.Below(dice.Pick(5, 50, 500)), () => Quit(reset: false));
        _world.Agenda.After(LifeMsMax, () => Quit(reset: true));
        SendMore();
    }

    private void SendMore()
    {
        while (!_isOver && !_isSending && _leftToSend > 0 && _responses.Waiting.Count < _depth && !_responses.SaysClose)
            SendOne();
        if (_leftToSend == 0 && !_isSending)
            PlanEnd();
    }

    private void SendOne()
    {
        _leftToSend--;
        RequestPlan plan = _world.Requests.Make(_socket.Id);
        _world.Evidence.Add(plan);
        _responses.Waiting.Enqueue(plan);
        _isSending = true;
        if (plan.Hostility != Hostility.None || plan.SaysClose || (plan.MinorVersion == 0 && !plan.SaysKeepAlive))
            _leftToSend = 0;
        Pace pace = DrawPace(plan.Bytes.Length);
        if (!plan.ExpectsContinue)
        {
            _writer.Add(plan.Bytes, pace, written: sent => Written(plan, sent), done: Sent);
            return;
        }
        _sendBody = () => _writer.Add(plan.Bytes[plan.HeadBytes..], pace with { StallAt = -1 }, written: sent => Written(plan, plan.HeadBytes + sent),
            done: Sent);
        _writer.Add(plan.Bytes[..plan.HeadBytes], pace with { StallAt = -1 }, written: sent => Written(plan, sent),
            done: () => _world.Agenda.After(_world.Dice.Below(400), Continue));
    }

    /// <summary>The body that waited for 100 Continue is sent: it came, or the client has lost patience.</summary>
    private void Continue()
    {
        Action? send = _sendBody;
        _sendBody = null;
        if (!_isOver)
            send?.Invoke();
    }

    private void Written(RequestPlan plan, int bytes)
    {
        plan.WrittenBytes = bytes;
        _world.Trace.Note(TraceKind.ClientWrites, _socket.Id, plan.Id, bytes);
    }

    private void Sent()
    {
        _isSending = false;
        if (_leftToSend == 0 && _world.Dice.PerMille(_world.Faults.ClientHalfClose))
            _socket.ShutdownSend();
        SendMore();
    }

    private void OnAnswered()
    {
        if (!_isOver)
            _world.Agenda.After(_world.Dice.PerMille(800) ? _world.Dice.Below(3) : _world.Dice.Below(200), SendMore);
    }

    /// <summary>All is sent. When all is answered the client leaves, or waits until the proxy does.</summary>
    private void PlanEnd()
    {
        if (_hasPlannedEnd || _responses.Waiting.Count > 0 || _isOver)
            return;
        _hasPlannedEnd = true;
        Dice dice = _world.Dice;
        if (dice.PerMille(600))
            _world.Agenda.After(dice.Below(dice.Pick(3, 100)), () => Quit(reset: dice.PerMille(200)));
    }

    private void OnChanged()
    {
        _writer.Resume();
        PlanRead();
    }

    private void PlanRead()
    {
        if (_isReadPlanned || _stopsReading || _isOver || !_socket.HasNews)
            return;
        _isReadPlanned = true;
        _world.Agenda.After(_isSlowReader ? _world.Dice.Below(60) : _world.Dice.Below(3), Read);
    }

    private void Read()
    {
        _isReadPlanned = false;
        if (_isOver)
            return;
        if (_world.Dice.PerMille(_world.Faults.ClientStopsReading / 8))
        {
            // For a while, or for good.
            _stopsReading = true;
            if (_world.Dice.PerMille(700))
                _world.Agenda.After(_world.Dice.Below(1500), ReadAgain);
            return;
        }
        int received = _socket.Receive(_buffer.AsSpan(0, _readBytesMax), out SocketError error);
        if (error == SocketError.WouldBlock)
            return;
        _world.Trace.Note(TraceKind.ClientReads, _socket.Id, received, (long)error);
        if (received > 0)
        {
            _responses.Feed(_buffer.AsSpan(0, received));
            PlanRead();
            return;
        }
        if (error == SocketError.Success)
            _responses.EndOfStream();
        CheckUnanswered();
        Quit(reset: false);
    }

    private void ReadAgain()
    {
        _stopsReading = false;
        PlanRead();
    }

    /// <summary>The proxy has closed. Where nothing goes wrong, it may leave unanswered only what was sent behind its own announcement.</summary>
    private void CheckUnanswered()
    {
        if (_world.Evidence.IsCalm && _responses.Waiting.TryPeek(out RequestPlan? first))
        {
            Evidence.Require(_responses.SaysClose && _responses.IsBetween,
                $"client connection {_socket.Id}: {first} was not answered though nothing went wrong");
        }
    }

    private void Quit(bool reset)
    {
        if (_isOver)
            return;
        _isOver = true;
        _world.Trace.Note(reset ? TraceKind.ClientResets : TraceKind.ClientEnds, _socket.Id, _responses.Waiting.Count);
        _writer.Stop();
        _socket.Close(reset);
        _ended();
    }

    private Pace DrawPace(int bytes)
    {
        Dice dice = _world.Dice;
        if (dice.PerMille(_world.Faults.ClientStall))
            return new Pace(Math.Max(1, bytes / 3), 2, dice.Below(bytes), dice.Below(3000));
        if (!dice.PerMille(_world.Faults.ClientSlowWriter))
            return dice.PerMille(700) ? Pace.AtOnce : new Pace(Math.Max(1, bytes / 2), 3);
        return bytes < 2000 && dice.PerMille(500) ? new Pace(1, 2) : new Pace(Math.Max(1, bytes / 15), 30);
    }
}
