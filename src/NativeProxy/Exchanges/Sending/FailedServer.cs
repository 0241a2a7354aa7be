using NativeProxy.Upstreams.Connections;

namespace NativeProxy.Exchanges.Sending;

/// <summary>
/// The server to which the last try of an exchange could not connect. While the others are full the exchange waits for one of them, not for that
/// one, whose room is that of a server that has fallen; but no longer than <see cref="AvoidedForMs"/>: it holds up those behind it in line. Thread:
/// the loop.
/// </summary>
/// <param name="server">That one.</param>
/// <param name="nowMs">When it failed, loop time.</param>
internal readonly struct FailedServer(UpstreamServer server, long nowMs)
{
    private const int AvoidedForMs = 1000;

    private readonly UpstreamServer? _server = server;
    private readonly long _untilMs = nowMs + AvoidedForMs;

    /// <summary>Whom the exchange avoids at this time; null when nobody.</summary>
    public UpstreamServer? At(long nowMs) => nowMs < _untilMs ? _server : null;
}
