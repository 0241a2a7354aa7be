using System;
using System.Collections.Generic;
using System.Globalization;
using System.Net;

namespace NativeProxy.Upstreams.Naming;

/// <summary>Which DNS servers the system asks, and how it completes short names (resolv.conf(5)). Immutable; pure.</summary>
internal sealed class ResolverFile
{
    private const int Port = 53;

    // The bounds of the system's own resolver.
    private const int ServersMax = 3;
    private const int SearchMax = 6;
    private const int DotsMax = 15;

    public ResolverFile(string text)
    {
        var servers = new List<IPEndPoint>();
        foreach (string line in text.Split('\n'))
        {
            string[] words = line.Split((char[])[' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries);
            if (words.Length < 2)
                continue;
            if (words[0] == "nameserver" && servers.Count < ServersMax && IPAddress.TryParse(words[1], out IPAddress? address))
                servers.Add(new IPEndPoint(address, Port));
            else if (words[0] is "search" or "domain")
                Search = words[1..Math.Min(words.Length, SearchMax + 1)];
            else if (words[0] == "options")
                ReadOptions(words);
        }

        // Without any, the system asks this machine.
        Servers = servers.Count > 0 ? [.. servers] : [new IPEndPoint(IPAddress.Loopback, Port)];
    }

    public IPEndPoint[] Servers { get; }

    /// <summary>Domains that complete a short name.</summary>
    public string[] Search { get; private set; } = [];

    /// <summary>A name with at least so many dots is tried as it is before it is completed.</summary>
    public int Dots { get; private set; } = 1;

    /// <summary>The names to ask for, in order: a name with a final dot is complete.</summary>
    public IEnumerable<string> Candidates(string name)
    {
        string bare = name.TrimEnd('.');
        bool isComplete = name.EndsWith('.');
        bool isLong = bare.AsSpan().Count('.') >= Dots;
        if (isComplete || isLong)
            yield return bare;
        if (isComplete)
            yield break;
        foreach (string domain in Search)
        {
            if (domain.Trim('.').Length > 0)
                yield return bare + "." + domain.Trim('.');
        }
        if (!isLong)
            yield return bare;
    }

    private void ReadOptions(string[] words)
    {
        foreach (string word in words)
        {
            if (word.StartsWith("ndots:", StringComparison.Ordinal)
                && int.TryParse(word.AsSpan(6), NumberStyles.None, CultureInfo.InvariantCulture, out int dots))
            {
                Dots = Math.Min(dots, DotsMax);
            }
        }
    }
}
