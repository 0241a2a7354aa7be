using System.Runtime.InteropServices;

namespace NativeProxy.Transport.Tls;

/// <summary>Certificates, keys and stores of them (libcrypto). All bytes are DER.</summary>
internal static unsafe partial class CertificateCalls
{
    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "d2i_X509")]
    public static partial nint ReadCertificate(nint reused, byte** der, nint length);

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "i2d_X509")]
    public static partial int WriteCertificate(nint certificate, byte** der);

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "X509_free")]
    public static partial void FreeCertificate(nint certificate);

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "d2i_AutoPrivateKey")]
    public static partial nint ReadKey(nint reused, byte** der, nint length);

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "EVP_PKEY_free")]
    public static partial void FreeKey(nint key);

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "d2i_X509_CRL")]
    public static partial nint ReadRevocations(nint reused, byte** der, nint length);

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "X509_CRL_free")]
    public static partial void FreeRevocations(nint list);

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "X509_STORE_new")]
    public static partial nint NewStore();

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "X509_STORE_free")]
    public static partial void FreeStore(nint store);

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "X509_STORE_up_ref")]
    public static partial int ShareStore(nint store);

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "X509_STORE_add_cert")]
    public static partial int AddToStore(nint store, nint certificate);

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "X509_STORE_add_crl")]
    public static partial int AddRevocations(nint store, nint list);

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "X509_STORE_set_flags")]
    public static partial int SetStoreFlags(nint store, nuint flags);

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "OPENSSL_sk_new_null")]
    public static partial nint NewStack();

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "OPENSSL_sk_push")]
    public static partial int Push(nint stack, nint item);

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "OPENSSL_sk_pop")]
    public static partial nint Pop(nint stack);

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "OPENSSL_sk_free")]
    public static partial void FreeStack(nint stack);

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "X509_get_subject_name")]
    public static partial nint SubjectOf(nint certificate);

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "X509_NAME_dup")]
    public static partial nint CopyName(nint name);

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "X509_VERIFY_PARAM_set1_host")]
    public static partial int ExpectHost(nint parameters, byte* name, nuint length);

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "X509_VERIFY_PARAM_set1_ip_asc")]
    public static partial int ExpectAddress(nint parameters, byte* text);

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "X509_VERIFY_PARAM_set_hostflags")]
    public static partial void SetHostFlags(nint parameters, uint flags);

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "X509_verify_cert_error_string")]
    public static partial byte* VerifyText(nint code);

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "CRYPTO_malloc")]
    public static partial void* Allocate(nuint bytes, byte* file, int line);
}
