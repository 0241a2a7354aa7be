using System;
using System.Collections.Generic;
using System.Net;

namespace NativeProxy.Upstreams.Naming;

/// <summary>The names of a hosts file (hosts(5)). Immutable; pure.</summary>
internal sealed class HostsFile
{
    private readonly Dictionary<string, List<IPAddress>> _byName = new(StringComparer.OrdinalIgnoreCase);

    public HostsFile(string text)
    {
        foreach (string line in text.Split('\n'))
        {
            string[] words = line.Split('#')[0].Split((char[])[' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries);
            if (words.Length < 2 || !IPAddress.TryParse(words[0], out IPAddress? address))
                continue;
            for (int i = 1; i < words.Length; i++)
                Add(words[i], address);
        }
    }

    /// <summary>The addresses of a name in the order of the file; none when it has none.</summary>
    public IReadOnlyList<IPAddress> Find(string name) => _byName.TryGetValue(name, out List<IPAddress>? found) ? found : [];

    private void Add(string name, IPAddress address)
    {
        if (!_byName.TryGetValue(name, out List<IPAddress>? found))
            _byName.Add(name, found = []);
        if (!found.Contains(address))
            found.Add(address);
    }
}
