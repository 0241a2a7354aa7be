using NativeProxy.Foundation;

namespace NativeProxy.Logging;

/// <summary>The line of a closed connection beside haproxy and combined access lines, in their way. Stateless; log writer thread.</summary>
internal static class CloseTextFormat
{
    /// <summary>
    /// <c>ip:port [time] closed client listener cc=id rs=reason by=who uses=n ms=setup/active/idle/close/life bytes=in/out</c>, and where TLS
    /// has failed <c>tls="words"</c>; of a server connection <c>closed server upstream/server sc=id</c>.
    /// </summary>
    public static void Append(LogText text, in CloseRecord record)
    {
        PeerText.Append(text, record.Peer);
        text.Append(":"u8);
        text.AppendNumber(record.Peer.Port);
        text.Append(" ["u8);
        LogTime.AppendHaproxy(text, record.ClosedWallMs);
        text.Append("] closed "u8);
        AppendPlace(text, record);
        text.AppendNumber(record.ConnectionId);
        text.Append(" rs="u8);
        text.AppendAscii(record.ReasonCode);
        text.Append(" by="u8);
        text.AppendAscii(CloseRecord.CodeOf(record.By));
        text.Append(" uses="u8);
        text.AppendNumber(record.Uses);
        text.Append(" ms="u8);
        text.AppendNumbers([record.SetupMs, record.ActiveMs, record.IdleMs, record.CloseMs, record.LifeMs]);
        text.Append(" bytes="u8);
        text.AppendNumbers([record.BytesIn, record.BytesOut]);
        if (!record.Detail.Bytes.IsEmpty)
        {
            text.Append(" tls=\""u8);
            text.AppendHashQuotable(record.Detail.Bytes);
            text.Append("\""u8);
        }
        text.Append("\n"u8);
    }

    private static void AppendPlace(LogText text, in CloseRecord record)
    {
        bool isClient = record.Side == ConnectionSide.Client;
        text.Append(isClient ? "client "u8 : "server "u8);
        text.AppendWord(record.Place.Bytes);
        if (!isClient)
        {
            text.Append("/"u8);
            text.AppendWord(record.Server.Bytes);
        }
        text.Append(isClient ? " cc="u8 : " sc="u8);
    }
}
