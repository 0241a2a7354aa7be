using System;
using System.Collections.Immutable;
using System.Text;
using NativeProxy.Http;

namespace NativeProxy.Routing.Matching;

/// <summary>
/// The hosts of a route: names, and wildcards that stand for one or more labels in front of one, never for the bare name (as in nginx and Envoy). The
/// case of letters does not count. Immutable; thread: any.
/// </summary>
internal sealed class HostTest
{
    /// <summary>In lower case.</summary>
    private readonly byte[][] _names;

    /// <summary>In lower case, with the dot in front: ".example.org".</summary>
    private readonly byte[][] _suffixes;

    /// <param name="hosts">Not empty.</param>
    public HostTest(ImmutableArray<string> hosts)
    {
        _names = TextsOf(hosts, isWildcard: false);
        _suffixes = TextsOf(hosts, isWildcard: true);
    }

    /// <summary>The names that are compared as a whole.</summary>
    public ReadOnlySpan<byte[]> Names => _names;

    /// <summary>What a name must end with, the dot in front included.</summary>
    public ReadOnlySpan<byte[]> Suffixes => _suffixes;

    public bool Holds(ReadOnlySpan<byte> host)
    {
        foreach (byte[] name in _names)
        {
            if (AsciiBytes.EqualsIgnoreCase(host, name))
                return true;
        }
        foreach (byte[] suffix in _suffixes)
        {
            if (host.Length > suffix.Length && AsciiBytes.EqualsIgnoreCase(host[^suffix.Length..], suffix))
                return true;
        }
        return false;
    }

    private static byte[][] TextsOf(ImmutableArray<string> hosts, bool isWildcard)
    {
        int count = 0;
        foreach (string host in hosts)
            count += IsWildcard(host) == isWildcard ? 1 : 0;
        var texts = new byte[count][];
        int next = 0;
        foreach (string host in hosts)
        {
            if (IsWildcard(host) == isWildcard)
                texts[next++] = Encoding.ASCII.GetBytes((isWildcard ? host[1..] : host).TrimEnd('.').ToLowerInvariant());
        }
        return texts;
    }

    private static bool IsWildcard(string host) => host.StartsWith("*.", StringComparison.Ordinal);
}
