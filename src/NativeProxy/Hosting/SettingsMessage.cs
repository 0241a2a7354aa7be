using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using NativeProxy.Config;

namespace NativeProxy.Hosting;

/// <summary>
/// The settings as the supervisor sends them to a worker: the file name, the addresses of the sockets that come with it, and the text
/// as the supervisor checked it, so that all workers see the same.
/// </summary>
internal sealed record SettingsMessage(string Path, IReadOnlyList<string> Binds, byte[] Text)
{
    /// <summary>Two lines, then the text. Addresses hold no blank.</summary>
    public byte[] Encode() => [.. Encoding.UTF8.GetBytes(Path + "\n" + string.Join(' ', Binds) + "\n"), .. Text];

    public static SettingsMessage Decode(byte[] payload)
    {
        int pathEnd = Array.IndexOf(payload, (byte)'\n');
        int bindsEnd = Array.IndexOf(payload, (byte)'\n', pathEnd + 1);
        string binds = Encoding.UTF8.GetString(payload, pathEnd + 1, bindsEnd - pathEnd - 1);
        return new SettingsMessage(
            Encoding.UTF8.GetString(payload, 0, pathEnd), binds.Split(' ', StringSplitOptions.RemoveEmptyEntries).ToArray(), payload[(bindsEnd + 1)..]);
    }

    /// <summary>Parses the text; false when it has errors, which the supervisor would have shown.</summary>
    public bool TryParse(out ProxySettings settings)
    {
        SettingsResult result = SettingsFile.Parse(Path, Text);
        settings = result.IsOk ? result.Settings : default;
        return result.IsOk;
    }
}
