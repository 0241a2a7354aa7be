using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Net;
using System.Text.RegularExpressions;
using NativeProxy.EndToEnd.Harness;

namespace NativeProxy.EndToEnd.Manual;

/// <summary>
/// An example with addresses of this machine in place of its own, so that everything in it can be there at once: each network 10.X is 127.(100 + X)
/// of loopback, each port a free one, the same wherever the file says it. Beside this only the engine, an admin endpoint and short times between
/// health checks are put in. Immutable.
/// </summary>
internal sealed class ExampleText
{
    private static readonly Regex BindLine = new(@"^ *bind = .*$", RegexOptions.CultureInvariant | RegexOptions.Multiline);
    private static readonly Regex Comment = new(@"#.*$", RegexOptions.CultureInvariant | RegexOptions.Multiline);
    private static readonly Regex Port = new(
        @"(?<=""[^"":\n]*:)\d+(?="")|(?<=port = )\d+|(?<=_ports = \["")\d+(?="")", RegexOptions.CultureInvariant);
    private static readonly Regex Network = new(@"\b10\.(\d+)(?=\.\d+\.\d+)", RegexOptions.CultureInvariant);
    private static readonly Regex Server = new(@"""(10\.\d+\.\d+\.\d+:\d+)""", RegexOptions.CultureInvariant);
    private static readonly Regex Interval = new(@"\binterval = ""[^""]+""", RegexOptions.CultureInvariant);

    private readonly Dictionary<int, int> _ports;

    /// <param name="example">As in the file.</param>
    /// <param name="morePorts">Ports that the test needs beside those of the file.</param>
    /// <param name="directory">Stands for /etc/nativeproxy.</param>
    public ExampleText(string example, IEnumerable<int> morePorts, string directory)
    {
        string bare = Comment.Replace(example, "");
        int[] ports = [.. Port.Matches(bare).Select(match => Number(match.Value)).Concat(morePorts).Distinct()];
        int[] free = FreePorts.Take(ports.Length + 1);
        _ports = ports.Zip(free).ToDictionary(pair => pair.First, pair => pair.Second);
        AdminPort = free[^1];
        Servers = [.. Server.Matches(BindLine.Replace(bare, "")).Select(match => match.Groups[1].Value).Distinct()];

        string engine = $"engine = \"{ProxyConfig.Engine}\"\n";
        string text = bare.Contains("[runtime]\n", StringComparison.Ordinal)
            ? bare.Replace("[runtime]\n", "[runtime]\n" + engine, StringComparison.Ordinal)
            : $"[runtime]\n{engine}\n{bare}";
        text = BindLine.Replace(text, line => line.Value.Replace("0.0.0.0:", "127.0.0.1:", StringComparison.Ordinal));
        text = Port.Replace(text, match => PortOf(Number(match.Value)).ToString(CultureInfo.InvariantCulture));
        text = Interval.Replace(text, "interval = \"300ms\"");
        text = text.Replace("/etc/nativeproxy", directory, StringComparison.Ordinal);
        Toml = $"[admin]\nbind = \"127.0.0.1:{AdminPort}\"\n\n{AddressesOf(text)}";
    }

    /// <summary>Fit to run.</summary>
    public string Toml { get; }

    public int AdminPort { get; }

    /// <summary>Addresses with ports that the example connects to, as it has them.</summary>
    public IReadOnlyList<string> Servers { get; }

    /// <summary>The port that stands for one of the example.</summary>
    public int PortOf(int port) => _ports[port];

    /// <summary>The address that stands for one of the example, such as "10.0.0.1".</summary>
    public static IPAddress AddressOf(string address) => IPAddress.Parse(AddressesOf(address));

    /// <summary>What stands for a server of the example, such as "10.0.0.1:8080".</summary>
    public IPEndPoint EndPointOf(string server)
    {
        string[] parts = server.Split(':');
        return new IPEndPoint(AddressOf(parts[0]), PortOf(Number(parts[1])));
    }

    private static string AddressesOf(string text) => Network.Replace(text, match => $"127.{100 + Number(match.Groups[1].Value)}");

    private static int Number(string digits) => int.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);
}
