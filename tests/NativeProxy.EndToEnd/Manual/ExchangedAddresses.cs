using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using NativeProxy.EndToEnd.Harness;

namespace NativeProxy.EndToEnd.Manual;

/// <summary>
/// Puts addresses of this machine in place of those of a page, in its configuration and in its commands: free ports of loopback for what
/// is bound, and files of its own for Unix sockets, the test's origin for every other address. Beside this only the engine is set, where the
/// page does not choose one.
/// </summary>
internal sealed class ExchangedAddresses
{
    private static readonly Regex BindLine = new(@"^ *bind = .*$", RegexOptions.CultureInvariant | RegexOptions.Multiline);
    private static readonly Regex BoundAddress = new(@"""[^"":]+:(\d+)""", RegexOptions.CultureInvariant);
    private static readonly Regex BoundSocket = new(@"""unix:([^""]+)""", RegexOptions.CultureInvariant);
    private static readonly Regex ServerAddress = new(@"^( *address = )""[^""]+""", RegexOptions.CultureInvariant | RegexOptions.Multiline);
    private static readonly Regex RuntimeLine = new(@"^\[runtime\].*$", RegexOptions.CultureInvariant | RegexOptions.Multiline);
    private static readonly Regex AddressInCommand = new(@"\d+\.\d+\.\d+\.\d+:(\d+)", RegexOptions.CultureInvariant);

    private readonly Dictionary<string, int> _ports;
    private readonly Dictionary<string, string> _sockets = [];
    private readonly string _origin;

    /// <param name="configuration">TOML as the page has it.</param>
    /// <param name="origin">Host and port of the server that stands for all.</param>
    public ExchangedAddresses(string configuration, string origin)
    {
        string[] bound = [.. BindLine.Matches(configuration).SelectMany(line => BoundAddress.Matches(line.Value)).Select(PortOf)];
        int[] free = FreePorts.Take(bound.Length);
        _ports = bound.Zip(free).ToDictionary(pair => pair.First, pair => pair.Second);
        _origin = origin;
        string text = BindLine.Replace(configuration, line => BoundAddress.Replace(line.Value, match => $"\"127.0.0.1:{_ports[PortOf(match)]}\""));
        foreach (Match socket in BindLine.Matches(text).SelectMany(line => BoundSocket.Matches(line.Value)))
        {
            string path = _sockets[socket.Groups[1].Value] = Path.Combine(Path.GetTempPath(), $"nativeproxy-{Guid.NewGuid():N}.sock");
            text = text.Replace(socket.Groups[1].Value, path, StringComparison.Ordinal);
        }
        Configuration = WithEngine(ServerAddress.Replace(text, $"$1\"{origin}\""));
    }

    /// <summary>The page's configuration, fit to run.</summary>
    public string Configuration { get; }

    /// <summary>A command of the page, fit to run.</summary>
    public string Command(string line) => AddressInCommand.Replace(
        _sockets.Aggregate(line, static (text, one) => text.Replace(one.Key, one.Value, StringComparison.Ordinal)),
        match => _ports.TryGetValue(PortOf(match), out int port) ? $"127.0.0.1:{port}" : _origin);

    private static string PortOf(Match address) => address.Groups[1].Value;

    private static string WithEngine(string toml)
    {
        string engine = $"engine = \"{ProxyConfig.Engine}\"";
        if (toml.Contains("engine = ", StringComparison.Ordinal))
            return toml;
        return RuntimeLine.IsMatch(toml)
            ? RuntimeLine.Replace(toml, match => match.Value + "\n" + engine, 1)
            : $"[runtime]\n{engine}\n\n{toml}";
    }
}
