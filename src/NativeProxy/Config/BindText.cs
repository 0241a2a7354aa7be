using System;
using System.Collections.Immutable;
using System.Globalization;

namespace NativeProxy.Config;

/// <summary>
/// Reads what a listener binds, which may be several addresses in short: `host:8000-8010` is one for each port, `:8080` is all addresses. A Unix
/// socket is itself. Pure.
/// </summary>
internal static class BindText
{
    public const string Pattern = @"^(unix:/[A-Za-z0-9/._+@%=~-]{1,98}|(\*|[0-9.]+|\[[0-9A-Fa-f:.]+\])?:[0-9]{1,5}(-[0-9]{1,5})?)$";

    /// <summary>Ports of one range; each is a socket in every worker.</summary>
    public const int PortsMax = 1000;

    /// <summary>The addresses one by one, as `host:port`; the text itself where it is no range of ports.</summary>
    public static ImmutableArray<string> Expand(string text)
    {
        if (UnixAddressText.IsUnix(text))
            return [text];
        if (text.StartsWith(':'))
            text = "*" + text;
        int colon = text.LastIndexOf(':');
        if (colon < 0 || !text.AsSpan(colon).Contains('-') || !PortText.TryParse(text[(colon + 1)..], out PortRange range)
            || range.Last - range.First >= PortsMax)
        {
            return [text];
        }
        ImmutableArray<string>.Builder all = ImmutableArray.CreateBuilder<string>(range.Last - range.First + 1);
        for (int port = range.First; port <= range.Last; port++)
            all.Add(string.Create(CultureInfo.InvariantCulture, $"{text[..colon]}:{port}"));
        return all.MoveToImmutable();
    }
}
