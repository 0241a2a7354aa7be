using System.Net.Sockets;
using NativeProxy.Metrics;
using NativeProxy.Timers;

namespace NativeProxy.Transport.Saea;

/// <summary>The listening socket of the SocketAsyncEventArgs engine.</summary>
internal sealed class SaeaListenerSocket : TcpListenerSocket, ITimerOwner
{
    private readonly SaeaEventLoop _loop;
    private readonly Socket _socket;
    private readonly AcceptOperation _accept;
    private readonly AcceptWork _acceptWork;
    private readonly TimerNode _pause;
    private bool _closed;

    public SaeaListenerSocket(SaeaEventLoop loop, Socket socket, IConnectionAcceptor acceptor, SocketTuning tuning)
        : base(acceptor)
    {
        _loop = loop;
        _socket = socket;
        Tune(tuning);
        _accept = new AcceptOperation(this);
        _acceptWork = new AcceptWork(this);
        _pause = new TimerNode(this);
    }

    public override void Tune(SocketTuning tuning) => tuning.ApplyTo(_socket);

    public override void Resume()
    {
        if (!_closed && !_accept.InFlight)
            _loop.Soon(_acceptWork);
    }

    public override void Close()
    {
        _closed = true;
        _loop.Wheel.Remove(_pause);
        _socket.Dispose();
    }

    public void OnTimer(TimerNode node, long nowMs) => Resume();

    private void AcceptMany()
    {
        _loop.Pulse.Enter(LoopPlace.Accepting);
        for (int budget = AcceptsPerTurnMax; budget > 0; budget--)
        {
            if (_closed || _accept.InFlight || !Acceptor.MayAccept)
                return;
            _accept.AcceptSocket = null;
            _accept.InFlight = true;
            if (_socket.AcceptAsync(_accept))
                return;
            _accept.InFlight = false;
            if (!Take())
                return;
        }
        Resume();
    }

    /// <summary>Hands the accepted socket upwards; false when accepting must rest.</summary>
    private bool Take()
    {
        switch (_accept.SocketError)
        {
            case SocketError.Success:
                SaeaConnection connection = _loop.Lend();
                connection.BeginAccepted(_accept.AcceptSocket!);
                _accept.AcceptSocket = null;
                HandOver(connection);
                return true;
            case SocketError.OperationAborted:
                return false;
            case SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable:
                _loop.Wheel.Arm(_pause, _loop.Clock.NowMs + RestMs);
                Acceptor.OnAcceptFailed(_accept.SocketError);
                return false;
            case SocketError.InvalidArgument:
                _loop.Wheel.Arm(_pause, _loop.Clock.NowMs + RestMs);
                return false;
            default:
                // The client was gone before it was accepted, or the network was down for it.
                return true;
        }
    }

    /// <summary>The one accept of a listening socket.</summary>
    private sealed class AcceptOperation(SaeaListenerSocket listener) : SaeaOperation(listener._loop)
    {
        protected override void OnLoopCompleted()
        {
            if (listener.Take())
                listener.AcceptMany();
        }
    }

    /// <summary>Accepts what waits, on the loop thread.</summary>
    private sealed class AcceptWork(SaeaListenerSocket listener) : LoopWork
    {
        public override void Run() => listener.AcceptMany();
    }
}
