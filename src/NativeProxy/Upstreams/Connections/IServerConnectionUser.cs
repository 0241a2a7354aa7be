using System;
using System.Net.Sockets;
using NativeProxy.Foundation;
using NativeProxy.Recording;
using NativeProxy.Transport;

namespace NativeProxy.Upstreams.Connections;

/// <summary>
/// Who uses a server connection for one exchange. Calls come on the loop thread and never from inside a call that the user makes.
/// </summary>
internal interface IServerConnectionUser
{
    /// <summary>Adds to what is recorded whose request it is.</summary>
    void Describe(ref AskerFacts asker)
    {
    }

    /// <summary>What it sends and receives is not read: a tunnel from the first byte on.</summary>
    bool IsOpaque => false;

    /// <summary>The fresh connection is established.</summary>
    void OnServerConnected(UpstreamConnection connection);

    /// <summary>
    /// The fresh connection could not be established; it is gone already. <paramref name="error"/> is TimedOut for the connect timeout.
    /// </summary>
    void OnServerConnectFailed(UpstreamConnection connection, SocketError error);

    /// <summary>
    /// The answers to the requests before this user's on the same connection are complete: what comes now is the answer to its own. The one
    /// call that comes while another user makes one, when it hands the connection on.
    /// </summary>
    void OnServerTurn(UpstreamConnection connection);

    /// <summary>The connection ended before this user's turn came: there will be no answer on it.</summary>
    void OnServerTurnLost(UpstreamConnection connection);

    /// <summary>Bytes of the server, lent for this call.</summary>
    void OnServerReceived(UpstreamConnection connection, ReadOnlySpan<byte> bytes);

    /// <summary>Bytes of the server stand in the loop's pipe, lent for this call; see <see cref="IConnectionOwner.OnReceivedInPipe"/>.</summary>
    void OnServerReceivedInPipe(UpstreamConnection connection, int bytes) => Check.That(false, "nobody has asked for bytes that are not read");

    /// <summary>The server sent FIN.</summary>
    void OnServerEndOfStream(UpstreamConnection connection);

    /// <summary>The server took what was queued; the request body may go on.</summary>
    void OnServerSendDrained(UpstreamConnection connection);

    /// <summary>The server does not take the request any more; an answer that it sent before may still come.</summary>
    void OnServerSendFailed(UpstreamConnection connection, SocketError error);

    /// <summary>The connection broke; nothing more will come.</summary>
    void OnServerFailed(UpstreamConnection connection, SocketError error);

    /// <summary>Longest time of a connect that is begun for this user; 0 = as long as the server's upstream says.</summary>
    long ConnectTimeoutMs => 0;

    /// <summary>The deadline of <see cref="UpstreamConnection.ArmResponseTimeout"/> has passed.</summary>
    void OnServerTimeout(UpstreamConnection connection);
}
