using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using NativeProxy.Config;
using NativeProxy.Upstreams.Naming;

namespace NativeProxy.Hosting;

/// <summary>
/// The settings as the supervisor sends them to a worker: the file name, the addresses of the sockets that come with it, those of the servers,
/// and the text as the supervisor checked it, so that all workers see the same and none resolves a name.
/// </summary>
/// <param name="Path">The file, for messages only: nobody opens it again.</param>
/// <param name="Binds">Addresses of the listening sockets that follow.</param>
/// <param name="Servers">A line of <see cref="ServerEndPoints"/>.</param>
/// <param name="Text">The settings.</param>
internal sealed record SettingsMessage(string Path, IReadOnlyList<string> Binds, string Servers, byte[] Text)
{
    private const int LineCount = 3;

    /// <summary>Three lines, then the text. Addresses hold no blank.</summary>
    public byte[] Encode() => [.. Encoding.UTF8.GetBytes(Path + "\n" + string.Join(' ', Binds) + "\n" + Servers + "\n"), .. Text];

    public static SettingsMessage Decode(byte[] payload)
    {
        var lines = new string[LineCount];
        int start = 0;
        for (int i = 0; i < LineCount; i++)
        {
            int end = Array.IndexOf(payload, (byte)'\n', start);
            lines[i] = Encoding.UTF8.GetString(payload, start, end - start);
            start = end + 1;
        }
        return new SettingsMessage(lines[0], lines[1].Split(' ', StringSplitOptions.RemoveEmptyEntries).ToArray(), lines[2], payload[start..]);
    }

    /// <summary>Parses text and addresses; false when they have errors, which the supervisor would have shown.</summary>
    public bool TryParse(out ProxySettings settings, out ServerEndPoints endPoints)
    {
        SettingsResult result = SettingsFile.Parse(Path, Text);
        settings = result.IsOk ? result.Settings : default;
        endPoints = new ServerEndPoints([]);
        return result.IsOk && ServerEndPoints.TryParse(Servers, ServerCounts(settings), out endPoints);
    }

    /// <summary>How many servers each upstream has.</summary>
    public static int[] ServerCounts(in ProxySettings settings) => settings.Upstreams.Select(static upstream => upstream.Servers.Length).ToArray();
}
