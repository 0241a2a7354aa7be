using System;
using System.Buffers;
using System.Text;

namespace NativeProxy.Logging;

/// <summary>
/// One JSON object (RFC 8259) per line with every field of the record; what is unknown is null or, in the timers and the status, -1. Stateless; log
/// writer thread.
/// </summary>
internal static class JsonFormat
{
    public static void Append(LogText text, in AccessRecord record, LogNames names, in CaptureView captures = default)
    {
        ref readonly AccessNumbers numbers = ref record.Numbers;
        text.Append("{\"time\":\""u8);
        LogTime.AppendIso(text, numbers.StartWallMs);
        text.Append("\",\"client\":\""u8);
        AddressText.Append(text, record.ClientAddress);
        text.Append("\""u8);
        AppendNumber(text, "client_port"u8, numbers.ClientPort);
        AppendPeer(text, record.PeerAddress);
        AppendTls(text, record.Tls);
        AppendString(text, "listener"u8, names.NameOf(numbers.ListenerName));
        AppendString(text, "route"u8, names.NameOf(numbers.RouteName));
        AppendString(text, "upstream"u8, names.NameOf(numbers.UpstreamName));
        AppendString(text, "server"u8, names.NameOf(numbers.ServerName));
        AppendNumber(text, "request_ms"u8, numbers.RequestMs);
        AppendNumber(text, "queue_ms"u8, numbers.QueueMs);
        AppendNumber(text, "connect_ms"u8, numbers.ConnectMs);
        AppendNumber(text, "response_ms"u8, numbers.ResponseMs);
        AppendNumber(text, "total_ms"u8, numbers.TotalMs);
        AppendNumber(text, "status"u8, numbers.Status);
        AppendNumber(text, "bytes_sent"u8, numbers.BytesSent);
        AppendNumber(text, "body_bytes_sent"u8, numbers.BodyBytesSent);
        AppendNumber(text, "bytes_received"u8, numbers.BytesReceived);
        AppendRequest(text, record);
        text.Append(",\"state\":\""u8);
        HaproxyFormat.AppendTerminationState(text, numbers);
        text.Append("\""u8);
        AppendString(text, "close_reason"u8, names.NameOf(numbers.CloseReasonName));
        AppendString(text, "reject"u8, names.NameOf(numbers.RejectName));
        AppendConnections(text, numbers);
        if (captures.List is { } list)
        {
            AppendHeaders(text, "request_headers"u8, list.Request, captures, 0);
            AppendHeaders(text, "response_headers"u8, list.Response, captures, list.Request.Length);
        }
        text.Append("}\n"u8);
    }

    private static void AppendRequest(LogText text, in AccessRecord record)
    {
        AppendString(text, "method"u8, record.Method);
        AppendString(text, "target"u8, record.Target);
        AppendString(text, "version"u8, record.Version);
        AppendString(text, "host"u8, record.Host);
        AppendString(text, "user_agent"u8, record.UserAgent);
        AppendString(text, "referer"u8, record.Referer);
        AppendString(text, "request_id"u8, record.RequestId);
        AppendString(text, "trace_id"u8, record.TraceId);
    }

    /// <summary>An object of the captured fields of one side, null for those that did not come.</summary>
    private static void AppendHeaders(LogText text, ReadOnlySpan<byte> name, CapturedName[] names, in CaptureView captures, int first)
    {
        AppendName(text, name);
        text.Append("{"u8);
        for (int i = 0; i < names.Length; i++)
        {
            if (i > 0)
                text.Append(","u8);
            text.Append("\""u8);
            text.AppendQuotable(names[i].LowerName);
            text.Append("\":"u8);
            AppendStringOrNull(text, captures.ValueOf(first + i));
        }
        text.Append("}"u8);
    }

    private static void AppendPeer(LogText text, ReadOnlySpan<byte> address)
    {
        AppendName(text, "peer"u8);
        ReadOnlySpan<byte> quote = address.IsEmpty ? "null"u8 : "\""u8;
        text.Append(quote);
        if (address.IsEmpty)
            return;
        AddressText.Append(text, address);
        text.Append(quote);
    }

    private static void AppendTls(LogText text, ReadOnlySpan<byte> tls)
    {
        Span<Range> words = stackalloc Range[4];
        int count = 0;
        foreach (Range word in tls.Split((byte)' '))
        {
            if (count < words.Length)
                words[count++] = word;
        }
        bool isThere = !tls.IsEmpty && count == words.Length;
        AppendString(text, "tls_version"u8, isThere ? tls[words[0]] : default);
        AppendString(text, "tls_cipher"u8, isThere ? tls[words[1]] : default);
        AppendName(text, "tls_resumed"u8);
        text.Append(!isThere ? "null"u8 : tls[words[2]].SequenceEqual("resumed"u8) ? "true"u8 : "false"u8);
        AppendString(text, "tls_name"u8, isThere && !tls[words[3]].SequenceEqual("-"u8) ? tls[words[3]] : default);
    }

    private static void AppendConnections(LogText text, in AccessNumbers numbers)
    {
        AppendNumber(text, "client_connection_id"u8, numbers.ClientConnectionId);
        AppendNumber(text, "client_request_number"u8, numbers.ClientRequestNumber);
        AppendNumber(text, "client_connection_age_ms"u8, numbers.ClientConnectionAgeMs);
        AppendNumber(text, "server_connection_id"u8, numbers.ServerConnectionId);
        AppendNumber(text, "server_use_number"u8, numbers.ServerUseNumber);
        AppendNumber(text, "server_idle_ms"u8, numbers.ServerIdleMs);
        AppendString(text, "server_connection"u8,
            numbers.ServerOrigin == ServerConnectionOrigin.None ? default : HaproxyFormat.OriginName(numbers.ServerOrigin));
        AppendServerAddress(text, numbers);
        AppendNumber(text, "retries"u8, numbers.RetryCount);
        AppendString(text, "retry_cause"u8, HaproxyFormat.CauseName(numbers.RetryCause));
        AppendNumber(text, "actconn"u8, numbers.ProcessConnectionCount);
        AppendNumber(text, "feconn"u8, numbers.ListenerConnectionCount);
        AppendNumber(text, "beconn"u8, numbers.UpstreamConnectionCount);
        AppendNumber(text, "srvconn"u8, numbers.ServerConnectionCount);
        AppendNumber(text, "srv_queue"u8, numbers.ServerQueueCount);
        AppendNumber(text, "backend_queue"u8, numbers.UpstreamQueueCount);
    }

    private static void AppendServerAddress(LogText text, in AccessNumbers numbers)
    {
        AppendName(text, "server_address"u8);
        ReadOnlySpan<byte> quote = numbers.ServerAddress.IsGiven ? "\""u8 : "null"u8;
        text.Append(quote);
        if (!numbers.ServerAddress.IsGiven)
            return;
        HaproxyFormat.AppendServerAddress(text, numbers.ServerAddress);
        text.Append(quote);
    }

    private static void AppendName(LogText text, ReadOnlySpan<byte> name)
    {
        text.Append(",\""u8);
        text.Append(name);
        text.Append("\":"u8);
    }

    /// <summary>A comma, the name and the number.</summary>
    internal static void AppendNumber(LogText text, ReadOnlySpan<byte> name, long value)
    {
        AppendName(text, name);
        text.AppendNumber(value);
    }

    /// <summary>A comma, the name and the text, or null for an empty one.</summary>
    internal static void AppendString(LogText text, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        AppendName(text, name);
        AppendStringOrNull(text, value);
    }

    private static void AppendStringOrNull(LogText text, ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty)
        {
            text.Append("null"u8);
            return;
        }

        text.Append("\""u8);
        AppendInQuotes(text, value);
        text.Append("\""u8);
    }

    /// <summary>What may stand between the quotes of a text, whatever the bytes are.</summary>
    internal static void AppendInQuotes(LogText text, ReadOnlySpan<byte> value)
    {
        while (!value.IsEmpty)
        {
            OperationStatus status = Rune.DecodeFromUtf8(value, out Rune rune, out int bytes);
            AppendCharacter(text, value[..bytes], status == OperationStatus.Done, rune);
            value = value[bytes..];
        }
    }

    /// <summary>
    /// Valid UTF-8 stays, controls become <c>\u00HH</c>; bytes that are no UTF-8 become the text <c>\xHH</c>, as in the other styles.
    /// </summary>
    private static void AppendCharacter(LogText text, ReadOnlySpan<byte> bytes, bool isValid, Rune rune)
    {
        if (!isValid)
        {
            foreach (byte value in bytes)
            {
                text.Append("\\"u8);
                text.AppendHexEscape(value);
            }
        }
        else if (Rune.IsControl(rune))
        {
            text.Append("\\u00"u8);
            text.AppendHex((byte)rune.Value);
        }
        else
        {
            if (rune.Value is '"' or '\\')
                text.Append("\\"u8);

            text.Append(bytes);
        }
    }
}
