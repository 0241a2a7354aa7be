using System;
using System.Runtime.CompilerServices;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Routing;
using NativeProxy.Upstreams.Balancing;
using NativeProxy.Upstreams.Connections;
using NativeProxy.Upstreams.Groups;

namespace NativeProxy.Exchanges.Sending;

/// <summary>What has to be known of a request for as long as it is under way. A value.</summary>
internal readonly struct RequestTerms
{
    public required HttpMethod Method { get; init; }

    /// <summary>The protocol that the server is asked to switch to, or null.</summary>
    public byte[]? Upgrade { get; init; }

    /// <summary>The client waits for 100 Continue before it sends the body, for a while at least (RFC 9110 10.1.1).</summary>
    public bool ExpectsContinue { get; init; }

    /// <summary>It carries credentials that stand for its connection from then on.</summary>
    public bool AuthenticatesConnection { get; init; }

    /// <summary>
    /// It may share a server connection with other requests in flight. GET alone: every answer to it is delimited by what it says itself, while a
    /// server that answers HEAD with a body would put that before the next answer.
    /// </summary>
    public bool IsPipelinable { get; init; }

    /// <summary>Longest body; 0 = no limit.</summary>
    public long BodyBytesMax { get; init; }

    /// <summary>Longest silence of a server that must act; 0 = that of the upstream.</summary>
    public long ResponseTimeoutMs { get; init; }

    /// <summary>Longest time of a connect; 0 = that of the upstream.</summary>
    public long ConnectTimeoutMs { get; init; }

    /// <summary>When it is sent again; null = as the upstream says.</summary>
    public RetryRules? Retry { get; init; }

    /// <summary>The part of the request by which servers are chosen, as a number; 0 when none is, or it does not have it.</summary>
    public ulong HashKey { get; init; }

    /// <summary>How it waits for a server with room.</summary>
    public QueueTerms Queue { get; init; }

    /// <summary>What the server's face has to know of it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public AnswerTerms OfAnswer(UpstreamGroup group) => new()
    {
        Method = Method,
        Upgrade = Upgrade,
        ExpectsContinue = ExpectsContinue,
        TimeoutMs = ResponseTimeoutMs > 0 ? ResponseTimeoutMs : group.Rules.ResponseTimeoutMs,
        ConnectTimeoutMs = ConnectTimeoutMs,
    };

    /// <summary>What there is to be known of a request.</summary>
    /// <param name="bytes">Its head.</param>
    /// <param name="head">What was read of it.</param>
    /// <param name="route">The way that it takes.</param>
    /// <param name="client">Who asks.</param>
    public static RequestTerms Of(ReadOnlySpan<byte> bytes, RequestHead head, Route route, in PeerAddress client) => new()
    {
        Method = head.MethodKind,
        Upgrade = route.Upgrades.Accepted(bytes, head),
        ExpectsContinue = head.ExpectsContinue,
        AuthenticatesConnection = head.AuthenticatesConnection,
        IsPipelinable = head is { MethodKind: HttpMethod.Get, Body.HasBody: false, OffersUpgrade: false, AuthenticatesConnection: false },
        BodyBytesMax = route.Bodies.RequestBytesMax,
        HashKey = route.Upstream.Rules.HashKey is { } key ? key.Of(bytes, head, client) : RequestKey.None,
        Queue = new QueueTerms(route.QueuePriority, route.Timeouts.QueueMs),
        ResponseTimeoutMs = route.Timeouts.ResponseMs,
        ConnectTimeoutMs = route.Timeouts.ConnectMs,
        Retry = route.Retry,
    };
}

/// <summary>How a request waits in a line.</summary>
/// <param name="Priority">Lower is sooner.</param>
/// <param name="TimeoutMs">The longest wait; 0 = that of the upstream.</param>
internal readonly record struct QueueTerms(int Priority, long TimeoutMs);
