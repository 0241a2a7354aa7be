using NativeProxy.Recording;
using NativeProxy.Upstreams.Connections;

namespace NativeProxy.Passthrough;

/// <summary>For whom a <see cref="ServerWay"/> finds a server. Calls come on the loop thread, never from inside a call of the user.</summary>
internal interface IServerWayUser
{
    /// <summary>Says whose connection it is, for who records the server's.</summary>
    void Describe(ref AskerFacts asker);

    /// <summary>A connection to a server is there, and is the user's until it releases the way.</summary>
    void OnServerReady(UpstreamConnection connection);

    /// <summary>It stands in line, after a try that came to nothing.</summary>
    void OnWaits();

    /// <summary>No server takes the connection; there is nothing to release.</summary>
    void OnNoServer();
}
