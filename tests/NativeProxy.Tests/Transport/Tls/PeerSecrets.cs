using System;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace NativeProxy.Tests.Transport.Tls;

/// <summary>The traffic secrets that handshakes of the other end have made, until they are taken. Any thread.</summary>
internal static unsafe class PeerSecrets
{
    private const string Client = "CLIENT_TRAFFIC_SECRET_0 ";
    private const string Server = "SERVER_TRAFFIC_SECRET_0 ";

    private static readonly ConcurrentDictionary<(nint Ssl, bool IsClient), byte[]> Known = new();

    /// <summary>SSL_CTX_set_keylog_callback(3).</summary>
    [UnmanagedCallersOnly]
    public static void OnSecret(nint ssl, byte* line)
    {
        string text = Marshal.PtrToStringUTF8((nint)line)!;
        bool isClient = text.StartsWith(Client, StringComparison.Ordinal);
        if (isClient || text.StartsWith(Server, StringComparison.Ordinal))
            Known[(ssl, isClient)] = Convert.FromHexString(text[(text.LastIndexOf(' ') + 1)..]);
    }

    /// <summary>Those of the directions from the client and from the server.</summary>
    public static (byte[] Client, byte[] Server) Take(nint ssl)
    {
        Known.TryRemove((ssl, true), out byte[]? client);
        Known.TryRemove((ssl, false), out byte[]? server);
        return (client ?? throw new InvalidOperationException("no secret of the client"), server!);
    }
}
