using System;
using System.IO;
using Microsoft.Win32.SafeHandles;
using NativeProxy.Foundation;

namespace NativeProxy.Admin;

/// <summary>
/// Reads the file of a token. Waits for nobody: a pipe without a writer is no token, or whoever shows any token at all could hold up every thread
/// that answers. Stateless; any thread.
/// </summary>
internal static class TokenFile
{
    /// <summary>A shorter token could be guessed.</summary>
    public const int TokenBytesMin = 16;

    private const int TokenBytesMax = 4096;

    /// <summary>What it holds, without the white space around it. False when that is no token; the problem then says why.</summary>
    public static bool TryRead(string path, out byte[] token, out string problem)
    {
        token = [];
        problem = "";
        try
        {
            using SafeFileHandle file = PromptFile.OpenToRead(path);
            byte[] bytes = new byte[TokenBytesMax];
            int count = RandomAccess.Read(file, bytes, 0);
            token = bytes.AsSpan(0, count).Trim(" \t\r\n"u8).ToArray();
            if (count == bytes.Length || token.Length < TokenBytesMin || token.AsSpan().IndexOfAnyExceptInRange((byte)0x21, (byte)0x7E) >= 0)
                problem = $"{path} holds no token: expected {TokenBytesMin} to {TokenBytesMax - 1} visible characters";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            problem = $"{path} cannot be read: {e.Message}";
        }
        return problem.Length == 0;
    }
}
