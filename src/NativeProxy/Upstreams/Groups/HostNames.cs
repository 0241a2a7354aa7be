using System;
using System.Buffers;
using System.Collections.Generic;
using System.Text;
using NativeProxy.Http;

namespace NativeProxy.Upstreams.Groups;

/// <summary>
/// Hosts of requests as the names that servers are asked for in TLS (<c>tls.sni = "host"</c>), each made once. Owner: an <see cref="UpstreamGroup"/>;
/// thread: the loop.
/// </summary>
internal sealed class HostNames
{
    /// <summary>Names that are remembered; beyond it all are forgotten, and made anew.</summary>
    private const int CountMax = 4096;

    /// <summary>Longest name (RFC 1035 2.3.4).</summary>
    private const int NameBytesMax = 255;

    private readonly Dictionary<string, string> _known = new(StringComparer.Ordinal);

    private static ReadOnlySpan<byte> Field => "host:"u8;

    /// <summary>The name in the lines of a request; null when none can be.</summary>
    /// <param name="lines">Fields, each with its end; Host is there once.</param>
    public string? In(ReadOnlySpan<byte> lines)
    {
        while (!lines.IsEmpty)
        {
            int end = lines.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = end < 0 ? lines : lines[..end];
            if (line.Length > Field.Length && AsciiBytes.EqualsIgnoreCase(line[..Field.Length], Field))
                return NameOf(line[Field.Length..].Trim(" \t\r"u8));
            lines = end < 0 ? default : lines[(end + 1)..];
        }
        return null;
    }

    private string? NameOf(ReadOnlySpan<byte> host)
    {
        host = HostText.WithoutPort(host);
        if (host.Length > 2 && host[0] == '[' && host[^1] == ']')
            host = host[1..^1];
        if (host.Length is 0 or > NameBytesMax)
            return null;
        Span<char> text = stackalloc char[NameBytesMax];
        if (Ascii.ToLower(host, text, out int count) != OperationStatus.Done)
            return null;
        ReadOnlySpan<char> name = text[..count];
        if (_known.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(name, out string? known))
            return known;
        if (_known.Count == CountMax)
            _known.Clear();
        known = name.ToString();
        _known.Add(known, known);
        return known;
    }
}
