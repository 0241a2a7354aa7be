using System;
using NativeProxy.Foundation;

namespace NativeProxy.Logging;

/// <summary>
/// The value of each <see cref="AccessField"/> in a record: those that are made of our own signs, and texts. Stateless; log writer thread.
/// </summary>
internal static class AccessValues
{
    /// <summary>Writes a number, a time, an address or a code, none of which has to be escaped; false for a text.</summary>
    public static bool TryAppendOwn(LogText text, AccessField field, in AccessRecord record)
    {
        ref readonly AccessNumbers numbers = ref record.Numbers;
        switch (field)
        {
            case AccessField.Time:
                LogTime.AppendIso(text, numbers.StartWallMs);
                return true;
            case AccessField.TimeHaproxy:
                LogTime.AppendHaproxy(text, numbers.StartWallMs);
                return true;
            case AccessField.TimeCombined:
                LogTime.AppendCombined(text, numbers.StartWallMs);
                return true;
            case AccessField.Client:
                AddressText.Append(text, record.ClientAddress);
                return true;
            case AccessField.Peer:
                AddressText.Append(text, record.PeerAddress.IsEmpty ? record.ClientAddress : record.PeerAddress);
                return true;
            case AccessField.ServerAddress:
                HaproxyFormat.AppendServerAddress(text, numbers.ServerAddress);
                return true;
            case AccessField.State:
                HaproxyFormat.AppendTerminationState(text, numbers);
                return true;
            case AccessField.ServerConnection:
                text.Append(HaproxyFormat.OriginName(numbers.ServerOrigin));
                return true;
            case AccessField.RetryCause:
                text.Append(HaproxyFormat.CauseName(numbers.RetryCause));
                return true;
            default:
                if (NumberOf(field, numbers) is not { } number)
                    return false;
                text.AppendNumber(number);
                return true;
        }
    }

    /// <summary>Empty where there is none.</summary>
    public static ReadOnlySpan<byte> TextOf(AccessField field, in AccessRecord record, LogNames names)
    {
        ReadOnlySpan<byte> target = record.Target;
        int query = target.IndexOf((byte)'?');
        return field switch
        {
            AccessField.TlsVersion => TlsWord(record.Tls, 0),
            AccessField.TlsCipher => TlsWord(record.Tls, 1),
            AccessField.TlsResumed => TlsWord(record.Tls, 2),
            AccessField.TlsName => TlsWord(record.Tls, 3),
            AccessField.Listener => names.NameOf(record.Numbers.ListenerName),
            AccessField.Route => names.NameOf(record.Numbers.RouteName),
            AccessField.Upstream => names.NameOf(record.Numbers.UpstreamName),
            AccessField.Server => names.NameOf(record.Numbers.ServerName),
            AccessField.CloseReason => names.NameOf(record.Numbers.CloseReasonName),
            AccessField.Reject => names.NameOf(record.Numbers.RejectName),
            AccessField.Method => record.Method,
            AccessField.Target => target,
            AccessField.Path => query < 0 ? target : target[..query],
            AccessField.Query => query < 0 ? default : target[(query + 1)..],
            AccessField.Version => record.Version,
            AccessField.Host => record.Host,
            AccessField.UserAgent => record.UserAgent,
            AccessField.Referer => record.Referer,
            AccessField.RequestId => record.RequestId,
            AccessField.TraceId => record.TraceId,
            _ => default,
        };
    }

    private static long? NumberOf(AccessField field, in AccessNumbers numbers) => field switch
    {
        AccessField.TimeUnixMs => numbers.StartWallMs,
        AccessField.ClientPort => numbers.ClientPort,
        AccessField.RequestMs => numbers.RequestMs,
        AccessField.QueueMs => numbers.QueueMs,
        AccessField.ConnectMs => numbers.ConnectMs,
        AccessField.ResponseMs => numbers.ResponseMs,
        AccessField.TotalMs => numbers.TotalMs,
        AccessField.Status => numbers.Status,
        AccessField.BytesSent => numbers.BytesSent,
        AccessField.BodyBytesSent => numbers.BodyBytesSent,
        AccessField.BytesReceived => numbers.BytesReceived,
        AccessField.ClientConnectionId => numbers.ClientConnectionId,
        AccessField.ClientRequestNumber => numbers.ClientRequestNumber,
        AccessField.ClientConnectionAgeMs => numbers.ClientConnectionAgeMs,
        AccessField.ServerConnectionId => numbers.ServerConnectionId,
        AccessField.ServerUseNumber => numbers.ServerUseNumber,
        AccessField.ServerIdleMs => numbers.ServerIdleMs,
        AccessField.Retries => numbers.RetryCount,
        AccessField.Actconn => numbers.ProcessConnectionCount,
        AccessField.Feconn => numbers.ListenerConnectionCount,
        AccessField.Beconn => numbers.UpstreamConnectionCount,
        AccessField.Srvconn => numbers.ServerConnectionCount,
        AccessField.SrvQueue => numbers.ServerQueueCount,
        AccessField.BackendQueue => numbers.UpstreamQueueCount,
        _ => null,
    };

    /// <summary>One of the words of TLS; the name is "-" where none was asked for.</summary>
    private static ReadOnlySpan<byte> TlsWord(ReadOnlySpan<byte> tls, int index)
    {
        foreach (Range word in tls.Split((byte)' '))
        {
            if (index-- == 0)
                return tls[word];
        }
        return default;
    }
}
