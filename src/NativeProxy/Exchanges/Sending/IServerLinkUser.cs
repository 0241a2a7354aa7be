using NativeProxy.Foundation;
using NativeProxy.Upstreams.Connections;

namespace NativeProxy.Exchanges.Sending;

/// <summary>For whom a <see cref="ServerLink"/> chooses servers and waits in line. Calls come on the loop thread.</summary>
internal interface IServerLinkUser
{
    /// <summary>The connection on which the client has authenticated; null when it never has.</summary>
    PinnedServer? Pin { get; }

    /// <summary>The server of the client's previous request, or null.</summary>
    UpstreamServer? LastServer { get; }

    /// <summary>It was first in line, and a server has room.</summary>
    void OnTurnInQueue();

    /// <summary>It has waited for too long.</summary>
    void OnQueueTimeout(ProxyError error);
}
