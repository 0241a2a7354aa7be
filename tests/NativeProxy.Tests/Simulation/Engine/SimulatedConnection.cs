using System;
using System.Net;
using System.Net.Sockets;
using NativeProxy.Foundation;
using NativeProxy.Tests.Simulation.Network;
using NativeProxy.Transport;
using NativeProxy.Transport.Sockets;

namespace NativeProxy.Tests.Simulation.Engine;

/// <summary>
/// The proxy's end of a connection. What both kinds have in common: the socket, the connect, sends without waiting, closing.
/// </summary>
internal abstract class SimulatedConnection(SimulatedEventLoop loop) : TcpConnection(loop)
{
    private SimulatedSocket? _socket;

    /// <summary>Grows with each use of the object, so that what comes late is recognised.</summary>
    public int Generation { get; private set; }

    /// <summary>True exactly while the connection stands in the loop's list of ready ones.</summary>
    public bool IsMarkedReady { get; set; }

    protected SimulatedSocket? Socket => _socket;

    protected SimulatedEventLoop SimulatedLoop => loop;

    /// <summary>True when an answer to the connect waits to be handled.</summary>
    protected bool HasConnectAnswer { get; set; }

    protected SocketError ConnectError { get; private set; }

    /// <summary>The peer's number of the connection, for the trace; 0 without a socket.</summary>
    public long SocketId => _socket?.Id ?? 0;

    /// <summary>Inside a turn: something may have happened.</summary>
    public abstract void OnReady();

    public void BeginAccepted(SimulatedSocket socket)
    {
        Start(null, TcpConnectionState.Open);
        Take(socket);
        Peer = new PeerAddress([192, 0, 2, 1], 40000 + (int)(socket.Id % 20000));
        loop.Trace.Note(TraceKind.Accepted, Id, socket.Id);
    }

    public virtual void BeginConnect(IConnectionOwner owner) => Start(owner, TcpConnectionState.Connecting);

    /// <summary>How the connect ended; the owner hears of it in a later turn.</summary>
    public void ConnectAnswered(ConnectAnswer answer, SimulatedSocket? socket)
    {
        if (State != TcpConnectionState.Connecting)
        {
            socket?.Close(reset: true);
            return;
        }
        HasConnectAnswer = true;
        ConnectError = answer switch
        {
            ConnectAnswer.Accept => SocketError.Success,
            ConnectAnswer.Refuse => SocketError.ConnectionRefused,
            _ => SocketError.HostUnreachable,
        };
        loop.Trace.Note(TraceKind.ConnectEnds, Id, socket?.Id ?? 0, (long)answer);
        if (socket is not null)
            Take(socket);
        loop.MarkReady(this);
    }

    protected override PeerAddress SocketLocal() => PeerAddress.Of(IPAddress.Loopback, 8080);

    internal override int SendNow(ReadOnlySpan<byte> bytes, out SocketError error)
    {
        int sent = _socket!.Send(bytes, out error);
        loop.Trace.Note(TraceKind.ProxySends, SocketId, sent, (long)error);
        return sent;
    }

    internal override int ReadNow(Span<byte> target, out SocketError error)
    {
        int received = _socket!.Receive(target, out error);
        loop.Trace.Note(TraceKind.ProxyReceives, SocketId, received, (long)error);
        return received;
    }

    protected override UnreadInput SocketLookAhead() =>
        _socket!.Incoming.ReadableBytes > 0 ? UnreadInput.Bytes : _socket.HasNews ? UnreadInput.End : UnreadInput.None;

    protected override bool SocketIsBroken => _socket!.IsReset;

    protected override long SocketAcknowledgedBytes() => _socket!.AcknowledgedBytes;

    internal override void SocketShutdownSend()
    {
        loop.Trace.Note(TraceKind.ProxyShutsSending, SocketId);
        _socket!.ShutdownSend();
    }

    protected override void SocketClose(bool reset)
    {
        loop.Trace.Note(reset ? TraceKind.ProxyResets : TraceKind.ProxyCloses, SocketId, Id);
        _socket?.Close(reset);
    }

    protected override void Recycle()
    {
        _socket = null;
        Generation++;
        loop.Recycle(this);
    }

    /// <summary>Reads once and delivers; the lent bytes are poisoned afterwards. False when there was nothing.</summary>
    protected bool TryReadOnce()
    {
        int max = loop.ReadsWhole || loop.Dice.PerMille(800) ? EventLoop.ReceiveBytesMax : loop.Dice.Between(1, 2000);
        int received = _socket!.Receive(loop.HotBuffer.AsSpan(0, max), out SocketError error);
        if (error == SocketError.WouldBlock)
            return false;
        loop.Trace.Note(TraceKind.ProxyReceives, SocketId, received, (long)error);
        Deliver(loop.HotBuffer.AsSpan(0, received), error, isDrained: received < max);
        loop.HotBuffer.AsSpan(0, received).Fill(0xDD);
        return true;
    }

    private void Start(IConnectionOwner? owner, TcpConnectionState state)
    {
        Generation++;
        HasConnectAnswer = false;
        Begin(owner, state);
    }

    private void Take(SimulatedSocket socket)
    {
        _socket = socket;
        socket.Changed = () => loop.MarkReady(this);
        if (socket.HasNews)
            loop.MarkReady(this);
    }
}
