using NativeProxy.Foundation;
using NativeProxy.Http;

namespace NativeProxy.Upstreams.Connections;

/// <summary>
/// The server's face: one request on its way to a server and the answer on its way back, in whichever version of HTTP. It gets itself a connection,
/// or a share of one, from the server that it is told; says the request in that connection's words; tells its user what the answer means; and
/// judges afterwards what the connection is worth. One object serves many requests, one after another. Thread: the loop. Never chooses a server,
/// never decides about retries and never answers a client.
/// </summary>
internal abstract class ServerStream
{
    /// <summary>What the log says about the connection, from the time it is given back.</summary>
    public ServerConnectionFacts Facts { get; protected set; }

    /// <summary>True while a connection is held: opening, established, or one whose earlier answers are awaited.</summary>
    public virtual bool HasConnection => HeldConnection is not null;

    /// <summary>That connection, for whoever only looks.</summary>
    public virtual UpstreamConnection? HeldConnection => null;

    /// <summary>True when the connection is established and it is this request's turn on it.</summary>
    public abstract bool IsReady { get; }

    /// <summary>True when the connection has carried earlier requests, so that the server may have closed it meanwhile.</summary>
    public abstract bool IsReused { get; }

    /// <summary>True when authentication went over the connection.</summary>
    public abstract bool IsPinned { get; }

    /// <summary>True while the server has more queued for it than it takes.</summary>
    public abstract bool IsBlocked { get; }

    /// <summary>True when the server takes no more of the request.</summary>
    public abstract bool IsRefused { get; }

    /// <summary>In whose name connections are opened and used, where servers are told of their clients; null else.</summary>
    public AnnouncedClient? Client { get; set; }

    /// <summary>The host of the request, where servers are asked for it in TLS; null else.</summary>
    public string? Host { get; set; }

    /// <summary>How long the present try may take until the first byte of an answer; 0 = as long as the answer may.</summary>
    public long TryTimeoutMs { get; set; }

    /// <summary>Another exchange begins.</summary>
    public abstract void Begin(in AnswerTerms terms);

    /// <summary>Takes an idle connection, or begins a fresh one; see <see cref="IsReady"/>. False when the server has no room for one.</summary>
    public abstract bool TryOpen(UpstreamServer server, bool mayReuse);

    /// <summary>Joins the connection of a stream whose request is out already. False when that takes no more.</summary>
    /// <param name="ahead">Whose connection.</param>
    /// <param name="wanted">The one server that will do, or null for any.</param>
    /// <param name="pipeliningMax">Requests in flight at most.</param>
    /// <param name="server">To which it goes.</param>
    public abstract bool TryFollow(ServerStream ahead, UpstreamServer? wanted, int pipeliningMax, out UpstreamServer? server);

    /// <summary>Takes the connection on which the client has authenticated. False when it is gone.</summary>
    public abstract bool TryTakePinned(UpstreamConnection connection);

    /// <summary>From now on the connection is this client's alone.</summary>
    public abstract void PinTo(IPinOwner owner);

    /// <summary>True when authentication went over the connection, and it does not outlive the answer whose head was read.</summary>
    public abstract bool PinEnds { get; }

    /// <summary>Sends the request, and what is there of its body, in one go. Only when <see cref="IsReady"/>, or behind others.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="first">The beginning of the body, perhaps all of it.</param>
    /// <param name="moreFollows">Another request will shortly follow on the same connection.</param>
    public abstract void Start(in RequestToServer request, in BodyPiece first, bool moreFollows);

    /// <summary>Sends what follows of the body; nothing happens when the server takes no more.</summary>
    public abstract void Send(in BodyPiece piece);

    /// <summary>Sends what is held because more was expected to go with it.</summary>
    public abstract void Flush();

    /// <summary>No more of the answer can be taken for the moment.</summary>
    public abstract void Pause();

    /// <summary>More of the answer can be taken.</summary>
    public abstract void Resume();

    /// <summary>What is known of the request after a failure without an answer.</summary>
    /// <param name="asksKernel">Whether to ask the system what the server's machine has acknowledged.</param>
    public abstract SendProof Prove(bool asksKernel);

    /// <summary>
    /// The guard before a connection is used again: request fully sent, answer fully read by a visible end, no surplus bytes, both sides agree that
    /// the connection goes on, nothing ambiguous. None, or why it must not be.
    /// </summary>
    public abstract ServerCloseReason Judge();

    /// <summary>The answer is complete: gives the connection back, to be used again if <paramref name="reason"/> is None.</summary>
    /// <param name="reason">What <see cref="Judge"/> said.</param>
    /// <param name="clientGoesOn">The client's connection is kept; without it, nobody may use a pinned connection.</param>
    /// <param name="pinned">The connection, when it waits now for its one client.</param>
    /// <returns>False when the client has authenticated on the connection and that is lost.</returns>
    public abstract bool End(ServerCloseReason reason, bool clientGoesOn, out UpstreamConnection? pinned);

    /// <summary>Gives the connection up, if there is one, or leaves the line on it.</summary>
    /// <param name="reason">Why it must be closed; None gives it back unused.</param>
    /// <param name="reset">Close it with RST.</param>
    public abstract void Release(ServerCloseReason reason, bool reset);

    /// <summary>Leaves a connection on which earlier exchanges are being answered; nothing happens when it is this one's turn.</summary>
    public abstract void LeaveLine();

    /// <summary>Goes on reading for another stream's user. False when that is not possible: the body has not begun, or some of it waits.</summary>
    public abstract bool TryPassTo(ServerStream other);

    /// <summary>Hands the connection over for bytes that are no longer HTTP; it comes back by <see cref="TakeBack"/>.</summary>
    public abstract UpstreamConnection HandOver(IServerConnectionUser user);

    /// <summary>The one to whom the connection was handed over is done with it.</summary>
    public abstract void TakeBack();
}
