using System;

namespace NativeProxy.Http;

/// <summary>The four forms of a request target (RFC 9112 section 3.2).</summary>
internal enum TargetForm : byte
{
    /// <summary>"/path?query".</summary>
    Origin,

    /// <summary>"http://authority/path?query" or https.</summary>
    Absolute,

    /// <summary>"host:port", only for CONNECT.</summary>
    Authority,

    /// <summary>"*", only for OPTIONS.</summary>
    Asterisk,
}

/// <summary>
/// What the parser found in a request head: positions and small numbers, no bytes.
/// One per client connection (or per loop), reused for every message. Its content counts only after Done.
/// </summary>
internal sealed class RequestHead
{
    public RequestHead(int fieldCountMax) => Fields = new HeaderTable(fieldCountMax);

    private byte[] _sentTarget = [];
    private int _sentTargetBytes;

    public HeaderTable Fields { get; }

    public ByteRange Method { get; set; }

    public HttpMethod MethodKind { get; set; }

    public ByteRange Target { get; set; }

    public TargetForm Form { get; set; }

    /// <summary>"host[:port]" of the absolute and the authority form; else empty.</summary>
    public ByteRange Authority { get; set; }

    /// <summary>
    /// Origin form: the whole target. Absolute form: what follows the authority; may be empty or start with '?', then
    /// a '/' has to be put before it (RFC 9112 section 3.2.1). Other forms: empty.
    /// </summary>
    public ByteRange PathAndQuery { get; set; }

    /// <summary>The target that routing has made of the one that came; empty when that is sent as it is.</summary>
    public ReadOnlySpan<byte> SentTarget => _sentTarget.AsSpan(0, _sentTargetBytes);

    public HttpVersion Version { get; set; }

    /// <summary>0 or 1; HTTP/1.2 to 1.9 count as 1 (RFC 9110 section 2.5).</summary>
    public int MinorVersion => Version == HttpVersion.Http10 ? 0 : 1;

    /// <summary>Value of the Host field, or empty.</summary>
    public ByteRange Host { get; set; }

    /// <summary>What follows; like all below it known once the codec has read framing and Connection.</summary>
    public BodyLength Body { get; set; }

    /// <summary>The client offers to switch to another protocol (RFC 9110 section 7.8).</summary>
    public bool OffersUpgrade { get; set; }

    /// <summary>The client waits for 100 Continue before it sends the body, for a while at least (RFC 9110 section 10.1.1).</summary>
    public bool ExpectsContinue { get; set; }

    /// <summary>It carries credentials that stand for its connection from then on (NTLM, Negotiate).</summary>
    public bool AuthenticatesConnection { get; set; }

    /// <summary>How many times a TRACE or OPTIONS request may still be forwarded; null when it does not say, and for other methods.</summary>
    public long? MaxForwards { get; set; }

    /// <summary>Who asks, where that was decided; null where it is whoever is at the other end of the connection.</summary>
    public ClientVerdict? Verdict { get; set; }

    /// <summary>The names under which the request goes on; null where it gets none.</summary>
    public RequestTrace? Trace { get; set; }

    /// <summary>Who asks, where a login has said so; else null.</summary>
    public RequestUser? User { get; set; }

    /// <summary>The connection that it came on; null where nobody has said.</summary>
    public IRequestEnds? Ends { get; set; }

    /// <summary>What the route's regular expression has found in the path; null when nothing was kept.</summary>
    public PathCaptures? Captures { get; set; }

    /// <summary>The route has taken its prefix off the path that is sent.</summary>
    public bool HasStrippedPrefix { get; set; }

    /// <summary>A route is looked for: the target is sent as it came, until <see cref="RoomForSentTarget"/> is asked for.</summary>
    public void ForgetRoute()
    {
        _sentTargetBytes = 0;
        Captures = null;
        Trace = null;
        User = null;
        HasStrippedPrefix = false;
    }

    /// <summary>Room in which another target is to be written, whole; it is sent from now on.</summary>
    public Span<byte> RoomForSentTarget(int bytes)
    {
        if (_sentTarget.Length < bytes)
            _sentTarget = new byte[Math.Max(bytes, 1024)];
        _sentTargetBytes = bytes;
        return _sentTarget.AsSpan(0, bytes);
    }
}
