using System.Runtime.InteropServices;

namespace NativeProxy.Transport.Tls;

/// <summary>What the callback for session tickets needs (EVP_*, RAND_*, libcrypto).</summary>
internal static unsafe partial class TicketCalls
{
    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "EVP_EncryptInit_ex")]
    public static partial int BeginEncrypt(nint cipherContext, nint cipher, nint engine, byte* key, byte* vector);

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "EVP_DecryptInit_ex")]
    public static partial int BeginDecrypt(nint cipherContext, nint cipher, nint engine, byte* key, byte* vector);

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "EVP_MAC_CTX_set_params")]
    public static partial int SetParameters(nint macContext, LibraryParameter* parameters);

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "RAND_bytes")]
    public static partial int Random(byte* target, int bytes);
}
