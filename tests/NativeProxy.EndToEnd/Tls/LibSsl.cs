using System;
using System.Runtime.InteropServices;
using System.Text;

namespace NativeProxy.EndToEnd.Tls;

/// <summary>
/// The calls of OpenSSL that peers of the tests need. Not SslStream, because a test must say which session is offered under which name, see whether
/// a stream was ended or cut, and send its alerts at the time at which other peers do.
/// </summary>
internal static class LibSsl
{
    public const int WantRead = 2;
    public const int ZeroReturn = 6;
    public const int Tls12 = 0x0303;
    public const int Tls13 = 0x0304;
    public const int PemFile = 1;
    public const int VerifyPeer = 1;
    private const string Ssl = "libssl.so.3";
    private const string Crypto = "libcrypto.so.3";
    private const int SetMinVersion = 123;
    private const int SetMaxVersion = 124;
    private const int SetServerName = 55;
    private const int SentAndReceivedShutdown = 3;

    [DllImport(Ssl, EntryPoint = "TLS_method")]
    private static extern nint AnyVersion();

    [DllImport(Ssl, EntryPoint = "SSL_CTX_new")]
    private static extern nint NewContext(nint method);

    [DllImport(Ssl, EntryPoint = "SSL_CTX_ctrl")]
    private static extern nint ControlContext(nint context, int command, nint number, nint argument);

    [DllImport(Ssl, EntryPoint = "SSL_CTX_use_certificate_chain_file")]
    public static extern int UseCertificate(nint context, byte[] path);

    [DllImport(Ssl, EntryPoint = "SSL_CTX_use_PrivateKey_file")]
    public static extern int UseKey(nint context, byte[] path, int type);

    [DllImport(Ssl, EntryPoint = "SSL_CTX_load_verify_file")]
    public static extern int UseAuthorities(nint context, byte[] path);

    [DllImport(Ssl, EntryPoint = "SSL_CTX_set_verify")]
    public static extern void SetVerify(nint context, int mode, nint callback);

    [DllImport(Ssl, EntryPoint = "SSL_CTX_set_cipher_list")]
    public static extern int SetCiphers(nint context, byte[] names);

    [DllImport(Ssl, EntryPoint = "SSL_CTX_set_ciphersuites")]
    public static extern int SetSuites(nint context, byte[] names);

    [DllImport(Ssl, EntryPoint = "SSL_CTX_set_alpn_protos")]
    public static extern int SetProtocols(nint context, byte[] protocols, uint length);

    [DllImport(Ssl, EntryPoint = "SSL_new")]
    public static extern nint New(nint context);

    [DllImport(Ssl, EntryPoint = "SSL_free")]
    private static extern void FreeNow(nint ssl);

    [DllImport(Ssl, EntryPoint = "SSL_set_shutdown")]
    private static extern void SetShutdown(nint ssl, int mode);

    [DllImport(Ssl, EntryPoint = "SSL_set_bio")]
    public static extern void SetBio(nint ssl, nint input, nint output);

    [DllImport(Ssl, EntryPoint = "SSL_set_accept_state")]
    public static extern void SetAcceptState(nint ssl);

    [DllImport(Ssl, EntryPoint = "SSL_set_connect_state")]
    public static extern void SetConnectState(nint ssl);

    [DllImport(Ssl, EntryPoint = "SSL_ctrl")]
    private static extern nint Control(nint ssl, int command, nint number, byte[] argument);

    [DllImport(Ssl, EntryPoint = "SSL_set1_host")]
    private static extern int ExpectHost(nint ssl, byte[] name);

    [DllImport(Ssl, EntryPoint = "SSL_do_handshake")]
    public static extern int DoHandshake(nint ssl);

    [DllImport(Ssl, EntryPoint = "SSL_read")]
    public static extern int Read(nint ssl, ref byte target, int count);

    [DllImport(Ssl, EntryPoint = "SSL_write")]
    public static extern int Write(nint ssl, byte[] source, int count);

    [DllImport(Ssl, EntryPoint = "SSL_shutdown")]
    public static extern int Shutdown(nint ssl);

    [DllImport(Ssl, EntryPoint = "SSL_get_error")]
    public static extern int GetError(nint ssl, int result);

    [DllImport(Ssl, EntryPoint = "SSL_session_reused")]
    public static extern int SessionReused(nint ssl);

    [DllImport(Ssl, EntryPoint = "SSL_get1_session")]
    public static extern nint Session(nint ssl);

    [DllImport(Ssl, EntryPoint = "SSL_set_session")]
    public static extern int SetSession(nint ssl, nint session);

    [DllImport(Ssl, EntryPoint = "SSL_get1_peer_certificate")]
    private static extern nint PeerCertificate(nint ssl);

    [DllImport(Ssl, EntryPoint = "SSL_get_servername")]
    private static extern nint ServerName(nint ssl, int type);

    [DllImport(Crypto, EntryPoint = "i2d_X509")]
    private static extern int WriteCertificate(nint certificate, ref nint target);

    [DllImport(Crypto, EntryPoint = "CRYPTO_free")]
    private static extern void FreeBytes(nint bytes, nint file, int line);

    [DllImport(Crypto, EntryPoint = "X509_free")]
    private static extern void FreeCertificate(nint certificate);

    [DllImport(Crypto, EntryPoint = "BIO_s_mem")]
    private static extern nint MemoryMethod();

    [DllImport(Crypto, EntryPoint = "BIO_new")]
    private static extern nint NewBio(nint method);

    [DllImport(Crypto, EntryPoint = "BIO_write")]
    public static extern int WriteBio(nint bio, byte[] source, int count);

    [DllImport(Crypto, EntryPoint = "BIO_read")]
    public static extern int ReadBio(nint bio, byte[] target, int count);

    [DllImport(Crypto, EntryPoint = "ERR_clear_error")]
    public static extern void ClearErrors();

    [DllImport(Crypto, EntryPoint = "ERR_get_error")]
    private static extern nuint TakeError();

    [DllImport(Crypto, EntryPoint = "ERR_reason_error_string")]
    private static extern nint ReasonText(nuint error);

    /// <summary>A context for these versions.</summary>
    public static nint NewContext(int min, int max)
    {
        nint context = NewContext(AnyVersion());
        ControlContext(context, SetMinVersion, min, 0);
        ControlContext(context, SetMaxVersion, max, 0);
        return context;
    }

    /// <summary>A session is as good as before, although its connection has not ended politely.</summary>
    public static void Free(nint ssl)
    {
        SetShutdown(ssl, SentAndReceivedShutdown);
        FreeNow(ssl);
    }

    public static nint NewMemory() => NewBio(MemoryMethod());

    /// <summary>The name that a client asks for and expects.</summary>
    public static void SetName(nint ssl, string name)
    {
        Control(ssl, SetServerName, 0, Text(name));
        ExpectHost(ssl, Text(name));
    }

    /// <summary>The name that the client of a server has asked for, or null.</summary>
    public static string? NameOf(nint ssl) => Marshal.PtrToStringUTF8(ServerName(ssl, 0));

    /// <summary>DER of what the peer has shown; null when it has shown nothing.</summary>
    public static byte[]? CertificateOf(nint ssl)
    {
        nint certificate = PeerCertificate(ssl);
        if (certificate == 0)
            return null;
        nint bytes = 0;
        byte[] der = new byte[WriteCertificate(certificate, ref bytes)];
        Marshal.Copy(bytes, der, 0, der.Length);
        FreeBytes(bytes, 0, 0);
        FreeCertificate(certificate);
        return der;
    }

    /// <summary>What the last call has left.</summary>
    public static string ErrorText() => Marshal.PtrToStringUTF8(ReasonText(TakeError())) ?? "an error without words";

    /// <summary>With the zero byte that C expects.</summary>
    public static byte[] Text(string text) => Encoding.UTF8.GetBytes(text + "\0");
}
