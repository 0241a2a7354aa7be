using NativeProxy.Foundation;
using NativeProxy.Transport;

namespace NativeProxy.Clients;

/// <summary>Why a client connection is closed whose layer has failed.</summary>
internal static class TlsReasons
{
    /// <summary>The reason of a failure; of none: the client went away in the middle of the handshake.</summary>
    public static CloseReason OfClient(LayerFailure failure) => failure switch
    {
        LayerFailure.None or LayerFailure.EarlyEnd => CloseReason.TlsAborted,
        LayerFailure.Alert => CloseReason.TlsAlert,
        LayerFailure.PlainText => CloseReason.TlsPlainHttp,
        LayerFailure.NoHandshake => CloseReason.TlsNoHandshake,
        LayerFailure.Version => CloseReason.TlsVersion,
        LayerFailure.Cipher => CloseReason.TlsCipher,
        LayerFailure.Protocol => CloseReason.TlsProtocol,
        LayerFailure.UnknownName => CloseReason.TlsUnknownName,
        LayerFailure.NoCertificate => CloseReason.TlsNoCertificate,
        LayerFailure.Expired => CloseReason.TlsExpired,
        LayerFailure.Revoked => CloseReason.TlsRevoked,
        LayerFailure.Untrusted or LayerFailure.WrongName => CloseReason.TlsUntrusted,
        _ => CloseReason.TlsBadRecord,
    };
}
