using System;
using System.Globalization;
using System.Linq;
using System.Text.RegularExpressions;
using Xunit;

namespace NativeProxy.EndToEnd.Harness;

/// <summary>One line of the connection log, taken apart.</summary>
internal sealed record CloseLine(string Peer, string Side, string Place, long Id, string Reason, string By, int Uses, long[] Ms, long BytesIn,
    long BytesOut, string Tls)
{
    private const string Pattern =
        @"^(?<peer>\S+:\d+) \[\d{2}/[A-Z][a-z]{2}/\d{4}:\d{2}:\d{2}:\d{2}\.\d{3}\] closed (?<side>client|server) (?<place>\S+) [cs]c=(?<id>\d+) "
        + @"rs=(?<reason>[a-z0-9_]+) by=(?<by>[a-z_]+) uses=(?<uses>\d+) ms=(?<ms>-?\d+/\d+/\d+/\d+/\d+) bytes=(?<in>\d+)/(?<out>\d+)"
        + "(?: tls=\"(?<tls>[^\"]*)\")?$";

    /// <summary>Whether the line is one of a closed connection on this side.</summary>
    public static bool IsOf(string side, string line) => line.Contains($"] closed {side} ", StringComparison.Ordinal);

    public static CloseLine Parse(string line)
    {
        Match match = Regex.Match(line, Pattern);
        Assert.True(match.Success, line);
        return new CloseLine(
            match.Groups["peer"].Value, match.Groups["side"].Value, match.Groups["place"].Value, Number(match.Groups["id"].Value),
            match.Groups["reason"].Value,
            match.Groups["by"].Value, (int)Number(match.Groups["uses"].Value), [.. match.Groups["ms"].Value.Split('/').Select(Number)],
            Number(match.Groups["in"].Value), Number(match.Groups["out"].Value), match.Groups["tls"].Value);
    }

    private static long Number(string text) => long.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
}
