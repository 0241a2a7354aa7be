using System.Net.Sockets;
using System.Runtime.CompilerServices;
using NativeProxy.Foundation;

namespace NativeProxy.Transport;

/// <summary>
/// What is known of one connection, for whoever asks: its state, both of its directions, how it ended. Only <see cref="TcpConnection"/> changes it.
/// Thread: its loop only. Never causes anything.
/// </summary>
internal abstract class ConnectionFacts : ConnectionSocket
{
    /// <summary>
    /// Most bytes that may wait in the send queue. A source that obeys <see cref="SendResult.Queued"/> stays far below; passing it is
    /// answered by failing the connection.
    /// </summary>
    public const int SendQueueBytesMax = 1024 * 1024;

    protected ConnectionFacts(EventLoop loop)
        : base(loop)
    {
    }

    /// <summary>What is sent and waits to be, as it goes over the wire.</summary>
    private protected SendSide Sending = new();

    /// <summary>What is received.</summary>
    private protected ReceiveSide Receiving;

    /// <summary>Null where the bytes on the wire are those of the owner.</summary>
    private protected ConnectionLayer? Layer;

    /// <summary>True once it is to be closed with RST.</summary>
    private protected bool ResetsOnClose;

    /// <summary>The peer has refused or reset the connection, or is gone.</summary>
    private protected bool IsBroken;

    /// <summary>How a connect ended, until the owner hears of it. Among the other small fields, since every idle connection pays for room.</summary>
    private protected SocketError ConnectOutcome;

    /// <summary>Who hears the events of the connection; null between two sockets.</summary>
    public IConnectionOwner? Owner { get; private protected set; }

    public TcpConnectionState State { get; private protected set; }

    /// <summary>Hears what goes over the connection; null while nobody wants to.</summary>
    public ConnectionTap? Tap { get; set; }

    /// <summary>Work that waits for the end of the turn; empty exactly when the connection is not in the loop's deferred list.</summary>
    internal DeferredWork Deferred { get; set; }

    /// <summary>Number of this connection, unique in the process group.</summary>
    public long Id { get; private protected set; }

    /// <summary>When the connection was accepted or the connect began, in loop milliseconds.</summary>
    public long OpenedAtMs { get; private protected set; }

    /// <summary>Address of the other side of the socket.</summary>
    public PeerAddress Peer { get; private protected set; }

    /// <summary>Address of our side of the socket; not given where the engine cannot tell. A system call.</summary>
    public PeerAddress Local => State is TcpConnectionState.Open or TcpConnectionState.Securing ? SocketLocal() : default;

    /// <summary>
    /// True after an end of stream that the peer has announced: by FIN, or, through a layer, by its announcement, without which FIN may be
    /// somebody else's who cuts the stream.
    /// </summary>
    public bool EndIsClean => Receiving.FinSeen && Layer is null or { State: LayerState.Ended };

    /// <summary>True when the bytes on the wire are those of the owner.</summary>
    public bool IsBare => Layer is null;

    /// <summary>Why the layer has failed; None while it has not, or there is none. Known until <see cref="IConnectionOwner.OnClosed"/>.</summary>
    public LayerFailure LayerFailure => Layer?.Failure ?? LayerFailure.None;

    /// <summary>What the handshake of the layer has settled; null without a layer. Valid until <see cref="IConnectionOwner.OnClosed"/>.</summary>
    public LayerFacts? LayerFacts => Layer?.Facts;

    /// <summary>
    /// Who has ended the connection so far: the peer, by FIN, an alert or a break, or nobody, which leaves it to the proxy.
    /// </summary>
    public ClosedBy EndedBy =>
        IsBroken || (Sending.IsBroken && !RanOutOfBuffers) ? ClosedBy.PeerReset
        : Receiving.FinSeen || Layer is { PeerGaveUp: true } ? ClosedBy.Peer : ClosedBy.Proxy;

    /// <summary>True when the owner closed with RST.</summary>
    public bool IsResetByUs => ResetsOnClose;

    /// <summary>
    /// Bytes of the wire that the peer's machine has acknowledged since the connection began; -1 when the system does not tell. A system call.
    /// </summary>
    public long AcknowledgedBytes => State is TcpConnectionState.Open or TcpConnectionState.Flushing ? SocketAcknowledgedBytes() : -1;

    /// <summary>
    /// Bytes of the wire that the peer's machine has taken from ours, to the byte only as a difference of two readings;
    /// <see cref="SentBytes"/> where the system does not tell. A system call.
    /// </summary>
    public long TakenBytes => AcknowledgedBytes is >= 0 and var bytes ? bytes : SentBytes;

    /// <summary>True exactly while bytes wait in the send queue because the kernel did not take them; corked bytes do not count.</summary>
    public bool HasQueuedBytes => Sending.HasQueuedBytes;

    /// <summary>Bytes in the send queue, of the wire: with all that a layer adds.</summary>
    public int QueuedBytes => Sending.Queue.QueuedBytes;

    /// <summary>Bytes that were delivered to the owner: plain ones, without what a layer takes off.</summary>
    public long ReceivedBytes => Receiving.ReceivedBytes;

    /// <summary>
    /// Bytes of the wire that the kernel took, a layer's handshake and records included, so that they can be compared with
    /// <see cref="AcknowledgedBytes"/>; whether the peer's machine has them, <see cref="TakenBytes"/> says.
    /// </summary>
    public long SentBytes => Sending.SentBytes;

    /// <summary>How long after the opening the first of the <see cref="ReceivedBytes"/> was delivered, in ms.</summary>
    public int FirstByteAfterMs => Receiving.FirstByteAfterMs;

    /// <summary>True when nothing more comes from the peer: after its FIN, the end that its layer has announced, or an error.</summary>
    public bool EndOfStreamSeen => Receiving.HasEnded;

    /// <summary>
    /// True after an end of stream without an error, whatever came behind it. That is the peer's FIN, or what its layer has announced before it,
    /// unless a send has failed before (<see cref="IsSendBroken"/>): then the send has used up the error that reading would have shown.
    /// </summary>
    public bool FinSeen => Receiving.FinSeen;

    /// <summary>True when a send has failed; the peer's bytes may still be readable.</summary>
    public bool IsSendBroken => Sending.IsBroken;

    /// <summary>True when a send has failed because what the kernel did not take could not be queued: some of it may have gone out.</summary>
    public bool RanOutOfBuffers => Sending.RanOutOfBuffers;

    /// <summary>
    /// True when <see cref="TcpConnection.LookAhead"/> would find nothing, as far as is known without it: the read whose bytes are being handled took
    /// all there was, or the engine has heard of nothing and has just listened.
    /// </summary>
    public bool IsKnownQuiet =>
        State == TcpConnectionState.Open && !Receiving.HasEnded && (Loop.JustDrainedId == Id || SocketIsKnownQuiet)
        && Layer is null or { IsQuiet: true };

    /// <summary>The connection began in another process: it keeps its number and its age.</summary>
    /// <param name="id">Its number there.</param>
    /// <param name="ageMs">How long it has been open.</param>
    internal void Continue(long id, long ageMs)
    {
        Loop.Sockets.KeepClearOf(id);
        Id = id;
        OpenedAtMs = Loop.Clock.NowMs - ageMs;
    }

    /// <summary>True when the engine may be asked for bytes: when the owner wants some, and for as long as a handshake runs.</summary>
    internal bool MayReceive
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => State == TcpConnectionState.Open ? Receiving.MayReceive : State == TcpConnectionState.Securing && !Receiving.HasEnded;
    }

    /// <summary>The layer has something for the owner that no event of the engine will bring; told when the owner asks for bytes.</summary>
    internal bool HasFound => Layer is { HasFound: true };
}
