using System;
using System.Runtime.CompilerServices;
using NativeProxy.Buffers;
using NativeProxy.Exchanges.Sending;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Logging;
using NativeProxy.Tracing;
using NativeProxy.Transport;

namespace NativeProxy.Exchanges.Logged;

/// <summary>
/// What the log will say about one exchange besides what the faces know: when it came how far, what went wrong, what the cookies said, the texts of
/// its request. Owner: the exchange; thread: the loop. Never writes a line.
/// </summary>
/// <param name="loop">The loop.</param>
/// <param name="naming">Gives requests their names; null when they get none.</param>
internal sealed class ExchangeNotes(EventLoop loop, TraceRules? naming)
{
    private long _headReadMs;
    private long _responseHeadMs;

    /// <summary>When the first byte of the request came.</summary>
    public long StartedMs { get; private set; }

    /// <summary>What went wrong, or None.</summary>
    public ProxyError Error { get; private set; }

    /// <summary>The rule of syntax or framing by which the request, or what the server sent, was refused; None when neither was.</summary>
    public RejectReason Rejection { get; private set; }

    /// <summary>Under which the log names the limit that the request has passed over; 0 = none.</summary>
    public int LimitLogId { get; set; }

    /// <summary>Third letter of HAProxy's termination state.</summary>
    public byte CookieInRequest { get; private set; }

    /// <summary>Fourth letter; 0 also where no server has answered.</summary>
    public byte CookieInResponse { get; set; }

    /// <summary>The names of the request; null when requests get none.</summary>
    public RequestTrace? Trace { get; } = naming is null ? null : new RequestTrace();

    /// <summary>The same where the client is told the id; else null.</summary>
    public RequestTrace? ToldTrace => Trace is { TellsClient: true } ? Trace : null;

    /// <summary>Texts of the request.</summary>
    public ExchangeLogText Text { get; } = new();

    /// <summary>Fields that the line will show; null until a log asks for some.</summary>
    public ExchangeCaptures? Captures { get; private set; }

    /// <summary>An exchange begins, whose request's head has just been read.</summary>
    public void Begin(long startedMs, byte cookieInRequest)
    {
        StartedMs = startedMs;
        _headReadMs = loop.Clock.NowMs;
        _responseHeadMs = LinkTimes.NotReached;
        Error = ProxyError.None;
        Rejection = RejectReason.None;
        LimitLogId = 0;
        CookieInRequest = cookieInRequest;
        CookieInResponse = 0;
    }

    /// <summary>Gives the request its names, and says them in its head; where there is a <see cref="Trace"/>.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void NameRequest(ReadOnlySpan<byte> bytes, RequestHead head)
    {
        head.Trace = Trace;
        naming!.Begin(bytes, head, Trace!);
    }

    /// <summary>Copies the fields of the request that the line will show.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void Capture(BufferPools pools, CaptureList list, ReadOnlySpan<byte> bytes, RequestHead head) =>
        (Captures ??= new ExchangeCaptures()).TakeRequest(pools, list, bytes, head.Fields);

    /// <summary>The head of the final response was read.</summary>
    public void ResponseHead(ReadOnlySpan<byte> bytes, ResponseHead head)
    {
        ResponseHead();
        if (Captures is { IsOn: true })
            Captures.TakeResponse(bytes, head.Fields);
    }

    /// <summary>The same where there is no head.</summary>
    public void ResponseHead() => _responseHeadMs = loop.Clock.NowMs;

    /// <summary>When it came how far.</summary>
    public ExchangeTimes TimesOver(ServerLink link) => new(StartedMs, _headReadMs, link.Times, _responseHeadMs);

    /// <summary>The same for an exchange that is not over.</summary>
    public ExchangeStations StationsOver(ServerLink link) => new(_headReadMs, link.Times.ChosenMs, link.Times.ConnectedMs, _responseHeadMs);

    /// <summary>It cannot come to its end.</summary>
    public void Failed(ProxyError error, RejectReason detail)
    {
        Error = error;
        Rejection = detail;
    }

    public void Release(BufferPools pools)
    {
        Text.Release(pools);
        Captures?.Release(pools);
    }
}
