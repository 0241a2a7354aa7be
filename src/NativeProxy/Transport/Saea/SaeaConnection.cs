using System;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using NativeProxy.Foundation;
using NativeProxy.Transport.Sockets;

namespace NativeProxy.Transport.Saea;

/// <summary>
/// A connection of the SocketAsyncEventArgs engine. All receives of a loop name the loop's one hot buffer: on Linux the runtime reads
/// from the socket only when bytes are there, on the loop thread, right before the completion runs, so the buffer is never shared in
/// time and an idle connection holds no buffer at all.
/// Pooled by <see cref="SaeaEventLoop"/>; thread: its loop only.
/// </summary>
internal sealed class SaeaConnection : TcpConnection
{
    private readonly ReceiveOperation _receive;
    private SendOperation? _send;
    private Socket? _socket;

    /// <summary>Of <see cref="_socket"/>, on Linux: sending and looking ahead are bare system calls there.</summary>
    private int _descriptor;

    public SaeaConnection(SaeaEventLoop loop)
        : base(loop) => _receive = new ReceiveOperation(this);

    /// <summary>The loop as what it is: the base has it already, and a second reference would make every idle connection larger.</summary>
    private SaeaEventLoop SaeaLoop => Unsafe.As<SaeaEventLoop>(Loop);

    /// <summary>Next free connection in the loop's pool.</summary>
    internal SaeaConnection? NextFree { get; set; }

    public override int Descriptor => _descriptor;

    internal override bool ReceiveInFlight => _receive.InFlight;

    internal override bool SendInFlight => _send is { InFlight: true };

    /// <summary>Takes over an accepted socket.</summary>
    internal void BeginAccepted(Socket socket) => BeginAccepted(socket, PeerAddress.Of(socket.RemoteEndPoint));

    /// <summary>Takes over a socket that was accepted from this peer, here or in another process.</summary>
    internal void BeginAccepted(Socket socket, in PeerAddress peer)
    {
        Take(socket);
        socket.Blocking = false;
        Begin(null, TcpConnectionState.Open);
        Peer = peer;
    }

    /// <summary>
    /// Opens a socket to a server, from another port when the first one is taken, as far as there is a choice. When descriptors have run out there is
    /// no socket, and the connect fails like any other.
    /// </summary>
    internal void BeginConnect(EndPoint server, IConnectionOwner owner, SocketTuning tuning)
    {
        Begin(owner, TcpConnectionState.Connecting);
        Peer = PeerAddress.Of(server);
        int triesMax = tuning.PortTriesFor(server);
        SocketError? error;
        int tries = 0;
        do
        {
            error = TryConnect(server, tuning, tries);
            tries++;
        }
        while (error == SocketError.AddressAlreadyInUse && tries < triesMax);
        if (error is { } outcome)
            ConnectCompleted(outcome);
    }

    /// <summary>One connect. Null while it is under way; AddressAlreadyInUse when another port may do, and there is no socket then.</summary>
    private SocketError? TryConnect(EndPoint server, SocketTuning tuning, int tried)
    {
        SocketError? error;
        bool choosesPort = tuning.SourcePorts is not null && tuning.SourceFor(server) is not null;
        try
        {
            ProtocolType protocol = server.AddressFamily == AddressFamily.Unix ? ProtocolType.Unspecified : ProtocolType.Tcp;
            Take(new Socket(server.AddressFamily, SocketType.Stream, protocol) { Blocking = false });
            tuning.ApplyTo(_socket);
            error = BindSource(server, tuning, tried);
        }
        catch (SocketException exhausted)
        {
            return exhausted.SocketErrorCode;
        }
        _send ??= new SendOperation(this);
        if (error == SocketError.Success)
        {
            error = _send.BeginConnect(_socket, server);
            if (choosesPort && error == SocketError.AddressNotAvailable)
                error = SocketError.AddressAlreadyInUse;
        }
        if (error == SocketError.AddressAlreadyInUse)
            DropSocket();
        return error;
    }

    private SocketError BindSource(EndPoint server, SocketTuning tuning, int tried)
    {
        if (tuning.SourceFor(server) is not { } source)
            return SocketError.Success;
        int port = tuning.SourcePorts?.Next(tried) ?? 0;
        if (OperatingSystem.IsLinux())
        {
            return SourceBinding.TryBind(_descriptor, source, port) ? SocketError.Success
                : ErrorNumbers.ToSocketError(Marshal.GetLastSystemError());
        }
        _socket!.Bind(new IPEndPoint(source, port));
        return SocketError.Success;
    }

    private void DropSocket()
    {
        _socket!.Dispose();
        _socket = null;
        _descriptor = -1;
    }

    protected override void Receive()
    {
        do
        {
            _receive.InFlight = true;
            if (_socket!.ReceiveAsync(_receive))
                return;
            _receive.InFlight = false;
            DeliverReceived();
        }
        while (MayReceive && !SaeaLoop.ShouldYield());
        if (MayReceive)
            SaeaLoop.Defer(this, DeferredWork.Receive);
    }

    internal override int SendNow(ReadOnlySpan<byte> bytes, out SocketError error)
    {
        if (OperatingSystem.IsLinux())
            return SocketCalls.Send(_descriptor, bytes, out error);
        int sent = _socket!.Send(bytes, SocketFlags.None, out error);
        return error == SocketError.Success ? sent : 0;
    }

    internal override int SendLast(ReadOnlySpan<byte> bytes, out SocketError error) =>
        OperatingSystem.IsLinux() ? SocketCalls.SendLast(_descriptor, bytes, out error) : SendNow(bytes, out error);

    internal override int ReadNow(Span<byte> target, out SocketError error)
    {
        if (OperatingSystem.IsLinux())
            return SocketCalls.Receive(_descriptor, target, out error);
        int received = _socket!.Receive(target, SocketFlags.None, out error);
        return error == SocketError.Success ? received : 0;
    }

    internal override void StartQueuedSend()
    {
        _send ??= new SendOperation(this);
        while (!_send.BeginSend(_socket!, Sending.Queue.FirstSegment))
        {
            if (!QueuedSendProgressed(_send.BytesTransferred, _send.SocketError))
                return;
        }
    }

    protected override UnreadInput SocketLookAhead()
    {
        if (OperatingSystem.IsLinux())
            return SocketPeek.Look(_descriptor);
        if (!_socket!.Poll(microSeconds: 0, SelectMode.SelectRead))
            return UnreadInput.None;
        return _socket.Available > 0 ? UnreadInput.Bytes : UnreadInput.End;
    }

    protected override long SocketAcknowledgedBytes()
    {
        if (!OperatingSystem.IsLinux())
            return -1;
        Span<byte> info = stackalloc byte[TcpInfo.BytesMax];
        try
        {
            int bytes = _socket!.GetRawSocketOption((int)SocketOptionLevel.Tcp, TcpInfo.Option, info);
            return TcpInfo.AcknowledgedBytes(info[..bytes]);
        }
        catch (SocketException)
        {
            return -1;
        }
    }

    protected override PeerAddress SocketLocal() =>
        OperatingSystem.IsLinux() ? SocketAddresses.LocalOf(_descriptor) : PeerAddress.Of(_socket!.LocalEndPoint);

    protected override void AwaitReset() => SaeaLoop.HalfClosed.Add(this);

    /// <summary>SO_ERROR, which so is used up.</summary>
    protected override bool SocketIsBroken => (int)_socket!.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)! != 0;

    internal override void SocketShutdownSend() => TryShutdown(SocketShutdown.Send);

    protected override void SocketClose(bool reset)
    {
        if (_socket is null)
            return;
        if (GoesOnElsewhere)
            SocketCalls.MarkShared(_descriptor);
        _descriptor = -1;
        if (reset)
            _socket.LingerState = new LingerOption(true, 0);

        // A shut-down socket completes its pending receive on the loop thread; a disposed one would do so on a pool thread and end
        // with RST. Only what cannot be shut down is disposed under an operation in flight.
        if (!reset && !GoesOnElsewhere && ReceiveInFlight && !SendInFlight && TryShutdown(SocketShutdown.Both))
            return;
        _socket.Dispose();
    }

    protected override void Recycle()
    {
        _socket?.Dispose();
        _socket = null;
        SaeaLoop.Recycle(this);
    }

    [MemberNotNull(nameof(_socket))]
    private void Take(Socket socket)
    {
        _socket = socket;
        GoesOnElsewhere = false;
        _descriptor = (int)socket.SafeHandle.DangerousGetHandle();
    }

    private bool TryShutdown(SocketShutdown direction)
    {
        try
        {
            _socket!.Shutdown(direction);
            return true;
        }
        catch (SocketException)
        {
            // The peer has reset the connection already; there is no other call that tells.
            return false;
        }
    }

    private void DeliverReceived()
    {
        SocketError error = _receive.SocketError;
        int bytes = _receive.BytesTransferred;
        Deliver(error == SocketError.Success ? SaeaLoop.HotBuffer.AsSpan(0, bytes) : default, error, isDrained: bytes < EventLoop.ReceiveBytesMax);
    }

    private void ReceiveCompleted()
    {
        DeliverReceived();
        if (MayReceive && !ReceiveInFlight)
            SaeaLoop.Defer(this, DeferredWork.Receive);
    }

    private void ConnectOrSendCompleted(SocketAsyncOperation operation, int sentBytes, SocketError error)
    {
        if (operation == SocketAsyncOperation.Connect)
            ConnectCompleted(error);
        else if (QueuedSendProgressed(sentBytes, error))
            StartQueuedSend();
    }

    /// <summary>The one receive of a connection, into the hot buffer of its loop.</summary>
    private sealed class ReceiveOperation : SaeaOperation
    {
        private readonly SaeaConnection _connection;

        public ReceiveOperation(SaeaConnection connection)
            : base(connection.SaeaLoop)
        {
            _connection = connection;
            SetBuffer(connection.SaeaLoop.HotBuffer, 0, connection.SaeaLoop.HotBuffer.Length);
        }

        protected override void OnLoopCompleted() => _connection.ReceiveCompleted();
    }

    /// <summary>Connecting and sending from the queue; never both at once.</summary>
    private sealed class SendOperation(SaeaConnection connection) : SaeaOperation(connection.SaeaLoop)
    {
        /// <summary>Null while the connect is under way; else how it ended.</summary>
        public SocketError? BeginConnect(Socket socket, EndPoint server)
        {
            RemoteEndPoint = server;
            SetBuffer(null, 0, 0);
            InFlight = true;
            bool isPending;
            try
            {
                isPending = socket.ConnectAsync(this);
            }
            catch (SocketException refused)
            {
                // Some errors (no route, no local port) come as exceptions before the operation starts.
                InFlight = false;
                return refused.SocketErrorCode;
            }
            if (isPending)
                return null;
            InFlight = false;
            return SocketError;
        }

        /// <summary>Sends the first segment of a queue. False when that completed at once.</summary>
        public bool BeginSend(Socket socket, (byte[] Array, int Offset, int Count) segment)
        {
            SetBuffer(segment.Array, segment.Offset, segment.Count);
            InFlight = true;
            if (socket.SendAsync(this))
                return true;
            InFlight = false;
            return false;
        }

        protected override void OnLoopCompleted() =>
            connection.ConnectOrSendCompleted(LastOperation, BytesTransferred, SocketError);
    }
}
