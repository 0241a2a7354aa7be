using System.Runtime.InteropServices;

namespace NativeProxy.Transport.Tls;

/// <summary>
/// OpenSSL's queue of errors, read after a call that failed and left empty, so that no call hears of another one's; and what its errors mean for a
/// connection. Stateless; any thread has a queue of its own.
/// </summary>
internal static unsafe class TlsErrors
{
    /// <summary>Number of the library in an error: libssl.</summary>
    private const int SslLibrary = 20;

    /// <summary>Where that number stands.</summary>
    private const int LibraryShift = 23;

    /// <summary>Reasons from here on are alerts of the peer (SSL_AD_REASON_OFFSET).</summary>
    private const int AlertOffset = 1000;

    /// <summary>Takes what a call has left, and says what it means for its connection.</summary>
    /// <param name="ssl">The connection's.</param>
    /// <param name="isSecuring">Whether it was in the handshake.</param>
    /// <param name="detail">The library's own words.</param>
    /// <param name="isAlert">The peer has said it.</param>
    public static LayerFailure Take(nint ssl, bool isSecuring, out string detail, out bool isAlert)
    {
        nuint error = Decisive();
        int reason = (int)(error & 0x7F_FFFF);
        bool isOfSsl = IsOfSsl(error);
        detail = TextOf(error);
        isAlert = isOfSsl && reason >= AlertOffset;
        BioCalls.ClearErrors();
        if (!isOfSsl)
            return LayerFailure.BadRecord;
        if (isAlert)
            return OfAlert(reason - AlertOffset, isNothingAgreed: isSecuring && SslCalls.PendingCipher(ssl) == 0);
        LayerFailure failure = OfReason(reason);
        if (failure == LayerFailure.Untrusted)
        {
            nint verdict = SslCalls.VerifyResult(ssl);
            detail = Marshal.PtrToStringUTF8((nint)CertificateCalls.VerifyText(verdict)) ?? detail;
            return OfVerdict((int)verdict);
        }

        // After the handshake only records come, and what is wrong with one is its own fault.
        return isSecuring || failure == LayerFailure.NoCertificate ? failure : LayerFailure.BadRecord;
    }

    /// <summary>What an alert behind the handshake means for its connection.</summary>
    /// <param name="alert">As it came.</param>
    /// <param name="detail">The library's words for it.</param>
    public static LayerFailure OfAlert(byte alert, out string detail)
    {
        detail = TextOf(((nuint)SslLibrary << LibraryShift) | (nuint)(AlertOffset + alert));
        return OfAlert(alert, isNothingAgreed: false);
    }

    /// <summary>Forgets what a call has left whose result says enough.</summary>
    public static void Clear()
    {
        if (BioCalls.PeekError() != 0)
            BioCalls.ClearErrors();
    }

    /// <summary>
    /// Takes what a call about settings has left, as words for a person: the last error, which is the one nearest to what was asked.
    /// </summary>
    public static string TakeText()
    {
        string text = TextOf(BioCalls.PeekLastError());
        BioCalls.ClearErrors();
        return text;
    }

    /// <summary>
    /// The first error; where that is another library's (a signature that is wrong), the last one: what libssl has made of it.
    /// </summary>
    private static nuint Decisive()
    {
        nuint first = BioCalls.PeekError();
        return IsOfSsl(first) ? first : BioCalls.PeekLastError();
    }

    private static bool IsOfSsl(nuint error) => (int)((error >> LibraryShift) & 0xFF) == SslLibrary;

    private static string TextOf(nuint error) =>
        error == 0 ? "" : Marshal.PtrToStringUTF8((nint)BioCalls.ReasonText(error)) ?? $"error {error & 0x7F_FFFF}";

    /// <summary>
    /// Alerts of RFC 8446 6.2 that say what is missing. A failure of the handshake is that of ciphers and the like only before any is chosen: later
    /// it may be about a certificate (RFC 5246 7.4.6).
    /// </summary>
    private static LayerFailure OfAlert(int alert, bool isNothingAgreed) => alert switch
    {
        70 => LayerFailure.Version,
        71 => LayerFailure.Cipher,
        40 when isNothingAgreed => LayerFailure.Cipher,
        120 => LayerFailure.Protocol,
        _ => LayerFailure.Alert,
    };

    /// <summary>SSL_R_* of sslerr.h.</summary>
    private static LayerFailure OfReason(int reason) => reason switch
    {
        155 or 156 => LayerFailure.PlainText,
        191 or 252 or 258 or 259 or 266 or 267 or 373 or 396 => LayerFailure.Version,
        101 or 118 or 183 or 193 or 295 or 410 => LayerFailure.Cipher,
        235 => LayerFailure.Protocol,
        134 => LayerFailure.Untrusted,
        199 => LayerFailure.NoCertificate,
        _ => LayerFailure.BadRecord,
    };

    /// <summary>X509_V_ERR_* of x509_vfy.h.</summary>
    private static LayerFailure OfVerdict(int verdict) => verdict switch
    {
        9 or 10 or 13 or 14 => LayerFailure.Expired,
        3 or 5 or 6 or 8 or 11 or 12 or 15 or 16 or 23 or 33 or 35 or 36 or 44 or 54 => LayerFailure.Revoked,
        62 or 63 or 64 => LayerFailure.WrongName,
        _ => LayerFailure.Untrusted,
    };
}
