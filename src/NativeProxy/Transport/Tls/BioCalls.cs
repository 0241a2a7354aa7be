using System.Runtime.InteropServices;

namespace NativeProxy.Transport.Tls;

/// <summary>The source and sink of bytes that OpenSSL is given (BIO_*, libcrypto), and its queue of errors (ERR_*).</summary>
internal static unsafe partial class BioCalls
{
    /// <summary>BIO_TYPE_SOURCE_SINK with a number that no kind of OpenSSL's own has.</summary>
    public const int OwnType = 0x0400 | 0x7F;

    /// <summary>BIO_CTRL_FLUSH: all is written at once, so there is nothing to do.</summary>
    public const int Flush = 11;

    /// <summary>BIO_FLAGS_READ with BIO_FLAGS_SHOULD_RETRY: no bytes now.</summary>
    public const int RetryRead = 0x01 | 0x08;

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "BIO_meth_new", StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint NewMethod(int type, string name);

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "BIO_meth_set_read")]
    public static partial int SetRead(nint method, delegate* unmanaged<nint, byte*, int, int> callback);

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "BIO_meth_set_write")]
    public static partial int SetWrite(nint method, delegate* unmanaged<nint, byte*, int, int> callback);

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "BIO_meth_set_ctrl")]
    public static partial int SetControl(nint method, delegate* unmanaged<nint, int, nint, void*, nint> callback);

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "BIO_new")]
    public static partial nint New(nint method);

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "BIO_set_init")]
    public static partial void SetReady(nint bio, int isReady);

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "BIO_up_ref")]
    public static partial int Share(nint bio);

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "BIO_set_flags")]
    public static partial void SetFlags(nint bio, int flags);

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "BIO_clear_flags")]
    public static partial void ClearFlags(nint bio, int flags);

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "ERR_peek_error")]
    public static partial nuint PeekError();

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "ERR_peek_last_error")]
    public static partial nuint PeekLastError();

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "ERR_clear_error")]
    public static partial void ClearErrors();

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "ERR_reason_error_string")]
    public static partial byte* ReasonText(nuint error);
}
