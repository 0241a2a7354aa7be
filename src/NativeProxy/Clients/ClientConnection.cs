using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Transport;
using NativeProxy.Transport.Sockets;

namespace NativeProxy.Clients;

/// <summary>
/// A client connection in any of its ages: what its listener, the log and the ledger know of it. Owner: its <see cref="Frontend"/>'s owner, which
/// has all of them in order; thread: the loop.
/// </summary>
internal abstract class ClientConnection : Ordered<ClientConnection>, IRequestEnds
{
    private ClientAccount _account;
    private ClientTies? _ties;

    /// <summary>What it shares with the others of its listener; after a reload that of the listener which took its place.</summary>
    public abstract Frontend Frontend { get; }

    /// <summary>The socket; null while the object is unused.</summary>
    public TcpConnection? Tcp { get; private set; }

    /// <summary>Number of the connection, unique in the process group; while it is there.</summary>
    public long Id => Tcp!.Id;

    /// <summary>How long it has been there, in ms.</summary>
    public long AgeMs => Frontend.Loop.Clock.NowMs - Tcp!.OpenedAtMs;

    /// <summary>The other end of the socket.</summary>
    public PeerAddress Peer => Tcp!.Peer;

    /// <summary>Who is there, where that is more than the peer of the socket; null else.</summary>
    public ClientIdentity? Identity => _ties?.Identity;

    /// <summary>
    /// The peer of the socket, or whom a trusted balancer before us announced instead. It stands in X-Forwarded-For and in the log.
    /// </summary>
    public PeerAddress Address => Identity is { } identity ? identity.Client : Tcp!.Peer;

    /// <summary>
    /// The address that was connected to: of the socket, or what a trusted balancer before us has announced. The first time a system call; not given
    /// where the system does not tell.
    /// </summary>
    public PeerAddress Local
    {
        get
        {
            if (Identity is { Local.IsGiven: true } identity)
                return identity.Local;
            ClientTies ties = _ties ??= new ClientTies();
            if (!ties.Local.IsGiven)
                ties.Local = Tcp!.Local;
            return ties.Local;
        }
    }

    /// <summary>What the ledger will say about the connection.</summary>
    public ref ClientAccount Account => ref _account;

    /// <summary>Requests whose head was read on this connection.</summary>
    public int RequestCount { get; internal set; }

    /// <summary>What ties it to a server connection; null when nothing ever has.</summary>
    public IClientBond? Bond
    {
        get => _ties?.Bond;
        set => (_ties ??= new ClientTies()).Bond = value;
    }

    /// <summary>The server that answered the previous request, where who chooses servers wants to know it; null else.</summary>
    public object? LastServer
    {
        get => _ties?.LastServer;
        set => (_ties ??= new ClientTies()).LastServer = value;
    }

    /// <summary>True from <see cref="TryShed"/> on.</summary>
    public bool IsShed { get; private set; }

    /// <summary>It counts among those of its client, until its socket is gone.</summary>
    public bool IsCounted { get; protected set; }

    /// <summary>
    /// Since when the connection idles: nothing of a request has been read, nothing of a response is left to send. -1 when it does not.
    /// </summary>
    public abstract long IdleSinceMs { get; }

    /// <summary>
    /// The process is going to stop: an idle connection closes now, unless it may wait for one more request; a busy one after its response.
    /// </summary>
    public abstract void Drain();

    /// <summary>After a reload: goes over to the frontend that took this one's place, if it is between two requests.</summary>
    public abstract void FollowSuccessor();

    /// <summary>The server connection on which the client has authenticated is gone.</summary>
    public abstract void OnBondEnded();

    /// <summary>Closes the connection at once if it is idle and its next request is not waiting in the kernel; else false.</summary>
    public bool TryShed(CloseReason reason)
    {
        if (IdleSinceMs < 0 || Tcp!.LookAhead() != UnreadInput.None)
            return false;
        IsShed = true;
        Frontend.Owner.OnLeaves();
        Close(reason);
        return true;
    }

    /// <summary>
    /// The process, or an operator, wants it to end: so it does, whatever runs on it and whoever has it; one that idles goes in order for an
    /// operator. The client must not take a cut response, or a cut tunnel, for a whole one. False when its socket is going away already.
    /// </summary>
    public bool Cut(CloseReason reason = CloseReason.Stopped)
    {
        if (Tcp!.State == TcpConnectionState.Closing)
            return false;
        if (reason == CloseReason.EndedByOperator && Tcp.Owner is not ClientFarewell && IdleSinceMs >= 0)
        {
            LingerOn(reason);
            return true;
        }
        if (Tcp.Owner is not ClientFarewell)
            CloseOrAbort(GiveUp(reason), reason);
        ((ClientFarewell)Tcp.Owner!).Cut();
        return true;
    }

    /// <summary>The farewell is over: the socket is gone.</summary>
    public void SocketIsGone()
    {
        EndOf();
        Frontend.EnterClose(this);
        if (_ties is not null)
            (_ties.LastServer, _ties.Identity, _ties.Local) = (null, null, default);
        Tcp = null;
        Frontend.Owner.OnEnded(this);
    }

    /// <summary>Takes a socket over.</summary>
    protected void Take(TcpConnection tcp, ClientIdentity? identity)
    {
        Tcp = tcp;
        if (identity is not null || _ties is not null)
            (_ties ??= new ClientTies()).Identity = identity;
        RequestCount = 0;
        IsShed = IsCounted = false;
        _account.Begin();
    }

    /// <summary>Another object has the socket from now on.</summary>
    protected void Forget()
    {
        if (_ties is not null)
            (_ties.Identity, _ties.Local) = (null, default);
        Tcp = null;
    }

    /// <summary>Sends the rest and closes.</summary>
    protected void Close(CloseReason reason) => End(reason).Close(this);

    /// <summary>Closes with RST.</summary>
    protected void Abort(CloseReason reason) => End(reason).Abort(this);

    /// <summary>Sends the rest and closes, or closes with RST where only that tells the client that something is cut.</summary>
    protected void CloseOrAbort(bool withReset, CloseReason reason)
    {
        ClientFarewell farewell = End(reason);
        if (withReset)
            farewell.Abort(this);
        else
            farewell.Close(this);
    }

    /// <summary>Sends the rest and FIN, and waits for the client's, so that the client gets all that was sent.</summary>
    protected void LingerOn(CloseReason reason) => End(reason).Linger(this);

    /// <summary>The connection ends: gives up what runs on it. True when only a reset tells the client that it was cut.</summary>
    /// <param name="reason">Why.</param>
    protected abstract bool GiveUp(CloseReason reason);

    /// <summary>The end is decided: nothing is awaited of the client any more.</summary>
    protected abstract void OnEnding();

    /// <summary>The socket is gone: lets everything else go.</summary>
    protected abstract void EndOf();

    /// <summary>The end is decided: counts it, and lends who carries it out.</summary>
    private ClientFarewell End(CloseReason reason)
    {
        // That the client is gone is less than what its layer knows.
        if (Tcp!.LayerFailure != LayerFailure.None && reason is CloseReason.ClientClosed or CloseReason.ClientAborted)
            reason = TlsReasons.OfClient(Tcp.LayerFailure);
        Frontend.CountClose(this, reason);
        OnEnding();
        return Frontend.LendFarewell();
    }
}
