using System;
using System.Runtime.InteropServices;

namespace NativeProxy.Transport.Tls;

/// <summary>
/// Hears the secrets of a handshake from OpenSSL (SSL_CTX_set_keylog_callback(3), the only way to them) and gives those of the two directions to the
/// layer that is being served. They go nowhere else. Thread: that of the connection.
/// </summary>
internal static unsafe class TrafficSecrets
{
    private static ReadOnlySpan<byte> OfClient => "CLIENT_TRAFFIC_SECRET_0 "u8;

    private static ReadOnlySpan<byte> OfServer => "SERVER_TRAFFIC_SECRET_0 "u8;

    /// <summary>A line is a name, the random bytes of the client, and the secret, both in hexadecimal digits, with a blank between.</summary>
    [UnmanagedCallersOnly]
    public static void OnSecret(nint ssl, byte* line)
    {
        ReadOnlySpan<byte> text = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(line);
        bool fromClient = text.StartsWith(OfClient);
        if (fromClient || text.StartsWith(OfServer))
            TlsLoop.OfThread.Current!.NoteSecret(fromClient, text[(text.LastIndexOf((byte)' ') + 1)..]);
    }
}
