using System;
using NativeProxy.Exchanges.Logged;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Logging;
using NativeProxy.Metrics;
using NativeProxy.Timers;

namespace NativeProxy.Exchanges;

/// <summary>
/// Writes one access record per exchange into the loop's log ring: gathers what the sessions and exchanges know. Thread: the loop.
/// Never formats and never blocks; a full ring drops the record and counts it.
/// </summary>
internal sealed class ExchangeLog(LogRing ring, LogNames names, LoopClock clock, bool wantsFields)
{
    private readonly int[] _closeReasonIds = RegisterReasons(names);
    private readonly RejectNames _rejectNames = new(names);

    /// <summary>Stands for the server of a response that comes from the cache, as in HAProxy's log.</summary>
    private readonly int _cacheNameId = names.Register("<CACHE>");
    private readonly byte[] _address = new byte[16];

    /// <summary>
    /// True when the format shows fields of the request besides its first line. A reload may change it; exchanges under way then have none.
    /// </summary>
    public bool WantsFields { get; set; } = wantsFields;

    /// <summary>The id for a name in log records.</summary>
    public int Register(string name) => names.Register(name);

    /// <summary>Logs an exchange that has ended, in whichever way.</summary>
    public void Write(Listener listener, ClientSession session, Exchange exchange)
    {
        AccessRecord record = Begin(listener, session, exchange.Times.StartedMs);
        record.Numbers.ClientRequestNumber = exchange.RequestNumber;
        FillTexts(ref record, exchange);
        FillTimes(ref record, exchange.Times);
        FillServer(ref record, exchange);
        record.Numbers.Status = StatusOf(exchange.StatusCode);
        record.Numbers.BytesSent = exchange.SentBytes;
        record.Numbers.BodyBytesSent = exchange.SentBodyBytes;
        record.Numbers.BytesReceived = exchange.ReceivedBytes;
        record.Numbers.CloseReasonName = _closeReasonIds[(int)exchange.CloseReason];
        record.Numbers.RejectName = _rejectNames.Of(exchange.Error, exchange.Rejection);
        record.Numbers.EndedBy = (byte)ProxyErrors.Of(exchange.Error).Side;
        record.Numbers.EndedIn = exchange.Error == ProxyError.None ? (byte)'-' : PhaseOf(exchange);
        record.Numbers.CookieInRequest = exchange.Sticky.RequestLetter;
        record.Numbers.CookieInResponse = exchange.Sticky.ResponseLetter;
        AccessRecordCodec.TryWrite(ring, record);
    }

    /// <summary>Logs a request that was answered without an exchange: with its line, if it came to one that says something.</summary>
    public void WriteRejected(
        Listener listener, ClientSession session, ProxyError error, RejectReason detail, CloseReason reason, int statusCode,
        ReadOnlySpan<byte> answer, ReadOnlySpan<byte> bytes, bool showsLine, long startedMs)
    {
        AccessRecord record = Begin(listener, session, startedMs);
        if (showsLine && RequestLineOf(bytes) is { IsEmpty: false } line)
        {
            record.Method = line[..Math.Max(0, line.IndexOf((byte)' '))];
            ReadOnlySpan<byte> rest = line[Math.Min(line.Length, record.Method.Length + 1)..];
            int blank = rest.LastIndexOf((byte)' ');
            record.Target = blank < 0 ? rest : rest[..blank];
            record.Version = blank < 0 ? default : rest[(blank + 1)..];
        }
        record.Numbers.Status = StatusOf(statusCode);
        record.Numbers.BytesSent = answer.Length;
        record.Numbers.BodyBytesSent = answer.Length - HeadBytesOf(answer);
        record.Numbers.BytesReceived = HeadBytesOf(bytes);
        record.Numbers.CloseReasonName = _closeReasonIds[(int)reason];
        record.Numbers.RejectName = _rejectNames.Of(error, detail);
        record.Numbers.EndedBy = (byte)ProxyErrors.Of(error).Side;
        record.Numbers.EndedIn = (byte)'R';
        AccessRecordCodec.TryWrite(ring, record);
    }

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
    private static byte PhaseOf(Exchange exchange)
    {
        if (exchange.Times.ResponseMs >= 0)
            return (byte)'D';
        if (exchange.Times.ConnectMs >= 0)
            return (byte)'H';
        return exchange.Times.QueueMs >= 0 ? (byte)'C' : (byte)'Q';
    }

    private AccessRecord Begin(Listener listener, ClientSession session, long startedMs)
    {
        var record = new AccessRecord { Numbers = new AccessNumbers() };
        ref AccessNumbers numbers = ref record.Numbers;
        numbers.StartWallMs = clock.WallMs - (clock.NowMs - startedMs);
        numbers.ListenerName = listener.LogId;
        numbers.ClientConnectionId = session.Client.Id;
        numbers.ClientRequestNumber = session.RequestCount;
        numbers.ClientConnectionAgeMs = clock.NowMs - session.Client.OpenedAtMs;
        numbers.ProcessConnectionCount = (int)listener.Counters.Read(CounterId.ClientConnectionsOpen);
        numbers.ListenerConnectionCount = listener.SessionCount;
        numbers.TotalMs = (int)(clock.NowMs - startedMs);
        numbers.ClientPort = session.Address.Port;
        record.ClientAddress = _address.AsSpan(0, session.Address.WriteBytes(_address));
        return record;
    }

    private static void FillTexts(ref AccessRecord record, Exchange exchange)
    {
        record.Method = exchange.LogText.Method;
        record.Target = exchange.LogText.Target;
        record.Host = exchange.LogText.Host;
        record.UserAgent = exchange.LogText.UserAgent;
        record.Referer = exchange.LogText.Referer;
        record.Version = exchange.ClientMinorVersion == 0 ? "HTTP/1.0"u8 : "HTTP/1.1"u8;
    }

    private static void FillTimes(ref AccessRecord record, in ExchangeTimes times)
    {
        record.Numbers.RequestMs = times.RequestMs;
        record.Numbers.QueueMs = times.QueueMs;
        record.Numbers.ConnectMs = times.ConnectMs;
        record.Numbers.ResponseMs = times.ResponseMs;
    }

    private void FillServer(ref AccessRecord record, Exchange exchange)
    {
        record.Numbers.UpstreamName = exchange.Group.LogId;
        record.Numbers.ServerName = exchange.Caching.IsHit ? _cacheNameId : exchange.Server?.LogId ?? LogNames.None;
        record.Numbers.RetryCount = Math.Max(0, exchange.Attempts - 1);
        record.Numbers.RetryCause = exchange.RetryCause;
        record.Numbers.ServerConnectionCount = exchange.Server?.LentCount ?? 0;
        record.Numbers.UpstreamConnectionCount = exchange.Group.LentCount + exchange.Group.WaitingCount;
        record.Numbers.ServerQueueCount = exchange.QueuePlaces.OfServer;
        record.Numbers.UpstreamQueueCount = exchange.QueuePlaces.OfGroup;
        ServerConnectionFacts server = exchange.ConnectionFacts;
        record.Numbers.ServerConnectionId = server.Id;
        record.Numbers.ServerUseNumber = server.UseCount;
        record.Numbers.ServerIdleMs = server.IdleAgeMs;
        record.Numbers.ServerAddress = server.Address;
        record.Numbers.ServerOrigin = server.Id == 0 ? ServerConnectionOrigin.None
            : server.UseCount > 1 ? ServerConnectionOrigin.Reused : ServerConnectionOrigin.New;
    }
}
