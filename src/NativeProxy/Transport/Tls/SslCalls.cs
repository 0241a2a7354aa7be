using System.Runtime.InteropServices;

namespace NativeProxy.Transport.Tls;

/// <summary>
/// What OpenSSL does with one connection (SSL_*, libssl). Every call may run a callback of ours, so none suppresses the transition of the collector.
/// Before each the error queue of the thread is empty, as <see cref="TlsErrors"/> leaves it.
/// </summary>
internal static unsafe partial class SslCalls
{
    /// <summary>Results of <see cref="GetError"/> (SSL_get_error(3)).</summary>
    public const int ErrorNone = 0;

    /// <summary>More bytes of the wire are needed.</summary>
    public const int ErrorWantRead = 2;

    /// <summary>The peer has announced its end.</summary>
    public const int ErrorZeroReturn = 6;

    /// <summary>Both ends were announced, or count as such: the session stays usable.</summary>
    public const int SentAndReceivedShutdown = 3;

    /// <summary>Of <see cref="ReadState"/>.</summary>
    public const byte ReadsBody = (byte)'B';

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_new")]
    public static partial nint New(nint context);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_free")]
    public static partial void Free(nint ssl);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_set_bio")]
    public static partial void SetBio(nint ssl, nint read, nint write);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_set_accept_state")]
    public static partial void SetAcceptState(nint ssl);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_set_connect_state")]
    public static partial void SetConnectState(nint ssl);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_do_handshake")]
    public static partial int DoHandshake(nint ssl);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_read_ex")]
    public static partial int Read(nint ssl, byte* target, nuint bytes, nuint* read);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_write_ex")]
    public static partial int Write(nint ssl, byte* source, nuint bytes, nuint* written);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_shutdown")]
    public static partial int Shutdown(nint ssl);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_set_shutdown")]
    public static partial void SetShutdown(nint ssl, int mode);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_get_error")]
    public static partial int GetError(nint ssl, int result);

    /// <summary>Two letters; the second one is <see cref="ReadsBody"/> when the header of a record has come and its body has not.</summary>
    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_rstate_string")]
    public static partial byte* ReadState(nint ssl);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_has_pending")]
    public static partial int HasPending(nint ssl);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_ctrl")]
    public static partial nint Control(nint ssl, int command, nint number, void* pointer);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_set_SSL_CTX")]
    public static partial nint SetContext(nint ssl, nint context);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_get_SSL_CTX")]
    public static partial nint Context(nint ssl);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_client_hello_get0_ext")]
    public static partial int HelloExtension(nint ssl, uint type, byte** bytes, nuint* length);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_session_reused")]
    public static partial int SessionReused(nint ssl);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_get_session")]
    public static partial nint Session(nint ssl);

    /// <summary>How the two have limited their records (RFC 6066 4); 0 = not.</summary>
    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_SESSION_get_max_fragment_length")]
    public static partial byte FragmentLimit(nint session);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_set_session")]
    public static partial int SetSession(nint ssl, nint session);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_SESSION_free")]
    public static partial void FreeSession(nint session);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_version")]
    public static partial int Version(nint ssl);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_get_current_cipher")]
    public static partial nint CurrentCipher(nint ssl);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_get_pending_cipher")]
    public static partial nint PendingCipher(nint ssl);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_CIPHER_standard_name")]
    public static partial byte* CipherName(nint cipher);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_get0_alpn_selected")]
    public static partial void AlpnSelected(nint ssl, byte** bytes, uint* length);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_get_verify_result")]
    public static partial nint VerifyResult(nint ssl);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_get1_peer_certificate")]
    public static partial nint PeerCertificate(nint ssl);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_get0_param")]
    public static partial nint VerifyParameters(nint ssl);
}
