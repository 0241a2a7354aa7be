using System.Collections.Generic;

namespace NativeProxy.Clients;

/// <summary>The content of an answer of the proxy's own.</summary>
/// <param name="ContentType">Its type.</param>
/// <param name="Content">The content.</param>
internal sealed record ErrorPage(byte[] ContentType, byte[] Content);

/// <summary>
/// What the file says of the proxy's own errors: pages by status or by class, and fields that they carry. Immutable; one for each listener or route.
/// </summary>
/// <param name="pages">By "503" or "5xx"; a status goes before its class.</param>
/// <param name="lines">Fields that are written besides; a line for each.</param>
/// <param name="typeIsSet">A line is a Content-Type.</param>
/// <param name="cachingIsSet">A line is a Cache-Control.</param>
/// <param name="retryIsSet">A line is a Retry-After.</param>
internal sealed class ErrorPages(
    IReadOnlyDictionary<string, ErrorPage> pages, byte[] lines, bool typeIsSet, bool cachingIsSet, bool retryIsSet)
{
    private readonly ErrorPage?[] _pages = ByStatus(pages);

    /// <summary>Fields that are written besides.</summary>
    public byte[] Lines => lines;

    /// <summary>A line is a Content-Type: there is no other one.</summary>
    public bool TypeIsSet => typeIsSet;

    /// <summary>A line is a Cache-Control: there is no other one.</summary>
    public bool CachingIsSet => cachingIsSet;

    /// <summary>A line is a Retry-After: there is no other one.</summary>
    public bool RetryIsSet => retryIsSet;

    /// <summary>The page for a status; null for the plain text.</summary>
    public ErrorPage? Of(int statusCode) => statusCode is >= 400 and <= 599 ? _pages[statusCode - 400] : null;

    private static ErrorPage?[] ByStatus(IReadOnlyDictionary<string, ErrorPage> pages)
    {
        var all = new ErrorPage?[200];
        for (int i = 0; i < all.Length; i++)
        {
            int status = i + 400;
            all[i] = pages.GetValueOrDefault(status.ToString(System.Globalization.CultureInfo.InvariantCulture))
                ?? pages.GetValueOrDefault(status / 100 + "xx");
        }
        return all;
    }
}
