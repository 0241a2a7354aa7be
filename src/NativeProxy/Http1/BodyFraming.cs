using NativeProxy.Http;

namespace NativeProxy.Http1;

/// <summary>How the body behind a head is delimited (RFC 9112 section 6.3).</summary>
internal enum BodyKind : byte
{
    /// <summary>No body, whatever the fields say.</summary>
    None,

    /// <summary>Content-Length; may be 0.</summary>
    Length,

    Chunked,

    /// <summary>A response that lasts until the server closes.</summary>
    UntilClose,

    /// <summary>No message follows: the connection now carries bytes of another protocol, both ways.</summary>
    Tunnel,
}

/// <summary>The verdict of <see cref="MessageFraming"/>: a body kind, or a reason why the message must be refused.</summary>
internal readonly struct BodyFraming
{
    private BodyFraming(BodyKind kind, long lengthBytes, RejectReason reason)
    {
        LengthBytes = lengthBytes;
        Kind = kind;
        Reason = reason;
    }

    public static BodyFraming None => new(BodyKind.None, 0, RejectReason.None);

    public static BodyFraming Chunked => new(BodyKind.Chunked, 0, RejectReason.None);

    public static BodyFraming UntilClose => new(BodyKind.UntilClose, 0, RejectReason.None);

    public static BodyFraming Tunnel => new(BodyKind.Tunnel, 0, RejectReason.None);

    public BodyKind Kind { get; }

    /// <summary>Only for <see cref="BodyKind.Length"/>, else 0.</summary>
    public long LengthBytes { get; }

    /// <summary>What was wrong about it without harm; responses only.</summary>
    public ServerFault Tolerated { get; private init; }

    /// <summary><see cref="RejectReason.None"/> when the framing is sound; otherwise nothing else here counts.</summary>
    public RejectReason Reason { get; }

    public static BodyFraming Length(long lengthBytes) => new(BodyKind.Length, lengthBytes, RejectReason.None);

    /// <summary>The same, with what was tolerated; a rejected one stays as it is.</summary>
    public BodyFraming With(ServerFault tolerated) =>
        Reason == RejectReason.None ? new BodyFraming(Kind, LengthBytes, RejectReason.None) { Tolerated = tolerated } : this;

    public static BodyFraming Rejected(RejectReason reason) => new(BodyKind.None, 0, reason);

    public override string ToString() => Reason != RejectReason.None ? $"Rejected({Reason})" : $"{Kind}({LengthBytes})";
}
