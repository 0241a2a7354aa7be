using System;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Rewriting;

namespace NativeProxy.Clients;

/// <summary>
/// The client's face: one request of a client and the answer to it, in whichever version of HTTP. On HTTP/1 it is the connection's current request,
/// or one behind it whose answer is withheld until its turn. Its user is told what the request means and says what the answer means; order,
/// framing and the life of the connection are the stream's own. One object serves many requests, one after another. Thread: the loop.
/// </summary>
internal abstract class ClientStream
{
    private PeerAddress _client;
    private long _sentBytes;

    /// <summary>The connection on which the request came.</summary>
    public abstract ClientConnection Connection { get; }

    /// <summary>Who asks: whoever is at the other end of the connection, or for whom that one speaks, which may differ by request.</summary>
    public ref readonly PeerAddress Client => ref _client;

    /// <summary>Number of the request on its connection, from 1.</summary>
    public int RequestNumber { get; protected set; }

    /// <summary>When the request's first byte came.</summary>
    public long StartedMs { get; protected set; }

    /// <summary>In which version it came.</summary>
    public HttpVersion Version { get; protected set; }

    /// <summary>True once the final head was given, of which something may have been sent.</summary>
    public bool HasBegun { get; protected set; }

    /// <summary>Status of the final head; 0 before.</summary>
    public int StatusCode { get; protected set; }

    /// <summary>Why the connection ends with this answer; None when it does not, and before that is decided.</summary>
    public CloseReason CloseReason { get; protected set; }

    /// <summary>Bytes of the client that belong to this request: its head, its body as it came, or what went into its tunnel.</summary>
    public long ReceivedBytes { get; protected set; }

    /// <summary>Bytes given to the connection, or withheld until it is their turn.</summary>
    public long SentBytes => _sentBytes;

    /// <summary>Of these the content, without heads and framing.</summary>
    public abstract long SentBodyBytes { get; }

    /// <summary>The user takes more of the request's body: pieces that have come follow now, and a first one in any case.</summary>
    public abstract void ResumeBody();

    /// <summary>
    /// Before a request is sent that had to wait: looks whether the client has closed meanwhile, unheard, and is not to be answered all the same.
    /// True when it has; then the stream has ended.
    /// </summary>
    public abstract bool EndIfClientLeft();

    /// <summary>Passes an interim response on, where the client understands one. False when it is too long.</summary>
    public abstract bool TryPassInterim(ReadOnlySpan<byte> bytes, ResponseHead head, in StickyResponse sticky);

    /// <summary>Begins the answer, and decides whether the connection lives on. False, with nothing sent, when its head is too long.</summary>
    /// <param name="bytes">A head as it came from a server or out of the cache.</param>
    /// <param name="head">What was read of it.</param>
    /// <param name="changes">What becomes of its fields.</param>
    /// <param name="first">The beginning of the body, perhaps all of it.</param>
    public abstract bool TryRespond(ReadOnlySpan<byte> bytes, ResponseHead head, in ResponseChanges changes, in BodyPiece first);

    /// <summary>What follows of the answer's body.</summary>
    public abstract void Send(in BodyPiece piece);

    /// <summary>True when there was no buffer to withhold the answer in: it is lost, and another one may take its place.</summary>
    public abstract bool IsLost { get; }

    /// <summary>The server speaks another protocol from now on, and says so. False, with nothing sent, when its head is too long.</summary>
    public abstract bool TrySwitch(ReadOnlySpan<byte> bytes, ResponseHead head, in ResponseChanges changes);

    /// <summary>Tells the client of CONNECT that its tunnel is open: from here on bytes are no longer HTTP (RFC 9110 9.3.6).</summary>
    public abstract void OpenTunnel();

    /// <summary>The tunnel takes the connection over, with what has come already; it comes back by <see cref="TakeBack"/>.</summary>
    public abstract void HandOver(IClientTunnel tunnel);

    /// <summary>The tunnel is over, and the connection ends.</summary>
    public abstract void TakeBack(CloseReason reason);

    /// <summary>Bytes that went through the tunnel.</summary>
    public void CountTunnel(int fromClient, int toClient)
    {
        ReceivedBytes += fromClient;
        _sentBytes += toClient;
    }

    /// <summary>Nothing of the answer was sent as long as it is not its turn: another one may take its place.</summary>
    public abstract void Withdraw();

    /// <summary>Gives an answer of the proxy's own, and ends.</summary>
    /// <param name="error">What went wrong.</param>
    /// <param name="detail">The rule that the request broke, or None.</param>
    /// <param name="pages">What the file says of such answers; null when it says nothing.</param>
    /// <param name="statusCode">400 to 599; 0 = that of the error.</param>
    /// <param name="own">What the client is told of its request.</param>
    public abstract void Answer(ProxyError error, RejectReason detail, ErrorPages? pages = null, int statusCode = 0, OwnFields? own = null);

    /// <summary>Answers a TRACE or OPTIONS request that may not be forwarded any more, and ends. False when the answer does not fit.</summary>
    public abstract bool TryAnswerAsLast(ReadOnlySpan<byte> bytes, RequestHead head, OwnFields? own);

    /// <summary>The whole answer was given, or withheld.</summary>
    /// <param name="reason">Why the connection must end with it although it was to be kept, or None.</param>
    public abstract void End(CloseReason reason);

    /// <summary>The answer cannot be completed: the client must see that.</summary>
    public abstract void Cut(CloseReason reason);

    /// <summary>The server connection on which the client has authenticated does not live on.</summary>
    public bool BondEnds { get; set; }

    /// <summary><see cref="Client"/>, for the stream to say.</summary>
    protected ref PeerAddress Asker => ref _client;

    /// <summary>Where what is given, or withheld, is counted.</summary>
    protected ref long Sent => ref _sentBytes;
}
