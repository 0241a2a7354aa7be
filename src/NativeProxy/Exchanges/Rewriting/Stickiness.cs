using NativeProxy.Upstreams.Connections;

namespace NativeProxy.Exchanges.Rewriting;

/// <summary>What the stickiness cookie came to in one exchange. All zero when the upstream has none.</summary>
internal struct Stickiness
{
    /// <summary>The usable server that the request's cookie names, or null.</summary>
    public UpstreamServer? Wanted;

    /// <summary>
    /// Third letter of HAProxy's termination state: N = no cookie, I = it names no server, D = it names one that is down, V = valid;
    /// 0 = no stickiness.
    /// </summary>
    public byte RequestLetter;

    /// <summary>
    /// Fourth letter: N = the response sets none, I = the proxy inserted it, P = passed as the server set it, R = value changed,
    /// D = removed; 0 = no response of a server, or no stickiness.
    /// </summary>
    public byte ResponseLetter;
}
