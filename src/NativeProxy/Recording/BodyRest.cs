using System;

namespace NativeProxy.Recording;

/// <summary>
/// Whether bytes that are refused where a message was to begin may be the end of a body that is longer than its head has said: data, then, of which
/// nothing is shown. On a connection on which nothing came before they are not. Stateless; any thread.
/// </summary>
internal static class BodyRest
{
    /// <summary>True unless the first line is that of a message, if not of a good one: a request for a path, a status line.</summary>
    /// <param name="bytes">From where the message was to begin.</param>
    /// <param name="isOfServer">It was to be a response.</param>
    public static bool MayBe(ReadOnlySpan<byte> bytes, bool isOfServer)
    {
        bytes = bytes.TrimStart("\r\n"u8);
        int length = bytes.IndexOfAny((byte)'\r', (byte)'\n');
        ReadOnlySpan<byte> line = length < 0 ? bytes : bytes[..length];
        if (isOfServer)
            return !line.StartsWith("HTTP/"u8);
        int method = line.IndexOfAnyExceptInRange((byte)'A', (byte)'Z');
        return method < 1 || !line[method..].StartsWith(" /"u8) || line.IndexOf(" HTTP/"u8) < 0;
    }
}
