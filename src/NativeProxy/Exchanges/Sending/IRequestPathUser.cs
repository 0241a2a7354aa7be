using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Recording;
using NativeProxy.Upstreams.Connections;

namespace NativeProxy.Exchanges.Sending;

/// <summary>
/// Whose request a <see cref="RequestPath"/> brings to a server. Calls come on the loop thread; within each the user may
/// end the path.
/// </summary>
internal interface IRequestPathUser
{
    /// <summary>The connection on which the client has authenticated; null when it never has.</summary>
    PinnedServer? Pin { get; }

    /// <summary>The server of the client's previous request, or null.</summary>
    UpstreamServer? LastServer { get; }

    /// <summary>The request carries authentication that stands for its connection, which is this client's alone from now on.</summary>
    void OnAuthenticates();

    /// <summary>The connection for a tunnel is there.</summary>
    void OnTunnelReady();

    /// <summary>More of the request's body can be taken; when nothing of it has been sent yet, a piece must come now, if only an empty one.</summary>
    void OnWantsBody();

    /// <summary>The request has waited: true when its client has left meanwhile, unheard, and the exchange has ended with it.</summary>
    bool EndsWithoutClient();

    /// <summary>Adds to what is said of an answer that is refused whose request it was for.</summary>
    void Describe(ref AskerFacts asker)
    {
    }

    /// <summary>The request cannot be brought to an end, and is not sent again.</summary>
    void OnFailed(ProxyError error, RejectReason detail);
}
