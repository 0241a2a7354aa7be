using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Transport.Sockets;

namespace NativeProxy.Upstreams.Connections;

/// <summary>
/// Whether a server connection may outlive its exchange, and be used again. Each judgement is the reason to close it, or None. Pure: of settings and
/// of what is known about the connection; never looks at a socket and never closes one.
/// </summary>
internal static class PoolRule
{
    /// <summary>How the exchange left the connection: one of which anything is doubtful is never used again.</summary>
    /// <param name="serverHasEnded">The server has sent FIN.</param>
    /// <param name="isAmbiguous">Some answer may come, or have come, that nobody waits for.</param>
    /// <param name="isUnsent">Not all that was to be sent has gone out.</param>
    public static ServerCloseReason JudgeEnd(bool serverHasEnded, bool isAmbiguous, bool isUnsent) =>
        serverHasEnded ? ServerCloseReason.ServerFin
        : isAmbiguous ? ServerCloseReason.Ambiguous
        : isUnsent ? ServerCloseReason.RequestUnsent
        : ServerCloseReason.None;

    /// <summary>Whether connections to this address of the server outlive their exchanges at all, whoever keeps them.</summary>
    /// <param name="standing">How the server stands.</param>
    /// <param name="address">Where the connection goes.</param>
    /// <param name="keepalive">Whether any are kept.</param>
    /// <param name="keepsWhenDown">They outlive the health of their server.</param>
    public static ServerCloseReason JudgeKeeping(
        ServerStanding standing, ServerAddress address, in UpstreamKeepaliveSettings keepalive, bool keepsWhenDown = false) =>
        standing.IsRetired ? ServerCloseReason.Purged
        : address.HasLeft ? ServerCloseReason.AddressLeft
        : !standing.IsUp && !keepsWhenDown ? ServerCloseReason.ServerDown
        : keepalive.Enabled && keepalive.Reuse != ReusePolicy.Never ? ServerCloseReason.None : ServerCloseReason.ReuseOff;

    /// <summary>Whether a connection that is nobody's may carry a further request.</summary>
    /// <param name="keepalive">The limits of the pool.</param>
    /// <param name="uses">Exchanges that it has been lent for, those in line included.</param>
    /// <param name="ageMs">How long ago it was opened.</param>
    public static ServerCloseReason JudgeReuse(in UpstreamKeepaliveSettings keepalive, int uses, long ageMs) =>
        keepalive.MaxIdle == 0 ? ServerCloseReason.ReuseOff
        : keepalive.MaxRequests > 0 && uses >= keepalive.MaxRequests ? ServerCloseReason.MaxRequests
        : keepalive.MaxAgeMs > 0 && ageMs >= keepalive.MaxAgeMs ? ServerCloseReason.MaxAge
        : ServerCloseReason.None;

    /// <summary>Whether a waiting connection may be lent, by what its socket holds that nobody has asked for.</summary>
    public static ServerCloseReason JudgeUnread(UnreadInput unread) => unread switch
    {
        UnreadInput.Bytes => ServerCloseReason.SurplusBytes,
        UnreadInput.End => ServerCloseReason.ServerFin,
        _ => ServerCloseReason.None,
    };
}
