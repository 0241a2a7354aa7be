using System.Runtime.InteropServices;

namespace NativeProxy.Tests.Transport.Tls;

/// <summary>OpenSSL as the other end uses it: declared anew, so that no mistake of the product's own declarations is repeated here.</summary>
internal static unsafe partial class PeerCalls
{
    public const int WantRead = 2;
    public const int ZeroReturn = 6;

    private const string Ssl = "libssl.so.3";
    private const string Crypto = "libcrypto.so.3";

    [LibraryImport(Crypto, EntryPoint = "BIO_s_mem")]
    public static partial nint MemoryMethod();

    [LibraryImport(Crypto, EntryPoint = "BIO_new")]
    public static partial nint NewBio(nint method);

    [LibraryImport(Crypto, EntryPoint = "BIO_read")]
    public static partial int ReadBio(nint bio, byte* target, int bytes);

    [LibraryImport(Crypto, EntryPoint = "BIO_write")]
    public static partial int WriteBio(nint bio, byte* source, int bytes);

    [LibraryImport(Crypto, EntryPoint = "ERR_peek_error")]
    public static partial nuint PeekError();

    [LibraryImport(Crypto, EntryPoint = "ERR_clear_error")]
    public static partial void ClearErrors();

    [LibraryImport(Crypto, EntryPoint = "ERR_reason_error_string")]
    public static partial byte* ReasonText(nuint error);

    [LibraryImport(Crypto, EntryPoint = "i2d_X509")]
    public static partial int WriteCertificate(nint certificate, byte** der);

    [LibraryImport(Crypto, EntryPoint = "X509_free")]
    public static partial void FreeCertificate(nint certificate);

    [LibraryImport(Ssl, EntryPoint = "TLS_method")]
    public static partial nint AnyMethod();

    [LibraryImport(Ssl, EntryPoint = "SSL_CTX_new")]
    public static partial nint NewContext(nint method);

    [LibraryImport(Ssl, EntryPoint = "SSL_CTX_ctrl")]
    public static partial nint ControlContext(nint context, int command, nint number, void* pointer);

    [LibraryImport(Ssl, EntryPoint = "SSL_CTX_ctrl", StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint ControlContextText(nint context, int command, nint number, string text);

    [LibraryImport(Ssl, EntryPoint = "SSL_CTX_set_cipher_list", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int SetCiphers(nint context, string list);

    [LibraryImport(Ssl, EntryPoint = "SSL_CTX_set_ciphersuites", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int SetCipherSuites(nint context, string list);

    [LibraryImport(Ssl, EntryPoint = "SSL_CTX_use_certificate_ASN1")]
    public static partial int UseCertificate(nint context, int length, byte* der);

    [LibraryImport(Ssl, EntryPoint = "SSL_CTX_use_PrivateKey_ASN1")]
    public static partial int UseKey(int kind, nint context, byte* der, nint length);

    [LibraryImport(Ssl, EntryPoint = "SSL_CTX_set_num_tickets")]
    public static partial int SetTicketCount(nint context, nuint count);

    [LibraryImport(Ssl, EntryPoint = "SSL_CTX_set_alpn_protos")]
    public static partial int SetAlpnOffer(nint context, byte* protocols, uint length);

    [LibraryImport(Ssl, EntryPoint = "SSL_CTX_set_session_id_context")]
    public static partial int SetSessionIdentity(nint context, byte* bytes, uint length);

    [LibraryImport(Ssl, EntryPoint = "SSL_CTX_set_verify")]
    public static partial void SetVerify(nint context, int mode, void* callback);

    [LibraryImport(Ssl, EntryPoint = "SSL_CTX_set_keylog_callback")]
    public static partial void SetSecretCallback(nint context, delegate* unmanaged<nint, byte*, void> callback);

    [LibraryImport(Ssl, EntryPoint = "SSL_new")]
    public static partial nint New(nint context);

    [LibraryImport(Ssl, EntryPoint = "SSL_free")]
    public static partial void Free(nint ssl);

    [LibraryImport(Ssl, EntryPoint = "SSL_set_bio")]
    public static partial void SetBio(nint ssl, nint read, nint write);

    [LibraryImport(Ssl, EntryPoint = "SSL_set_accept_state")]
    public static partial void SetAcceptState(nint ssl);

    [LibraryImport(Ssl, EntryPoint = "SSL_set_connect_state")]
    public static partial void SetConnectState(nint ssl);

    [LibraryImport(Ssl, EntryPoint = "SSL_do_handshake")]
    public static partial int DoHandshake(nint ssl);

    [LibraryImport(Ssl, EntryPoint = "SSL_read")]
    public static partial int Read(nint ssl, byte* target, int bytes);

    [LibraryImport(Ssl, EntryPoint = "SSL_write")]
    public static partial int Write(nint ssl, byte* source, int bytes);

    [LibraryImport(Ssl, EntryPoint = "SSL_shutdown")]
    public static partial int Shutdown(nint ssl);

    [LibraryImport(Ssl, EntryPoint = "SSL_set_shutdown")]
    public static partial void SetShutdown(nint ssl, int mode);

    [LibraryImport(Ssl, EntryPoint = "SSL_get_error")]
    public static partial int GetError(nint ssl, int result);

    [LibraryImport(Ssl, EntryPoint = "SSL_ctrl", StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint ControlText(nint ssl, int command, nint number, string text);

    [LibraryImport(Ssl, EntryPoint = "SSL_key_update")]
    public static partial int UpdateKeys(nint ssl, int kind);

    [LibraryImport(Ssl, EntryPoint = "SSL_new_session_ticket")]
    public static partial int AddTicket(nint ssl);

    [LibraryImport(Ssl, EntryPoint = "SSL_renegotiate")]
    public static partial int Renegotiate(nint ssl);

    [LibraryImport(Ssl, EntryPoint = "SSL_get1_session")]
    public static partial nint TakeSession(nint ssl);

    [LibraryImport(Ssl, EntryPoint = "SSL_set_session")]
    public static partial int SetSession(nint ssl, nint session);

    [LibraryImport(Ssl, EntryPoint = "SSL_session_reused")]
    public static partial int IsReused(nint ssl);

    [LibraryImport(Ssl, EntryPoint = "SSL_get1_peer_certificate")]
    public static partial nint PeerCertificate(nint ssl);
}
