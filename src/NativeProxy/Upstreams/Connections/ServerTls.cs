using NativeProxy.Foundation;
using NativeProxy.Metrics;
using NativeProxy.Transport;

namespace NativeProxy.Upstreams.Connections;

/// <summary>What TLS has to do with the end of a server connection. Stateless; thread: the loop.</summary>
internal static class ServerTls
{
    /// <summary>Why the connection ends: what its layer knows goes before what is seen of the socket. Counts a handshake that has failed.</summary>
    /// <param name="connection">The connection, whose socket is still there.</param>
    /// <param name="reason">What is seen.</param>
    /// <param name="isWaiting">Nobody uses it: an end without an announcement cuts nothing.</param>
    public static ServerCloseReason ReasonOf(UpstreamConnection connection, ServerCloseReason reason, bool isWaiting)
    {
        TcpConnection tcp = connection.Tcp!;
        if (connection.Identity.Security is null)
            return reason;
        bool isSecuring = reason == ServerCloseReason.ConnectFailed
            && (tcp.State == TcpConnectionState.Securing || tcp.LayerFailure != LayerFailure.None);
        if (isSecuring)
            connection.Server.Counters.Add(CounterId.ServerHandshakesFailed);
        if (tcp.LayerFailure != LayerFailure.None)
            return OfFailure(tcp.LayerFailure);
        if (isSecuring)
            return tcp.EndedBy == ClosedBy.Proxy ? ServerCloseReason.TlsTimeout : ServerCloseReason.TlsAborted;
        bool isCut = !isWaiting && tcp is { FinSeen: true, EndIsClean: false }
            && reason is ServerCloseReason.ServerFin or ServerCloseReason.BadResponse;
        return isCut ? ServerCloseReason.TlsTruncated : reason;
    }

    private static ServerCloseReason OfFailure(LayerFailure failure) => failure switch
    {
        LayerFailure.EarlyEnd => ServerCloseReason.TlsAborted,
        LayerFailure.Alert => ServerCloseReason.TlsAlert,
        LayerFailure.PlainText or LayerFailure.NoHandshake => ServerCloseReason.TlsNoHandshake,
        LayerFailure.Version => ServerCloseReason.TlsVersion,
        LayerFailure.Cipher => ServerCloseReason.TlsCipher,
        LayerFailure.Protocol => ServerCloseReason.TlsProtocol,
        LayerFailure.WrongName => ServerCloseReason.TlsWrongName,
        LayerFailure.Untrusted or LayerFailure.NoCertificate => ServerCloseReason.TlsUntrusted,
        LayerFailure.Expired => ServerCloseReason.TlsExpired,
        LayerFailure.Revoked => ServerCloseReason.TlsRevoked,
        _ => ServerCloseReason.TlsBadRecord,
    };
}
