using System;
using System.IO;
using System.Security.Cryptography;
using System.Text;

namespace NativeProxy.Admin;

/// <summary>
/// The page of the operator's endpoint: one document without anything from elsewhere, which asks the API for what it shows. It holds nothing secret
/// itself, so whoever needs a token can be shown where to enter it. Stateless; any thread.
/// </summary>
internal static class StatsPage
{
    private static readonly Lazy<SmallResponse> Made = new(Make);

    /// <summary>The page.</summary>
    public static SmallResponse Answer => Made.Value;

    /// <summary>Who asks shows pages to people.</summary>
    public static bool IsWanted(in SmallRequest request) => request.ValueOf("accept"u8, out _).IndexOf("text/html"u8) >= 0;

    private static SmallResponse Make()
    {
        using Stream stream = typeof(StatsPage).Assembly.GetManifestResourceStream("stats.html")!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        string html = reader.ReadToEnd();

        // Only these two texts are obeyed, whatever comes into the page; nothing is fetched from elsewhere, and no other page frames it.
        string policy = $"default-src 'none'; script-src '{HashOf(html, "script")}'; style-src '{HashOf(html, "style")}'; connect-src 'self'; "
            + "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        return new SmallResponse(200, "text/html; charset=utf-8", Encoding.UTF8.GetBytes(html),
            $"Content-Security-Policy: {policy}\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"
            + "Cross-Origin-Opener-Policy: same-origin\r\n");
    }

    /// <summary>The hash of what stands in the element of this name, as a policy names it (CSP 3, 2.3.1).</summary>
    private static string HashOf(string html, string element)
    {
        int start = html.IndexOf($"<{element}>", StringComparison.Ordinal) + element.Length + 2;
        int end = html.IndexOf($"</{element}>", StringComparison.Ordinal);
        return "sha256-" + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(html[start..end])));
    }
}
