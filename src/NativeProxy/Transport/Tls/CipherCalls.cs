using System.Runtime.InteropServices;

namespace NativeProxy.Transport.Tls;

/// <summary>
/// The authenticated ciphers that records are sealed with, and the hash that their keys come from (EVP_*, libcrypto). None of them calls back,
/// so those that every record needs do without the transition of the collector.
/// </summary>
internal static unsafe partial class CipherCalls
{
    /// <summary>EVP_CTRL_AEAD_GET_TAG.</summary>
    public const int GetTag = 0x10;

    /// <summary>EVP_CTRL_AEAD_SET_TAG.</summary>
    public const int SetTag = 0x11;

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "EVP_CIPHER_fetch", StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint Fetch(nint library, string name, nint properties);

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "EVP_MAC_fetch", StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint FetchMac(nint library, string name, nint properties);

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "EVP_MAC_CTX_new")]
    public static partial nint NewMac(nint mac);

    /// <summary>Without a key it is the one of before.</summary>
    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "EVP_MAC_init")]
    public static partial int BeginMac(nint context, byte* key, nuint keyBytes, LibraryParameter* parameters);

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "EVP_MAC_update")]
    public static partial int UpdateMac(nint context, byte* bytes, nuint count);

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "EVP_MAC_final")]
    public static partial int EndMac(nint context, byte* target, nuint* targetBytes, nuint targetBytesMax);

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "EVP_CIPHER_CTX_new")]
    public static partial nint New();

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "EVP_CIPHER_CTX_free")]
    public static partial void Free(nint context);

    /// <summary>As <see cref="Begin"/>, with a cipher, which takes memory.</summary>
    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "EVP_CipherInit_ex")]
    public static partial int Choose(nint context, nint cipher, nint engine, byte* key, byte* vector, int seals);

    /// <summary>What is 0 or null stays as it is; <paramref name="seals"/> is 1, 0, or -1 for as before.</summary>
    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "EVP_CipherInit_ex")]
    [SuppressGCTransition]
    public static partial int Begin(nint context, nint cipher, nint engine, byte* key, byte* vector, int seals);

    /// <summary>Without a target the bytes are authenticated only.</summary>
    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "EVP_CipherUpdate")]
    [SuppressGCTransition]
    public static partial int Update(nint context, byte* target, int* targetBytes, byte* source, int sourceBytes);

    /// <summary>As <see cref="Update"/>, for many bytes.</summary>
    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "EVP_CipherUpdate")]
    public static partial int UpdateLong(nint context, byte* target, int* targetBytes, byte* source, int sourceBytes);

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "EVP_CipherFinal_ex")]
    [SuppressGCTransition]
    public static partial int End(nint context, byte* target, int* targetBytes);

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "EVP_CIPHER_CTX_ctrl")]
    [SuppressGCTransition]
    public static partial int Control(nint context, int command, int number, byte* bytes);
}
