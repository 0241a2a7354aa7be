using System;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using NativeProxy.Foundation;
using NativeProxy.Transport.Sockets;

namespace NativeProxy.Transport.Epoll;

/// <summary>
/// A connection of the direct engine: one descriptor, watched edge-triggered as soon as something is awaited of it. Nothing is ever in flight, so
/// closing joins at once. Reads stop at a short read: the next bytes raise a new edge (epoll(7)). Pooled by the loop; thread: its loop only.
/// </summary>
internal sealed unsafe class EpollConnection(EpollEventLoop owningLoop) : TcpConnection(owningLoop), IEpollWatched
{
    /// <summary>Full reads of one connection in a row before others get their turn.</summary>
    private const int FullReadsMax = 4;

    /// <summary>While more of the pools is lent, what a slow reader leaves of a pipe's bytes would be too much to keep.</summary>
    private const int PoolsLentPermilleMax = 250;

    private int _descriptor = -1;
    private ulong _token;

    /// <summary>True exactly when bytes, FIN or an error may be there that no read has shown yet.</summary>
    private bool _isReadable;

    /// <summary>True exactly while the kernel reports events of this descriptor to the EpollLoop.</summary>
    private bool _isWatched;

    /// <summary>True exactly when it also reports that bytes can be sent.</summary>
    private bool _isWatchedForWriting;

    /// <summary>What the kernel has reported of an end, and how bytes are taken; one byte, because every idle client pays for it.</summary>
    private EpollSigns _signs;

    /// <summary>The loop as what it is: the base has it already, and a second reference would make every idle connection larger.</summary>
    private EpollEventLoop EpollLoop => Unsafe.As<EpollEventLoop>(Loop);

    /// <summary>Next free connection in the loop's pool.</summary>
    internal EpollConnection? NextFree { get; set; }

    public override int Descriptor => _descriptor;

    internal override bool ReceiveInFlight => false;

    /// <summary>True exactly when the kernel has reported FIN or an error, so that a short read is not the end.</summary>
    private bool IsHangUpSeen => (_signs & EpollSigns.HangUp) != 0;

    /// <summary>True exactly when the kernel has reported an error.</summary>
    private bool IsErrorSeen => (_signs & EpollSigns.Error) != 0;

    /// <summary>True exactly while what comes goes through the pipe, unread.</summary>
    private bool IsPiping => (_signs & EpollSigns.Pipes) != 0;

    internal override bool SendInFlight => false;

    public void OnReady(uint events)
    {
        if (State == TcpConnectionState.Connecting)
            ConnectCompleted(DescriptorOptions.PendingError(_descriptor));

        // One edge may tell of the connect and of bytes or FIN at once: what it says about reading comes no second time.
        if ((events & EpollCalls.Out) != 0 && HasQueuedBytes)
            SendQueued();
        if ((events & (EpollCalls.In | EpollCalls.PeerHangUp | EpollCalls.HangUp | EpollCalls.Error)) == 0)
            return;
        _isReadable = true;
        if ((events & (EpollCalls.PeerHangUp | EpollCalls.HangUp | EpollCalls.Error)) != 0)
            _signs |= (events & EpollCalls.Error) != 0 ? EpollSigns.HangUp | EpollSigns.Error : EpollSigns.HangUp;
        if (MayReceive)
            Receive();
        else if (IsErrorSeen && FinSeen)
            ReportReset();
    }

    /// <summary>Takes over an accepted, non-blocking descriptor.</summary>
    internal void BeginAccepted(int descriptor, PeerAddress peer)
    {
        Begin(null, TcpConnectionState.Open);
        Peer = peer;

        // A client mostly sends its request right behind the handshake: read first. Only one from which more is awaited is watched, so
        // that the kernel need not know a connection of one request.
        Take(descriptor, isReadable: true);
    }

    /// <summary>Opens a descriptor to a server, from another port when the first one is taken, as far as there is a choice.</summary>
    internal void BeginConnect(EndPoint server, IConnectionOwner owner, SocketTuning tuning)
    {
        Begin(owner, TcpConnectionState.Connecting);
        Peer = PeerAddress.Of(server);
        int error;
        int tries = 0;
        do
        {
            error = TryConnect(server, tuning, tries);
            tries++;
        }
        while (error == ErrorNumbers.AddressInUse && tries < tuning.PortTriesFor(server));
        if (_descriptor >= 0)
            Watch(forWriting: true);
        if (error != ErrorNumbers.InProgress)
            ConnectCompleted(ErrorNumbers.ToSocketError(error));
    }

    /// <summary>One connect. 0, an error number; AddressInUse when another port may do.</summary>
    private int TryConnect(EndPoint server, SocketTuning tuning, int tried)
    {
        int descriptor = EpollCalls.MakeSocket(
            SocketAddresses.FamilyOf(server), (int)SocketType.Stream | EpollCalls.NonBlocking | EpollCalls.CloseOnExec, 0);
        if (descriptor < 0)
            return Marshal.GetLastSystemError();
        if (server.AddressFamily != AddressFamily.Unix)
            DescriptorOptions.Tune(descriptor, tuning);
        SourcePorts? ports = null;
        if (tuning.SourceFor(server) is { } source)
        {
            ports = tuning.SourcePorts;
            if (!SourceBinding.TryBind(descriptor, source, ports?.Next(tried) ?? 0))
                return Refused(descriptor, Marshal.GetLastSystemError());
        }
        byte* address = stackalloc byte[SocketAddresses.ServerBytesMax];
        int addressBytes = SocketAddresses.Write(server, new Span<byte>(address, SocketAddresses.ServerBytesMax));
        int error = EpollCalls.Connect(descriptor, address, (uint)addressBytes) == 0 ? 0 : Marshal.GetLastSystemError();
        if (error is not (0 or ErrorNumbers.InProgress))
            return Refused(descriptor, ports is not null && error == ErrorNumbers.AddressNotAvailable ? ErrorNumbers.AddressInUse : error);
        Take(descriptor, isReadable: false);
        return error;
    }

    private static int Refused(int descriptor, int error)
    {
        EpollCalls.Close(descriptor);
        return error;
    }

    /// <summary>Its handshake waits for the next turns. False when it does so already.</summary>
    internal bool TryStandInLine()
    {
        bool isNew = (_signs & EpollSigns.InLine) == 0;
        _signs |= EpollSigns.InLine;
        return isNew;
    }

    /// <summary>Its handshake goes on.</summary>
    internal void LeaveLine()
    {
        _signs &= ~EpollSigns.InLine;
        if (MayReceive)
            Receive();
    }

    protected override void Receive()
    {
        if (State == TcpConnectionState.Securing && !EpollLoop.Handshakes.MayStep(this))
            return;
        for (int budget = FullReadsMax; _isReadable && MayReceive; budget--)
        {
            if (budget == 0)
            {
                EpollLoop.Defer(this, DeferredWork.Receive);
                return;
            }
            if (IsPiping)
                PipeOnce();
            else
                ReadOnce();
        }
        if (MayReceive && !_isWatched)
            Watch(forWriting: false);
    }

    public override bool TryBeginPiping(TcpConnection target)
    {
        bool areBare = Layer is null && ((EpollConnection)target).Layer is null;
        bool areHeard = Tap is { IsOver: false } || target.Tap is { IsOver: false };
        if (!areBare || areHeard || Loop.Pools.LentPermille > PoolsLentPermilleMax || !EpollLoop.TryMakePipe())
            return false;
        _signs |= EpollSigns.Pipes;
        return true;
    }

    public override void EndPiping() => _signs &= ~EpollSigns.Pipes;

    public override void SendPiped(int bytes)
    {
        SplicePipe pipe = EpollLoop.Pipe!;
        Uncork();
        while (bytes > 0 && Layer is null && Sending.TakesPastQueue && pipe.TryGive(_descriptor, bytes, out int given))
        {
            Sending.PassedQueue(given);
            bytes -= given;
        }
        while (bytes > 0)
        {
            ReadOnlySpan<byte> rest = pipe.Read(EpollLoop.HotBuffer, Math.Min(bytes, EventLoop.ReceiveBytesMax));
            Send(rest);
            bytes -= rest.Length;
        }
    }

    internal override int SendNow(ReadOnlySpan<byte> bytes, out SocketError error) => SocketCalls.Send(_descriptor, bytes, out error);

    internal override int SendLast(ReadOnlySpan<byte> bytes, out SocketError error) => SocketCalls.SendLast(_descriptor, bytes, out error);

    internal override int ReadNow(Span<byte> target, out SocketError error) => SocketCalls.Receive(_descriptor, target, out error);

    /// <summary>The edge comes when the kernel takes bytes again. Hardly any connection ever needs it, so it is asked for only then.</summary>
    internal override void StartQueuedSend()
    {
        if (!_isWatched)
        {
            Watch(forWriting: true);
        }
        else if (!_isWatchedForWriting)
        {
            _isWatchedForWriting = true;
            EpollLoop.Reregister(_descriptor, EventsOf(forWriting: true), _token);
        }
    }

    protected override bool SocketIsKnownQuiet => _isWatched && !_isReadable && EpollLoop.Ready.HasNothingFor(_token);

    protected override UnreadInput SocketLookAhead() => SocketPeek.Look(_descriptor);

    protected override long SocketAcknowledgedBytes()
    {
        byte* info = stackalloc byte[TcpInfo.BytesMax];
        uint bytes = TcpInfo.BytesMax;
        return EpollCalls.GetOption(_descriptor, EpollCalls.TcpLevel, TcpInfo.Option, info, &bytes) == 0
            ? TcpInfo.AcknowledgedBytes(new ReadOnlySpan<byte>(info, (int)bytes))
            : -1;
    }

    protected override PeerAddress SocketLocal() => SocketAddresses.LocalOf(_descriptor);

    /// <summary>The kernel may have reported the reset together with the FIN, and it may not be asked yet to report anything.</summary>
    protected override void AwaitReset()
    {
        if (IsErrorSeen)
            ReportReset();
        else if (!_isWatched)
            Watch(forWriting: false);
    }

    internal override void SocketShutdownSend() => EpollCalls.Shutdown(_descriptor, EpollCalls.ShutdownWrite);

    protected override void SocketClose(bool reset)
    {
        if (_descriptor < 0)
            return;
        if (reset)
            DescriptorOptions.ResetOnClose(_descriptor);
        if (_isWatched)
            EpollLoop.Watched.Remove(_token);

        // The kernel reports what somebody has open, be it here or elsewhere.
        if (_isWatched && GoesOnElsewhere)
            EpollLoop.Unregister(_descriptor);
        EpollCalls.Close(_descriptor);
        _descriptor = -1;
    }

    protected override void Recycle() => EpollLoop.Recycle(this);

    private void ReadOnce()
    {
        nint received = SocketCalls.Receive(_descriptor, EpollLoop.HotBuffer, EventLoop.ReceiveBytesMax, 0);
        if (received > 0)
        {
            _isReadable = received == EventLoop.ReceiveBytesMax || IsHangUpSeen;
            Deliver(new ReadOnlySpan<byte>(EpollLoop.HotBuffer, (int)received), SocketError.Success, isDrained: !_isReadable);
            return;
        }
        int error = received == 0 ? 0 : Marshal.GetLastSystemError();
        if (error == ErrorNumbers.Interrupted)
            return;
        _isReadable = false;
        if (error != ErrorNumbers.WouldBlock)
            Deliver(default, ErrorNumbers.ToSocketError(error));
    }

    /// <summary>As <see cref="ReadOnce"/>, but how much there was cannot tell whether it was all.</summary>
    private void PipeOnce()
    {
        SplicePipe pipe = EpollLoop.Pipe!;
        int taken = pipe.Fill(_descriptor);
        if (taken > 0)
        {
            Receiving.Count(taken, Loop.Clock.NowMs - OpenedAtMs);
            Owner!.OnReceivedInPipe(this, taken);
            while (pipe.Bytes > 0)
                pipe.Read(EpollLoop.HotBuffer, EventLoop.ReceiveBytesMax);
            return;
        }
        int error = taken == 0 ? 0 : Marshal.GetLastSystemError();
        if (error == ErrorNumbers.Interrupted)
            return;
        if (error == ErrorNumbers.InvalidArgument)
        {
            // A kind of socket that can only be read.
            EndPiping();
            return;
        }
        if (error == 0 || error == ErrorNumbers.WouldBlock)
        {
            // The pipe stops in front of an urgent byte for ever, and behind FIN calls that the end: only a read passes it.
            ReadOnce();
            return;
        }
        _isReadable = false;
        Deliver(default, ErrorNumbers.ToSocketError(error));
    }

    private void SendQueued()
    {
        SocketError error;
        int sent;
        do
        {
            sent = SendNow(Sending.Queue.First, out error);
            if (error == SocketError.WouldBlock)
                return;
        }
        while (QueuedSendProgressed(sent, error));
    }

    private void Take(int descriptor, bool isReadable)
    {
        _descriptor = descriptor;
        _isReadable = isReadable;
        _signs = EpollSigns.None;
        _isWatched = false;
        _isWatchedForWriting = GoesOnElsewhere = false;
    }

    /// <summary>Edges that passed before are not lost: the kernel reports what is ready when a descriptor is added.</summary>
    private void Watch(bool forWriting)
    {
        _isWatched = true;
        _isWatchedForWriting = forWriting;
        _token = EpollLoop.Watched.Add(this);
        EpollLoop.Register(_descriptor, EventsOf(forWriting), _token);
    }

    private static uint EventsOf(bool forWriting) =>
        EpollCalls.In | EpollCalls.PeerHangUp | EpollCalls.EdgeTriggered | (forWriting ? EpollCalls.Out : 0);
}
