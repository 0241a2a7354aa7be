using System.Runtime.InteropServices;

namespace NativeProxy.Transport.Tls;

/// <summary>What OpenSSL knows of many connections: their settings and the identity that they show (SSL_CTX_*, libssl).</summary>
internal static unsafe partial class ContextCalls
{
    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "TLS_server_method")]
    public static partial nint ServerMethod();

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "TLS_client_method")]
    public static partial nint ClientMethod();

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_CTX_new")]
    public static partial nint New(nint method);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_CTX_free")]
    public static partial void Free(nint context);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_CTX_ctrl")]
    public static partial nint Control(nint context, int command, nint number, void* pointer);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_CTX_ctrl", StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint ControlText(nint context, int command, nint number, string text);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_CTX_callback_ctrl")]
    public static partial nint ControlCallback(nint context, int command, void* callback);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_CTX_set_options")]
    public static partial ulong SetOptions(nint context, ulong options);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_CTX_set_cipher_list", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int SetCiphers(nint context, string list);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_CTX_set_ciphersuites", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int SetCipherSuites(nint context, string list);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_CTX_set_num_tickets")]
    public static partial int SetTicketCount(nint context, nuint count);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_CTX_set_session_id_context")]
    public static partial int SetSessionIdentity(nint context, byte* bytes, uint length);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_CTX_set_client_hello_cb")]
    public static partial void SetHelloCallback(nint context, void* callback, void* argument);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_CTX_set_alpn_select_cb")]
    public static partial void SetAlpnCallback(nint context, void* callback, void* argument);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_CTX_set_alpn_protos")]
    public static partial int SetAlpnOffer(nint context, byte* protocols, uint length);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_CTX_set_tlsext_ticket_key_evp_cb")]
    public static partial int SetTicketCallback(nint context, void* callback);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_CTX_sess_set_new_cb")]
    public static partial void SetSessionCallback(nint context, void* callback);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_CTX_set_keylog_callback")]
    public static partial void SetSecretCallback(nint context, void* callback);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_CTX_set_verify")]
    public static partial void SetVerify(nint context, int mode, void* callback);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_CTX_set_cert_store")]
    public static partial void SetStore(nint context, nint store);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_CTX_set_client_CA_list")]
    public static partial void SetClientAuthorities(nint context, nint names);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_CTX_use_cert_and_key")]
    public static partial int UseCertificate(nint context, nint certificate, nint key, nint chain, int replaces);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_get_certificate")]
    public static partial nint CertificateInUse(nint ssl);
}
