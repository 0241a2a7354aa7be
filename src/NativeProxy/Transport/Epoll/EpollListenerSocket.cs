using System;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using NativeProxy.Metrics;
using NativeProxy.Timers;
using NativeProxy.Transport.Sockets;

namespace NativeProxy.Transport.Epoll;

/// <summary>The listening socket of the direct engine: level-triggered, so that what the budget of a turn leaves is reported again.</summary>
internal sealed unsafe class EpollListenerSocket : TcpListenerSocket, IEpollWatched, ITimerOwner
{
    private readonly EpollEventLoop _loop;
    private readonly Socket _socket;
    private readonly int _descriptor;
    private readonly TimerNode _pause;
    private readonly ulong _token;
    private bool _isWatched;

    /// <summary>
    /// Accepts of the next turn. An accept in vain costs the kernel nearly as much as a good one, so there is one per turn, and twice as many
    /// in each turn that all of them were good in.
    /// </summary>
    private int _budget = 1;
    private bool _isClosed;

    public EpollListenerSocket(EpollEventLoop loop, Socket socket, IConnectionAcceptor acceptor, SocketTuning tuning)
        : base(acceptor)
    {
        _loop = loop;
        _socket = socket;
        Tune(tuning);
        _descriptor = (int)socket.Handle;
        _pause = new TimerNode(this);
        socket.Blocking = false;
        _token = loop.Watched.Add(this);
    }

    public override void Tune(SocketTuning tuning) => tuning.ApplyTo(_socket);

    public override void Resume()
    {
        if (_isClosed || _isWatched)
            return;
        _isWatched = true;
        _loop.Register(_descriptor, EpollCalls.In, _token);
    }

    public override void Close()
    {
        if (_isClosed)
            return;
        Pause();
        _isClosed = true;
        _loop.Wheel.Remove(_pause);
        _loop.Watched.Remove(_token);
        _socket.Dispose();
    }

    public void OnTimer(TimerNode node, long nowMs) => Resume();

    public void OnReady(uint events)
    {
        _loop.Pulse.Enter(LoopPlace.Accepting);
        Accept();
        _loop.Pulse.Enter(LoopPlace.Events);
    }

    private void Accept()
    {
        for (int budget = _budget; budget > 0 && _isWatched; budget--)
        {
            if (!Acceptor.MayAccept)
            {
                Pause();
                return;
            }
            if (!AcceptOne())
            {
                _budget = 1;
                return;
            }
        }
        _budget = Math.Min(_budget * 2, AcceptsPerTurnMax);
    }

    /// <summary>Accepts one connection; false when there is none now.</summary>
    private bool AcceptOne()
    {
        byte* address = stackalloc byte[SocketAddresses.BytesMax];
        uint addressBytes = SocketAddresses.BytesMax;
        int descriptor = EpollCalls.Accept(_descriptor, address, &addressBytes, EpollCalls.NonBlocking | EpollCalls.CloseOnExec);
        if (descriptor >= 0)
        {
            EpollConnection connection = _loop.Lend();
            connection.BeginAccepted(descriptor, SocketAddresses.Read(new ReadOnlySpan<byte>(address, SocketAddresses.BytesMax)));
            HandOver(connection);
            return true;
        }
        int error = Marshal.GetLastSystemError();
        if (error == ErrorNumbers.WouldBlock)
            return false;
        SocketError lack = ErrorNumbers.ToSocketError(error);
        bool isExhausted = lack is SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable;
        if (!isExhausted && error != ErrorNumbers.InvalidArgument)
            return true;
        Pause();
        _loop.Wheel.Arm(_pause, _loop.Clock.NowMs + RestMs);
        if (isExhausted)
            Acceptor.OnAcceptFailed(lack);
        return false;
    }

    private void Pause()
    {
        if (!_isWatched)
            return;
        _isWatched = false;
        _loop.Unregister(_descriptor);
    }
}
