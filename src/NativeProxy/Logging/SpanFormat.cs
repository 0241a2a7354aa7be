using System;
using System.Buffers.Text;

namespace NativeProxy.Logging;

/// <summary>
/// One exchange as a span of OpenTelemetry in the JSON of its protocol (OTLP 1.x, ExportTraceServiceRequest), named as its conventions for HTTP
/// servers say, and what only this proxy knows under <c>nativeproxy.</c>. Stateless; log writer thread.
/// </summary>
internal static class SpanFormat
{
    /// <summary>What goes before the spans of a batch.</summary>
    /// <param name="text">Where to.</param>
    /// <param name="service">The name of the service.</param>
    /// <param name="version">Of the program.</param>
    /// <param name="host">The machine; empty = not said.</param>
    /// <param name="process">The process.</param>
    public static void AppendBegin(LogText text, ReadOnlySpan<byte> service, ReadOnlySpan<byte> version, ReadOnlySpan<byte> host, int process)
    {
        text.Append("{\"resourceSpans\":[{\"resource\":{\"attributes\":["u8);
        AppendText(text, "service.name"u8, service);
        AppendText(text, "service.version"u8, version);
        AppendText(text, "host.name"u8, host);
        AppendNumber(text, "process.pid"u8, process);
        text.Append("]},\"scopeSpans\":[{\"scope\":{\"name\":\"nativeproxy\"},\"spans\":["u8);
    }

    /// <summary>What goes after them.</summary>
    public static void AppendEnd(LogText text) => text.Append("]}]}]}"u8);

    /// <summary>One of them; between two stands a comma.</summary>
    public static void Append(LogText text, in AccessRecord record, LogNames names)
    {
        ref readonly AccessNumbers numbers = ref record.Numbers;
        text.Append("{\"traceId\":\""u8);
        text.Append(record.TraceId);
        text.Append("\",\"spanId\":\""u8);
        text.Append(record.SpanId);
        if (!record.CallerSpan.IsEmpty)
        {
            text.Append("\",\"parentSpanId\":\""u8);
            text.Append(record.CallerSpan);
        }
        AppendName(text, record.Method, names.NameOf(numbers.RouteName));

        // SPAN_KIND_SERVER. The flags: sampled, it is known whether the caller is elsewhere, and whether it is.
        text.Append(record.CallerSpan.IsEmpty ? ",\"kind\":2,\"flags\":257"u8 : ",\"kind\":2,\"flags\":769"u8);
        AppendTime(text, ",\"startTimeUnixNano\":\""u8, numbers.StartWallMs);
        AppendTime(text, ",\"endTimeUnixNano\":\""u8, numbers.StartWallMs + Math.Max(0, numbers.TotalMs));
        text.Append(",\"attributes\":["u8);
        AppendRequest(text, record);
        AppendPeers(text, record);
        AppendAnswer(text, numbers, names);
        AppendWay(text, record, names);
        AppendTimes(text, numbers);
        text.Append(IsError(numbers) ? "],\"status\":{\"code\":2}}"u8 : "]}"u8);
    }

    /// <summary>A server's span is an error from status 500 on, and where nothing was answered.</summary>
    private static bool IsError(in AccessNumbers numbers) => numbers.Status is AccessNumbers.Unknown or >= 500;

    /// <summary>Method and route: few different ones, as the conventions ask.</summary>
    private static void AppendName(LogText text, ReadOnlySpan<byte> method, ReadOnlySpan<byte> route)
    {
        text.Append("\",\"name\":\""u8);
        text.Append(IsKnown(method) ? method : "HTTP"u8);
        if (!route.IsEmpty)
        {
            text.Append(" "u8);
            JsonFormat.AppendInQuotes(text, route);
        }
        text.Append("\""u8);
    }

    private static bool IsKnown(ReadOnlySpan<byte> method) =>
        method.SequenceEqual("GET"u8) || method.SequenceEqual("POST"u8) || method.SequenceEqual("HEAD"u8) || method.SequenceEqual("PUT"u8)
        || method.SequenceEqual("DELETE"u8) || method.SequenceEqual("OPTIONS"u8) || method.SequenceEqual("PATCH"u8)
        || method.SequenceEqual("CONNECT"u8) || method.SequenceEqual("TRACE"u8);

    private static void AppendRequest(LogText text, in AccessRecord record)
    {
        bool isKnown = IsKnown(record.Method);
        AppendText(text, "http.request.method"u8, isKnown ? record.Method : "_OTHER"u8);
        AppendText(text, "http.request.method_original"u8, isKnown ? default : record.Method);
        ReadOnlySpan<byte> target = record.Target;
        int query = target is [(byte)'/', ..] ? target.IndexOf((byte)'?') : -1;
        AppendText(text, target is [(byte)'/' or (byte)'*', ..] ? "url.path"u8 : "url.full"u8, query < 0 ? target : target[..query]);
        AppendText(text, "url.query"u8, query < 0 ? default : target[(query + 1)..]);
        AppendText(text, "url.scheme"u8, record.Tls.IsEmpty ? "http"u8 : "https"u8);
        AppendText(text, "network.protocol.version"u8, record.Version.StartsWith("HTTP/"u8) ? record.Version[5..] : default);
        AppendHost(text, record.Host);
        AppendText(text, "user_agent.original"u8, record.UserAgent);
        AppendNumber(text, "http.request.size"u8, record.Numbers.BytesReceived);
    }

    private static void AppendHost(LogText text, ReadOnlySpan<byte> host)
    {
        int colon = host.LastIndexOf((byte)':');
        bool hasPort = Utf8Parser.TryParse(host[(colon + 1)..], out ushort port, out int used) && colon + 1 + used == host.Length
            && colon > host.LastIndexOf((byte)']');
        AppendText(text, "server.address"u8, hasPort ? host[..colon] : host);
        if (hasPort)
            AppendNumber(text, "server.port"u8, port);
    }

    private static void AppendPeers(LogText text, in AccessRecord record)
    {
        AppendAddress(text, "client.address"u8, record.ClientAddress);
        AppendNumber(text, "client.port"u8, record.Numbers.ClientPort);
        AppendAddress(text, "network.peer.address"u8, record.PeerAddress.IsEmpty ? record.ClientAddress : record.PeerAddress);
    }

    private static void AppendAnswer(LogText text, in AccessNumbers numbers, LogNames names)
    {
        if (numbers.Status != AccessNumbers.Unknown)
            AppendNumber(text, "http.response.status_code"u8, numbers.Status);
        AppendNumber(text, "http.response.size"u8, numbers.BytesSent);
        if (!IsError(numbers))
            return;
        ReadOnlySpan<byte> why = names.NameOf(numbers.RejectName == LogNames.None ? numbers.CloseReasonName : numbers.RejectName);
        if (!why.IsEmpty)
        {
            AppendText(text, "error.type"u8, why);
            return;
        }
        BeginText(text, "error.type"u8);
        text.AppendNumber(numbers.Status);
        text.Append("\"}}"u8);
    }

    /// <summary>Which way it went, in the words of the access log.</summary>
    private static void AppendWay(LogText text, in AccessRecord record, LogNames names)
    {
        ref readonly AccessNumbers numbers = ref record.Numbers;
        AppendText(text, "nativeproxy.listener"u8, names.NameOf(numbers.ListenerName));
        AppendText(text, "nativeproxy.route"u8, names.NameOf(numbers.RouteName));
        AppendText(text, "nativeproxy.upstream"u8, names.NameOf(numbers.UpstreamName));
        AppendText(text, "nativeproxy.server"u8, names.NameOf(numbers.ServerName));
        if (numbers.ServerAddress.IsGiven)
        {
            BeginText(text, "nativeproxy.server_address"u8);
            HaproxyFormat.AppendServerAddress(text, numbers.ServerAddress);
            text.Append("\"}}"u8);
        }
        BeginText(text, "nativeproxy.state"u8);
        HaproxyFormat.AppendTerminationState(text, numbers);
        text.Append("\"}}"u8);
        AppendText(text, "nativeproxy.close_reason"u8, names.NameOf(numbers.CloseReasonName));
        AppendText(text, "nativeproxy.reject"u8, names.NameOf(numbers.RejectName));
        AppendText(text, "nativeproxy.request_id"u8, record.RequestId);
        AppendNumber(text, "nativeproxy.client_connection_id"u8, numbers.ClientConnectionId);
        AppendNumber(text, "nativeproxy.client_request_number"u8, numbers.ClientRequestNumber);
        if (numbers.ServerOrigin == ServerConnectionOrigin.None)
            return;
        AppendText(text, "nativeproxy.server_connection"u8, HaproxyFormat.OriginName(numbers.ServerOrigin));
        AppendNumber(text, "nativeproxy.server_connection_id"u8, numbers.ServerConnectionId);
        AppendNumber(text, "nativeproxy.server_use_number"u8, numbers.ServerUseNumber);
        AppendNumber(text, "nativeproxy.retries"u8, numbers.RetryCount);
        if (numbers.RetryCause != RetryCause.None)
            AppendText(text, "nativeproxy.retry_cause"u8, HaproxyFormat.CauseName(numbers.RetryCause));
    }

    /// <summary>Those that were reached.</summary>
    private static void AppendTimes(LogText text, in AccessNumbers numbers)
    {
        AppendReached(text, "nativeproxy.request_ms"u8, numbers.RequestMs);
        AppendReached(text, "nativeproxy.queue_ms"u8, numbers.QueueMs);
        AppendReached(text, "nativeproxy.connect_ms"u8, numbers.ConnectMs);
        AppendReached(text, "nativeproxy.response_ms"u8, numbers.ResponseMs);
    }

    private static void AppendReached(LogText text, ReadOnlySpan<byte> name, int ms)
    {
        if (ms >= 0)
            AppendNumber(text, name, ms);
    }

    private static void AppendTime(LogText text, ReadOnlySpan<byte> name, long wallMs)
    {
        text.Append(name);
        text.AppendNumber(wallMs);
        text.Append("000000\""u8);
    }

    private static void AppendAddress(LogText text, ReadOnlySpan<byte> name, ReadOnlySpan<byte> address)
    {
        if (address.IsEmpty)
            return;
        BeginText(text, name);
        AddressText.Append(text, address);
        text.Append("\"}}"u8);
    }

    /// <summary>An attribute, unless it is empty.</summary>
    private static void AppendText(LogText text, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty)
            return;
        BeginText(text, name);
        JsonFormat.AppendInQuotes(text, value);
        text.Append("\"}}"u8);
    }

    private static void BeginText(LogText text, ReadOnlySpan<byte> name)
    {
        BeginAttribute(text, name);
        text.Append("stringValue\":\""u8);
    }

    /// <summary>64 bits are a text in this JSON (protobuf's mapping).</summary>
    private static void AppendNumber(LogText text, ReadOnlySpan<byte> name, long value)
    {
        BeginAttribute(text, name);
        text.Append("intValue\":\""u8);
        text.AppendNumber(value);
        text.Append("\"}}"u8);
    }

    private static void BeginAttribute(LogText text, ReadOnlySpan<byte> name)
    {
        text.Append(text.Bytes[^1] == '[' ? "{\"key\":\""u8 : ",{\"key\":\""u8);
        text.Append(name);
        text.Append("\",\"value\":{\""u8);
    }
}
