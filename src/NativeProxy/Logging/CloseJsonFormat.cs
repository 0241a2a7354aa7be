using NativeProxy.Foundation;

namespace NativeProxy.Logging;

/// <summary>
/// A closed connection as a JSON object: a line of the log, or a piece of what the admin endpoint shows. Stateless; any thread.
/// </summary>
internal static class CloseJsonFormat
{
    /// <summary>The object and a line end.</summary>
    public static void AppendLine(LogText text, in CloseRecord record)
    {
        text.Append("{\"event\":\"closed\","u8);
        AppendFields(text, record);
        text.Append("}\n"u8);
    }

    /// <summary>The fields without the braces around them.</summary>
    public static void AppendFields(LogText text, in CloseRecord record)
    {
        bool isClient = record.Side == ConnectionSide.Client;
        text.Append("\"time\":\""u8);
        LogTime.AppendIso(text, record.ClosedWallMs);
        text.Append(isClient ? "\",\"side\":\"client\""u8 : "\",\"side\":\"server\""u8);
        JsonFormat.AppendNumber(text, "connection_id"u8, record.ConnectionId);
        text.Append(",\"peer\":\""u8);
        PeerText.Append(text, record.Peer);
        text.Append("\""u8);
        JsonFormat.AppendNumber(text, "peer_port"u8, record.Peer.Port);
        JsonFormat.AppendString(text, isClient ? "listener"u8 : "upstream"u8, record.Place.Bytes);
        if (!isClient)
            JsonFormat.AppendString(text, "server"u8, record.Server.Bytes);
        text.Append(",\"reason\":\""u8);
        text.AppendAscii(record.ReasonCode);
        text.Append("\",\"closed_by\":\""u8);
        text.AppendAscii(CloseRecord.CodeOf(record.By));
        text.Append("\""u8);
        JsonFormat.AppendString(text, "tls"u8, record.Detail.Bytes);
        JsonFormat.AppendNumber(text, "uses"u8, record.Uses);
        JsonFormat.AppendNumber(text, "setup_ms"u8, record.SetupMs);
        JsonFormat.AppendNumber(text, "active_ms"u8, record.ActiveMs);
        JsonFormat.AppendNumber(text, "idle_ms"u8, record.IdleMs);
        JsonFormat.AppendNumber(text, "close_ms"u8, record.CloseMs);
        JsonFormat.AppendNumber(text, "life_ms"u8, record.LifeMs);
        JsonFormat.AppendNumber(text, "bytes_in"u8, record.BytesIn);
        JsonFormat.AppendNumber(text, "bytes_out"u8, record.BytesOut);
    }
}
