using System;
using System.IO;
using System.Text;
using NativeProxy.Config.Toml;

namespace NativeProxy.Config;

/// <summary>
/// What `error_pages` says of one status or class of them: a text, or "file:" and the path of a file (HAProxy's errorfile, nginx's error_page). Pure
/// but for reading the file.
/// </summary>
internal static class ErrorPageText
{
    /// <summary>A page goes out in one piece.</summary>
    public const int BytesMax = 32 * 1024;

    /// <summary>What is expected of one.</summary>
    public const string Expected = "a text, or \"file:\" and the path of a file of at most 32KiB";

    private const string File = "file:";

    /// <summary>True for "400" to "599", "4xx" and "5xx".</summary>
    public static bool IsStatus(string name) =>
        name.Length == 3 && name[0] is '4' or '5' && (name[1..] == "xx" || (char.IsAsciiDigit(name[1]) && char.IsAsciiDigit(name[2])));

    /// <summary>True when the page is in a file of its own, which may come and go while the proxy runs.</summary>
    public static bool IsFile(string text) => text.StartsWith(File, StringComparison.Ordinal);

    /// <summary>The content of a page, and its type by the name of its file or, for a text, by whether it begins as HTML does.</summary>
    /// <param name="text">As the file of settings says it.</param>
    /// <param name="content">The content.</param>
    /// <param name="contentType">Its Content-Type.</param>
    /// <param name="problem">What is wrong.</param>
    public static bool TryRead(string text, out byte[] content, out string contentType, out string problem)
    {
        if (IsFile(text))
            return TryReadFile(text[File.Length..], out content, out contentType, out problem);
        contentType = text.StartsWith('<') ? "text/html; charset=utf-8" : "text/plain; charset=utf-8";
        content = Encoding.UTF8.GetBytes(text);
        problem = content.Length > BytesMax ? "the page is longer than 32KiB" : "";
        return problem.Length == 0;
    }

    /// <summary>The same of a file.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="content">The content.</param>
    /// <param name="contentType">Its Content-Type.</param>
    /// <param name="problem">What is wrong.</param>
    public static bool TryReadFile(string path, out byte[] content, out string contentType, out string problem)
    {
        content = [];
        problem = "";
        contentType = Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".html" or ".htm" => "text/html; charset=utf-8",
            ".json" => "application/json",
            _ => "text/plain; charset=utf-8",
        };
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            byte[] room = new byte[BytesMax + 1];
            int count = file.ReadAtLeast(room, room.Length, throwOnEndOfStream: false);
            content = room[..Math.Min(count, BytesMax)];
            problem = count > BytesMax ? $"the file {ErrorExcerpt.Quoted(path)} is longer than 32KiB" : "";
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            problem = $"the file {ErrorExcerpt.Quoted(path)} cannot be read: {ErrorExcerpt.Printable(failure.Message)}";
        }
        return problem.Length == 0;
    }
}
