using System.Runtime.InteropServices;

namespace NativeProxy.Transport.Tls;

/// <summary>What the callback for session tickets needs (EVP_*, RAND_*, libcrypto).</summary>
internal static unsafe partial class TicketCalls
{
    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "EVP_MAC_CTX_set_params")]
    public static partial int SetParameters(nint macContext, LibraryParameter* parameters);

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "RAND_bytes")]
    public static partial int Random(byte* target, int bytes);
}
