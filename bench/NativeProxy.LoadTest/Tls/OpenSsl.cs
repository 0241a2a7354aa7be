using System.Runtime.InteropServices;

namespace NativeProxy.LoadTest.Tls;

/// <summary>
/// The functions of OpenSSL 3 that the generator uses, found in the library while the program runs, so that it starts without one. Nothing here
/// calls back. The queue of errors is that of the calling thread, and empty before each call.
/// </summary>
internal static unsafe class OpenSsl
{
    public const int Version13 = 0x304;
    public const int CipherAes128 = 0x1301;

    /// <summary>What <see cref="ErrorOf"/> says.</summary>
    public const int WantsRead = 2;

    /// <summary>What <see cref="ErrorOf"/> says.</summary>
    public const int WantsWrite = 3;

    /// <summary>What <see cref="ErrorOf"/> says of a stream that has ended.</summary>
    public const int HasEnded = 6;

    public const int ShutdownBoth = 3;

    private const string LibraryName = "libssl.so.3";

    private static readonly nint Library = NativeLibrary.TryLoad(LibraryName, out nint found) ? found : 0;

    public static readonly delegate* unmanaged<nint> ClientMethod = (delegate* unmanaged<nint>)Find("TLS_client_method");
    public static readonly delegate* unmanaged<nint, nint> MakeContext = (delegate* unmanaged<nint, nint>)Find("SSL_CTX_new");
    public static readonly delegate* unmanaged<nint, void> FreeContext = (delegate* unmanaged<nint, void>)Find("SSL_CTX_free");

    /// <summary>Context, command, number, pointer.</summary>
    public static readonly delegate* unmanaged<nint, int, nint, byte*, nint> ControlContext =
        (delegate* unmanaged<nint, int, nint, byte*, nint>)Find("SSL_CTX_ctrl");

    public static readonly delegate* unmanaged<nint, ulong, ulong> SetOptions = (delegate* unmanaged<nint, ulong, ulong>)Find("SSL_CTX_set_options");
    public static readonly delegate* unmanaged<nint, byte*, int> SetCipherSuites =
        (delegate* unmanaged<nint, byte*, int>)Find("SSL_CTX_set_ciphersuites");
    public static readonly delegate* unmanaged<nint, byte*, uint, int> SetProtocols =
        (delegate* unmanaged<nint, byte*, uint, int>)Find("SSL_CTX_set_alpn_protos");
    public static readonly delegate* unmanaged<nint, nuint, void> SetReadBuffer =
        (delegate* unmanaged<nint, nuint, void>)Find("SSL_CTX_set_default_read_buffer_len");

    public static readonly delegate* unmanaged<nint, nint> Make = (delegate* unmanaged<nint, nint>)Find("SSL_new");
    public static readonly delegate* unmanaged<nint, void> Free = (delegate* unmanaged<nint, void>)Find("SSL_free");
    public static readonly delegate* unmanaged<nint, int, nint, byte*, nint> Control =
        (delegate* unmanaged<nint, int, nint, byte*, nint>)Find("SSL_ctrl");
    public static readonly delegate* unmanaged<nint, int, int> SetDescriptor = (delegate* unmanaged<nint, int, int>)Find("SSL_set_fd");
    public static readonly delegate* unmanaged<nint, void> BeClient = (delegate* unmanaged<nint, void>)Find("SSL_set_connect_state");
    public static readonly delegate* unmanaged<nint, int> Handshake = (delegate* unmanaged<nint, int>)Find("SSL_do_handshake");
    public static readonly delegate* unmanaged<nint, byte*, int, int> Read = (delegate* unmanaged<nint, byte*, int, int>)Find("SSL_read");
    public static readonly delegate* unmanaged<nint, byte*, int, int> Write = (delegate* unmanaged<nint, byte*, int, int>)Find("SSL_write");

    /// <summary>Whether bytes lie in OpenSSL's own buffer, of which the kernel knows nothing.</summary>
    public static readonly delegate* unmanaged<nint, int> HasPending = (delegate* unmanaged<nint, int>)Find("SSL_has_pending");

    /// <summary>Connection and what the last call on it returned.</summary>
    public static readonly delegate* unmanaged<nint, int, int> ErrorOf = (delegate* unmanaged<nint, int, int>)Find("SSL_get_error");

    public static readonly delegate* unmanaged<nint, int, void> SetShutdown = (delegate* unmanaged<nint, int, void>)Find("SSL_set_shutdown");
    public static readonly delegate* unmanaged<nint, int> VersionOf = (delegate* unmanaged<nint, int>)Find("SSL_version");
    public static readonly delegate* unmanaged<nint, nint> CipherOf = (delegate* unmanaged<nint, nint>)Find("SSL_get_current_cipher");
    public static readonly delegate* unmanaged<nint, ushort> CipherId = (delegate* unmanaged<nint, ushort>)Find("SSL_CIPHER_get_protocol_id");

    public static readonly delegate* unmanaged<nint, int> IsResumed = (delegate* unmanaged<nint, int>)Find("SSL_session_reused");
    public static readonly delegate* unmanaged<nint, nint> TakeSession = (delegate* unmanaged<nint, nint>)Find("SSL_get1_session");
    public static readonly delegate* unmanaged<nint, nint, int> OfferSession = (delegate* unmanaged<nint, nint, int>)Find("SSL_set_session");
    public static readonly delegate* unmanaged<nint, int> IsResumable = (delegate* unmanaged<nint, int>)Find("SSL_SESSION_is_resumable");
    public static readonly delegate* unmanaged<nint, void> FreeSession = (delegate* unmanaged<nint, void>)Find("SSL_SESSION_free");

    private static readonly delegate* unmanaged<ulong> NextError = (delegate* unmanaged<ulong>)Find("ERR_get_error");
    private static readonly delegate* unmanaged<void> ClearErrors = (delegate* unmanaged<void>)Find("ERR_clear_error");
    private static readonly delegate* unmanaged<ulong, nint> TextOf = (delegate* unmanaged<ulong, nint>)Find("ERR_reason_error_string");

    /// <summary>Why TLS cannot be spoken here, or null.</summary>
    public static string? Refusal => Library == 0 ? $"TLS needs {LibraryName}, which is not installed" : null;

    /// <summary>What went wrong last on this thread; empties the queue of errors.</summary>
    public static string TakeError()
    {
        ulong error = NextError();
        ClearErrors();
        return error == 0 ? "closed or reset by the server" : Marshal.PtrToStringUTF8(TextOf(error)) ?? $"OpenSSL error {error:x}";
    }

    /// <summary>A library that lacks one of them is none that can be used.</summary>
    private static nint Find(string name) => Library == 0 ? 0 : NativeLibrary.GetExport(Library, name);
}
