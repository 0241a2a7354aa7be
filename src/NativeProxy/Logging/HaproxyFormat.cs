using System;
using NativeProxy.Foundation;

namespace NativeProxy.Logging;

/// <summary>
/// One line as HAProxy's <c>option httplog</c> writes it (its configuration manual, section 8.2.3, without the syslog prefix and in UTC),
/// then the connection columns <c>cc= sc= rt= rs= why=</c>. Stateless; log writer thread.
/// </summary>
internal static class HaproxyFormat
{
    /// <summary>
    /// <c>ip:port [time] listener upstream/server TR/Tw/Tc/Tr/Ta status bytes - - state act/fe/be/srv/retries srvqueue/upqueue "request"
    /// cc=id/request/ageMs sc=id/use/idleMs/origin da=address rt=retryCause rs=reason why=rule</c>, and where there is one
    /// <c>route= peer= tls=version/cipher/full|resumed/name id= trace=</c>.
    /// </summary>
    public static void Append(LogText text, in AccessRecord record, LogNames names, in CaptureView captures = default)
    {
        ref readonly AccessNumbers numbers = ref record.Numbers;
        AddressText.Append(text, record.ClientAddress);
        text.Append(":"u8);
        text.AppendNumber(numbers.ClientPort);
        text.Append(" ["u8);
        LogTime.AppendHaproxy(text, numbers.StartWallMs);
        text.Append("] "u8);
        AppendPath(text, numbers, names);
        text.AppendNumbers([numbers.RequestMs, numbers.QueueMs, numbers.ConnectMs, numbers.ResponseMs, numbers.TotalMs]);
        text.Append(" "u8);
        text.AppendNumber(numbers.Status);
        text.Append(" "u8);
        text.AppendNumber(numbers.BytesSent);
        text.Append(" - - "u8);
        AppendTerminationState(text, numbers);
        text.Append(" "u8);
        text.AppendNumbers([numbers.ProcessConnectionCount, numbers.ListenerConnectionCount, numbers.UpstreamConnectionCount,
            numbers.ServerConnectionCount, numbers.RetryCount]);
        text.Append(" "u8);
        text.AppendNumbers([numbers.ServerQueueCount, numbers.UpstreamQueueCount]);
        if (captures.List is { } list)
            AppendCaptures(text, captures, list);
        text.Append(" \""u8);
        AppendRequestLine(text, record);
        text.Append("\" cc="u8);
        text.AppendNumbers([numbers.ClientConnectionId, numbers.ClientRequestNumber, numbers.ClientConnectionAgeMs]);
        text.Append(" sc="u8);
        text.AppendNumbers([numbers.ServerConnectionId, numbers.ServerUseNumber, numbers.ServerIdleMs]);
        text.Append("/"u8);
        text.Append(OriginName(numbers.ServerOrigin));
        text.Append(" da="u8);
        AppendServerAddress(text, numbers.ServerAddress);
        text.Append(" rt="u8);
        text.Append(CauseName(numbers.RetryCause));
        text.Append(" rs="u8);
        text.Append(names.WordOf(numbers.CloseReasonName));
        text.Append(" why="u8);
        text.Append(names.WordOf(numbers.RejectName));
        AppendRoute(text, numbers.RouteName, names);
        AppendNames(text, record);
        text.Append("\n"u8);
    }

    /// <summary>The four letters: who ended it, when, the cookie in the request, the cookie in the response.</summary>
    public static void AppendTerminationState(LogText text, in AccessNumbers numbers)
    {
        text.AppendByte(LetterOrDash(numbers.EndedBy));
        text.AppendByte(LetterOrDash(numbers.EndedIn));
        text.AppendByte(LetterOrDash(numbers.CookieInRequest));
        text.AppendByte(LetterOrDash(numbers.CookieInResponse));
    }

    public static ReadOnlySpan<byte> OriginName(ServerConnectionOrigin origin) => origin switch
    {
        ServerConnectionOrigin.New => "new"u8,
        ServerConnectionOrigin.Reused => "reused"u8,
        _ => "-"u8,
    };

    public static ReadOnlySpan<byte> CauseName(RetryCause cause) => cause switch
    {
        RetryCause.ConnectFailure => "connect_failure"u8,
        RetryCause.StaleReuse => "stale_reuse"u8,
        RetryCause.Unacknowledged => "unacknowledged"u8,
        RetryCause.EmptyResponse => "empty_response"u8,
        RetryCause.ResponseTimeout => "response_timeout"u8,
        RetryCause.Status => "status"u8,
        RetryCause.JunkResponse => "junk_response"u8,
        RetryCause.Hedge => "hedge"u8,
        _ => "none"u8,
    };

    /// <summary>Address and port as one would write them to connect there; <c>-</c> without an address.</summary>
    internal static void AppendServerAddress(LogText text, PeerAddress address)
    {
        bool isV6 = address.AddressBytes == 16;
        if (isV6)
            text.Append("["u8);
        PeerText.Append(text, address);
        if (isV6)
            text.Append("]"u8);
        if (!address.IsGiven)
            return;
        text.Append(":"u8);
        text.AppendNumber(address.Port);
    }

    /// <summary>As HAProxy's: the values of the request, then those of the response, each side in braces where it has some.</summary>
    private static void AppendCaptures(LogText text, in CaptureView captures, CaptureList list)
    {
        int count = list.Request.Length + list.Response.Length;
        for (int i = 0; i < count; i++)
        {
            text.Append(i == 0 || i == list.Request.Length ? " {"u8 : "|"u8);
            text.AppendHashCapture(captures.ValueOf(i));
            if (i + 1 == list.Request.Length || i + 1 == count)
                text.Append("}"u8);
        }
    }

    private static void AppendRoute(LogText text, int route, LogNames names)
    {
        if (route == LogNames.None)
            return;
        text.Append(" route="u8);
        text.Append(names.WordOf(route));
    }

    private static void AppendNames(LogText text, in AccessRecord record)
    {
        if (!record.PeerAddress.IsEmpty)
        {
            text.Append(" peer="u8);
            AddressText.Append(text, record.PeerAddress);
        }
        if (!record.Tls.IsEmpty)
            AppendTls(text, record.Tls);
        if (!record.RequestId.IsEmpty)
        {
            text.Append(" id="u8);
            text.AppendHashQuotable(record.RequestId);
        }
        if (!record.TraceId.IsEmpty)
        {
            text.Append(" trace="u8);
            text.AppendHashQuotable(record.TraceId);
        }
    }

    private static void AppendTls(LogText text, ReadOnlySpan<byte> tls)
    {
        text.Append(" tls="u8);
        foreach (Range word in tls.Split((byte)' '))
        {
            if (word.Start.Value > 0)
                text.Append("/"u8);
            text.AppendHashQuotable(tls[word]);
        }
    }

    private static byte LetterOrDash(byte letter) => char.IsAsciiLetter((char)letter) ? letter : (byte)'-';

    /// <summary>As HAProxy: without an upstream the listener's name stands for it, without a server <c>&lt;NOSRV&gt;</c>.</summary>
    private static void AppendPath(LogText text, in AccessNumbers numbers, LogNames names)
    {
        text.Append(names.WordOf(numbers.ListenerName));
        text.Append(" "u8);
        text.Append(names.WordOf(numbers.UpstreamName == LogNames.None ? numbers.ListenerName : numbers.UpstreamName));
        text.Append("/"u8);
        text.Append(numbers.ServerName == LogNames.None ? "<NOSRV>"u8 : names.WordOf(numbers.ServerName));
        text.Append(" "u8);
    }

    private static void AppendRequestLine(LogText text, in AccessRecord record)
    {
        if (record.Method.IsEmpty)
        {
            text.Append("<BADREQ>"u8);
            return;
        }

        text.AppendHashQuotable(record.Method);
        text.Append(" "u8);
        text.AppendHashQuotable(record.Target);
        text.Append(" "u8);
        text.AppendHashQuotable(record.Version);
    }
}
