using System;
using NativeProxy.Buffers;
using NativeProxy.Clients;
using NativeProxy.Exchanges.Sending;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Logging;
using NativeProxy.Metrics;
using NativeProxy.Routing;
using NativeProxy.Timers;
using NativeProxy.Upstreams.Connections;
using NativeProxy.Upstreams.Groups;

namespace NativeProxy.Exchanges.Logged;

/// <summary>
/// Writes one access record per exchange into the loop's log ring: gathers what streams and exchanges know. Thread: the loop.
/// Never formats and never blocks; a full ring drops the record and counts it.
/// </summary>
internal sealed class ExchangeLog(LogRing ring, LogNames names, LoopClock clock, bool wantsFields)
{
    private readonly int[] _closeReasonIds = RegisterReasons(names);
    private readonly RejectNames _rejectNames = new(names);

    /// <summary>Stands for the server of a response that comes from the cache, as in HAProxy's log.</summary>
    private readonly int _cacheNameId = names.Register("<CACHE>");
    private readonly byte[] _address = new byte[16];
    private readonly byte[] _peer = new byte[16];

    /// <summary>False when no exchange gets a line.</summary>
    public bool WritesLines { get; set; } = true;

    /// <summary>True when exchanges of sampled traces get a span.</summary>
    public bool WritesSpans { get; set; }

    /// <summary>
    /// True when the format shows fields of the request besides its first line. A reload may change it; exchanges under way then have none.
    /// </summary>
    public bool WantsFields { get; set; } = wantsFields;

    /// <summary>Fields of requests and responses that records take along; null when they take none.</summary>
    public CaptureList? Captures { get; set; }

    /// <summary>Which exchanges get a line; null when all do.</summary>
    public LogSampling? Sampling { get; set; }

    /// <summary>The id for a name in log records.</summary>
    public int Register(string name) => names.Register(name);

    /// <summary>Copies the texts that the line, or the span, will show; of a request that gets neither none.</summary>
    public void Take(Route route, ExchangeNotes notes, BufferPools pools, ReadOnlySpan<byte> bytes, RequestHead head)
    {
        if (!HasLine(route) && !HasSpan(notes))
            return;
        notes.Text.Take(pools, bytes, head, WantsFields);
        if (Captures is { } list)
            notes.Capture(pools, list, bytes, head);
    }

    /// <summary>Logs an exchange that has ended, in whichever way.</summary>
    /// <param name="route">Which way it took.</param>
    /// <param name="client">The client's face.</param>
    /// <param name="path">The request's way to a server.</param>
    /// <param name="isHit">The response came from the cache.</param>
    /// <param name="notes">What else is known.</param>
    public void Write(Route route, ClientStream client, RequestPath path, bool isHit, ExchangeNotes notes)
    {
        bool hasSpan = HasSpan(notes);
        bool hasLine = HasLine(route);
        if (!hasSpan && !hasLine)
            return;
        AccessRecord record = Begin(client.Connection, client.Client, notes.StartedMs);
        ExchangeTimes times = notes.TimesOver(path.Link);
        record.Numbers.ClientRequestNumber = client.RequestNumber;
        record.Numbers.RouteName = route.LogIds.Route;
        FillTexts(ref record, notes.Text, client.Version);
        FillTimes(ref record, times);
        FillServer(ref record, path, isHit);
        record.Numbers.Status = StatusOf(client.StatusCode);
        record.Numbers.BytesSent = client.SentBytes;
        record.Numbers.BodyBytesSent = client.SentBodyBytes;
        record.Numbers.BytesReceived = client.ReceivedBytes;
        record.Numbers.CloseReasonName = _closeReasonIds[(int)client.CloseReason];
        record.Numbers.RejectName = RejectNameOf(route, notes);
        record.Numbers.EndedBy = (byte)ProxyErrors.Of(notes.Error).Side;
        record.Numbers.EndedIn = notes.Error switch
        {
            ProxyError.None => (byte)'-',
            ProxyError.RateLimited or ProxyError.TooManyAtOnce => (byte)'R',
            _ => PhaseOf(times),
        };
        record.Numbers.CookieInRequest = notes.CookieInRequest;
        record.Numbers.CookieInResponse = notes.CookieInResponse;
        if (notes.Trace is { } trace)
        {
            record.RequestId = trace.RequestId;
            record.TraceParent = trace.TraceParent;
            record.CallerSpan = trace.CallerSpan;
        }
        record.Captures = notes.Captures is null ? default : notes.Captures.Values;
        Put(record, client.Connection, hasLine, hasSpan);
    }

    /// <summary>Logs a request that nobody served: with its line, if it came to one that says something.</summary>
    public void WriteRefused(ClientConnection connection, in Refusal refusal)
    {
        if (!WritesLines)
            return;
        AccessRecord record = Begin(connection, refusal.Client, refusal.StartedMs);
        if (refusal.ShowsLine && RequestLineOf(refusal.Request) is { IsEmpty: false } line)
        {
            int methodEnd = line.IndexOf((byte)' ');
            record.Method = methodEnd < 0 ? default : line[..methodEnd];
            ReadOnlySpan<byte> rest = line[(methodEnd + 1)..];
            int blank = rest.LastIndexOf((byte)' ');
            record.Target = blank < 0 ? rest : rest[..blank];
            record.Version = blank < 0 ? default : rest[(blank + 1)..];
        }
        record.Numbers.Status = StatusOf(refusal.StatusCode);
        record.Numbers.BytesSent = refusal.Answer.Length;
        record.Numbers.BodyBytesSent = refusal.Answer.Length - HeadBytesOf(refusal.Answer);
        record.Numbers.BytesReceived = HeadBytesOf(refusal.Request);
        record.Numbers.CloseReasonName = _closeReasonIds[(int)refusal.CloseReason];
        record.Numbers.RejectName = _rejectNames.Of(refusal.Error, refusal.Detail);
        record.Numbers.EndedBy = (byte)ProxyErrors.Of(refusal.Error).Side;
        record.Numbers.EndedIn = (byte)'R';
        Put(record, connection, wantsLine: true, hasSpan: false);
    }

    private bool HasSpan(ExchangeNotes notes) => WritesSpans && notes.Trace is { IsSampled: true };

    private bool HasLine(Route route) => WritesLines && !route.LogIds.IsQuiet;

    private void Put(in AccessRecord record, ClientConnection connection, bool wantsLine, bool hasSpan)
    {
        bool hasLine = wantsLine && (Sampling is not { } sampling || sampling.Takes(record.Numbers));
        if (wantsLine && !hasLine)
            connection.Frontend.Counters.Add(CounterId.LogLinesLeftOut);
        if (hasLine || hasSpan)
            AccessRecordCodec.TryWrite(ring, record, hasLine ? LogRecordKind.Exchange : LogRecordKind.SpanOnly);
    }

    /// <summary>Where what has refused it has a name of its own (a limit, a policy), that is said, too.</summary>
    private int RejectNameOf(Route route, ExchangeNotes notes) => notes.Error switch
    {
        ProxyError.None or ProxyError.RateLimited or ProxyError.TooManyAtOnce when notes.LimitLogId > 0 => notes.LimitLogId,
        ProxyError.AccessDenied when route.LogIds.Refusal > 0 => route.LogIds.Refusal,
        _ => _rejectNames.Of(notes.Error, notes.Rejection),
    };

    private static int[] RegisterReasons(LogNames names)
    {
        var ids = new int[CloseReasons.Count];
        for (int i = 1; i < ids.Length; i++)
            ids[i] = names.Register(CloseReasons.CodeOf((CloseReason)i));
        return ids;
    }

    /// <summary>Exchanges know no status as 0, the log as -1.</summary>
    private static int StatusOf(int statusCode) => statusCode == 0 ? AccessNumbers.Unknown : statusCode;

    /// <summary>Length of the head at the beginning of a message; of all that there is when it has no end.</summary>
    private static int HeadBytesOf(ReadOnlySpan<byte> message) => message.IndexOf("\r\n\r\n"u8) is >= 0 and var end ? end + 4 : message.Length;

    private static ReadOnlySpan<byte> RequestLineOf(ReadOnlySpan<byte> bytes)
    {
        int end = bytes.IndexOfAny((byte)'\r', (byte)'\n');
        return end < 0 ? bytes : bytes[..end];
    }

    /// <summary>Second letter of HAProxy's termination state: what the exchange was doing when it ended.</summary>
    private static byte PhaseOf(in ExchangeTimes times)
    {
        if (times.ResponseMs >= 0)
            return (byte)'D';
        if (times.ConnectMs >= 0)
            return (byte)'H';
        return times.QueueMs >= 0 ? (byte)'C' : (byte)'Q';
    }

    private AccessRecord Begin(ClientConnection connection, PeerAddress client, long startedMs)
    {
        var record = new AccessRecord { Numbers = new AccessNumbers() };
        ref AccessNumbers numbers = ref record.Numbers;
        Frontend frontend = connection.Frontend;
        numbers.StartWallMs = clock.WallMs - (clock.NowMs - startedMs);
        numbers.ListenerName = frontend.LogId;
        numbers.ClientConnectionId = connection.Id;
        numbers.ClientRequestNumber = connection.RequestCount;
        numbers.ClientConnectionAgeMs = connection.AgeMs;
        numbers.ProcessConnectionCount = (int)frontend.Counters.Read(CounterId.ClientConnectionsOpen);
        numbers.ListenerConnectionCount = frontend.Owner.ConnectionCount;
        numbers.TotalMs = (int)(clock.NowMs - startedMs);
        numbers.ClientPort = client.Port;
        record.ClientAddress = _address.AsSpan(0, client.WriteBytes(_address));
        if (connection.Tcp!.LayerFacts is { } facts)
            record.Tls = facts.LogWords;
        PeerAddress peer = connection.Peer;
        if (peer.Bits != client.Bits || peer.AddressBytes != client.AddressBytes)
            record.PeerAddress = _peer.AsSpan(0, peer.WriteBytes(_peer));
        return record;
    }

    private static void FillTexts(ref AccessRecord record, ExchangeLogText text, HttpVersion version)
    {
        record.Method = text.Method;
        record.Target = text.Target;
        record.Host = text.Host;
        record.UserAgent = text.UserAgent;
        record.Referer = text.Referer;
        record.Version = version == HttpVersion.Http10 ? "HTTP/1.0"u8 : "HTTP/1.1"u8;
    }

    private static void FillTimes(ref AccessRecord record, in ExchangeTimes times)
    {
        record.Numbers.RequestMs = times.RequestMs;
        record.Numbers.QueueMs = times.QueueMs;
        record.Numbers.ConnectMs = times.ConnectMs;
        record.Numbers.ResponseMs = times.ResponseMs;
    }

    private void FillServer(ref AccessRecord record, RequestPath path, bool isHit)
    {
        ServerLink link = path.Link;
        UpstreamGroup group = link.Group!;
        record.Numbers.UpstreamName = group.LogId;
        record.Numbers.ServerName = isHit ? _cacheNameId : link.Server?.LogId ?? LogNames.None;
        record.Numbers.RetryCount = Math.Max(0, link.Tries.Count - 1);
        record.Numbers.RetryCause = link.Tries.Cause;
        record.Numbers.ServerConnectionCount = link.Server?.LentCount ?? 0;
        record.Numbers.UpstreamConnectionCount = group.UserCount;
        record.Numbers.ServerQueueCount = link.Line?.Places.OfServer ?? 0;
        record.Numbers.UpstreamQueueCount = link.Line?.Places.OfGroup ?? 0;
        ServerConnectionFacts server = path.Stream.Facts;
        record.Numbers.ServerConnectionId = server.Id;
        record.Numbers.ServerUseNumber = server.UseCount;
        record.Numbers.ServerIdleMs = server.IdleAgeMs;
        record.Numbers.ServerAddress = server.Address;
        record.Numbers.ServerOrigin = server.Id == 0 ? ServerConnectionOrigin.None
            : server.UseCount > 1 ? ServerConnectionOrigin.Reused : ServerConnectionOrigin.New;
    }
}
