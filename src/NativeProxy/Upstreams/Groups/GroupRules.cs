using System;
using System.Text;
using NativeProxy.Config;
using NativeProxy.Upstreams.Balancing;

namespace NativeProxy.Upstreams.Groups;

/// <summary>What the settings of a group say about the exchanges with its servers. Immutable; a reload makes another one.</summary>
internal sealed class GroupRules(in UpstreamSettings settings)
{
    private readonly UpstreamSettings _settings = settings;
    private readonly byte[] _hostHeader = Encoding.ASCII.GetBytes(settings.HostHeader ?? "");

    /// <summary>What the servers get as Host; empty when that is what the client sent.</summary>
    public ReadOnlySpan<byte> HostHeader => _hostHeader;

    /// <summary>The server of a client's last request is preferred.</summary>
    public bool PrefersLastServer => _settings.PreferLastServer;

    /// <summary>The part of requests by which servers are chosen; null when none is.</summary>
    public RequestKey? HashKey { get; } = settings.Balance switch
    {
        BalanceKind.SourceHash => new RequestKey("client_ip"),
        BalanceKind.Hash => new RequestKey(settings.HashKey),
        _ => null,
    };

    /// <summary>The table that keeps requests with servers, or null.</summary>
    public StickRule? Stick { get; init; }

    /// <summary>Which requests may go over a connection that was used before.</summary>
    public ReusePolicy Reuse => _settings.Keepalive.Enabled ? _settings.Keepalive.Reuse : ReusePolicy.Never;

    /// <summary>
    /// Requests of one client that may be under way on one server connection; 1 where none may be sent again, since a server may close behind
    /// any answer.
    /// </summary>
    public int Pipelining => _settings.Retry is { Attempts: > 1 } retry && retry.IsOn(RetryCondition.Stale) && Reuse != ReusePolicy.Never
        ? _settings.Keepalive.Pipelining
        : 1;

    /// <summary>When exchanges are tried again.</summary>
    public UpstreamRetrySettings Retry => _settings.Retry;

    /// <summary>Exchanges are tried again after answers with some status, so that what they need for it is kept until a head has come.</summary>
    public bool RetriesStatus { get; } = settings.Retry.HasStatus;

    /// <summary>Longest request body that is kept so that it can be sent again; 0 when nothing is ever sent again.</summary>
    public int ReplayBytesMax => _settings.Retry.Attempts > 1 ? _settings.Retry.BodyBytes : 0;

    /// <summary>How long an exchange waits in line for room; 0 = without a limit.</summary>
    public long QueueTimeoutMs => _settings.Timeouts.QueueMs;

    /// <summary>How long a connect may take; 0 = without a limit.</summary>
    public long ConnectTimeoutMs => _settings.Timeouts.ConnectMs;

    /// <summary>How long a server may take for its answer; 0 = without a limit.</summary>
    public long ResponseTimeoutMs => _settings.Timeouts.ResponseMs;
}
