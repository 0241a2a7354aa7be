using System;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Transport;

namespace NativeProxy.Upstreams.Connections;

/// <summary>
/// How connections to one server are opened and how long they are kept: what the settings say, and what the server itself shows of its idle timeout.
/// Owner: an <see cref="UpstreamServer"/>; thread: the loop. Never reads a clock and never closes a connection.
/// </summary>
internal sealed class ConnectionTerms
{
    private UpstreamKeepaliveSettings _keepalive;

    /// <summary>What the server's own idle timeout seems to be.</summary>
    private LearnedIdleTimeout _learned;

    /// <summary>The same for connections that no request has come on yet: servers wait for the first one for another time.</summary>
    private LearnedIdleTimeout _learnedUnused;

    public ref readonly UpstreamKeepaliveSettings Keepalive => ref _keepalive;

    /// <summary>Longest time of a connect, over all addresses; 0 = without a limit.</summary>
    public long ConnectTimeoutMs { get; private set; }

    /// <summary>Connections that are to idle before a request comes; none where each connection is one client's.</summary>
    public int IdleMin => _keepalive is { Enabled: true, Reuse: not ReusePolicy.Never } && ProxyHeader == ProxyHeaderVersion.Off && PortOffset is null
        ? Math.Min(_keepalive.MinIdle, _keepalive.MaxIdle)
        : 0;

    /// <summary>What happens to connections when the server goes down.</summary>
    public DownAction OnDown { get; private set; }

    /// <summary>TCP options of new connections.</summary>
    public SocketTuning Tuning { get; private set; } = SocketTuning.Default;

    /// <summary>Where new connections come from; null = the system's choice.</summary>
    public SourceAddress? Source { get; private set; }

    /// <summary>What the first bytes of a connection tell the server of its client.</summary>
    public ProxyHeaderVersion ProxyHeader { get; private set; }

    /// <summary>What is added to the port that a client has connected to, to get the server's; null when that has its own.</summary>
    public int? PortOffset { get; private set; }

    /// <summary>What one server has besides; connections that are there stay as they are.</summary>
    public void Apply(in UpstreamSettings group, in UpstreamServerSettings server)
    {
        SourcePorts? ports = Tuning.SourcePorts;
        Apply(group);
        Source = SourceAddressText.Of(server.SourceAddress is { Length: > 0 } own ? own : group.SourceAddress ?? "");
        if (Source?.Ports is { } range)
            ports = ports?.Range == range ? ports : SourcePorts.Of(range);
        else
            ports = null;
        Tuning = Tuning with { Source = Source?.Address, SourcePorts = ports };
        ProxyHeader = server.ProxyHeaderOf(group);
        ServerAddressText.TryParse(server.Address ?? "", out HostPort address, out int offset, out _);
        PortOffset = address is { Host: not null, Port: 0, UnixPath: null } ? offset : null;
    }

    /// <summary>Takes over settings; connections that are there stay as they are.</summary>
    public void Apply(in UpstreamSettings group)
    {
        _keepalive = group.Keepalive;
        ConnectTimeoutMs = group.Timeouts.ConnectMs;
        OnDown = group.Health.OnDown;
        Tuning = SocketTuning.Default with { Keepalive = group.TcpKeepalive };
    }

    /// <summary>A response of the server said how long it keeps idle connections.</summary>
    public void IdleTimeoutAnnounced(int seconds, long nowMs) => _learned.Announced(seconds, nowMs);

    /// <summary>The server closed a connection that was idle this long.</summary>
    /// <param name="idleAgeMs">How long.</param>
    /// <param name="nowMs">Loop time.</param>
    /// <param name="isUnused">No request had come on it.</param>
    public void ClosedIdle(long idleAgeMs, long nowMs, bool isUnused = false) =>
        (isUnused ? ref _learnedUnused : ref _learned).ServerClosed(idleAgeMs, nowMs);

    /// <summary>How long a connection may idle from now on, and why it is then closed; 0 = without a limit.</summary>
    /// <param name="nowMs">Loop time.</param>
    /// <param name="isUnused">No request has come on it.</param>
    /// <param name="reason">Why.</param>
    public long IdleTimeoutMs(long nowMs, bool isUnused, out ServerCloseReason reason)
    {
        long learnedMs = _keepalive.LearnIdleTimeout ? (isUnused ? ref _learnedUnused : ref _learned).RetireAfterMs(nowMs) : 0;
        bool isLearned = learnedMs > 0 && (_keepalive.IdleTimeoutMs == 0 || learnedMs < _keepalive.IdleTimeoutMs);
        reason = isLearned ? ServerCloseReason.LearnedIdleTimeout : ServerCloseReason.IdleTimeout;
        return isLearned ? learnedMs : _keepalive.IdleTimeoutMs;
    }
}
