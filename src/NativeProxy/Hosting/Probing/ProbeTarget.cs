using System;
using System.Net;
using System.Net.Sockets;
using NativeProxy.Config;

namespace NativeProxy.Hosting.Probing;

/// <summary>The server that is asked, and what it is asked for. Immutable.</summary>
/// <param name="IsHttps">TLS is spoken with it.</param>
/// <param name="Host">Its name or address.</param>
/// <param name="Authority">What it gets as Host.</param>
/// <param name="Target">Path and query.</param>
/// <param name="EndPoint">Where it is asked.</param>
internal sealed record ProbeTarget(bool IsHttps, string Host, string Authority, string Target, IPEndPoint EndPoint)
{
    private const string Secure = "https://";

    /// <summary>
    /// Reads the URL and looks its name up: one target for each of its addresses; none, with one sentence about what is wrong. Blocks.
    /// </summary>
    public static ProbeTarget[] Read(string url, out string problem)
    {
        bool isHttps = url.StartsWith(Secure, StringComparison.Ordinal);
        string rest = isHttps ? url[Secure.Length..] : url;
        string authority = rest.Split('/', '?')[0];
        bool hasPort = authority.LastIndexOf(':') > authority.LastIndexOf(']');
        string asPlain = !isHttps ? url : $"http://{authority}{(hasPort ? "" : ":443")}{rest[authority.Length..]}";
        problem = "";
        if (!HttpUrl.TryParse(asPlain, out HttpUrl read))
        {
            problem = $"\"{url}\" is no URL: expected http://HOST:PORT/PATH or https://HOST:PORT/PATH";
            return [];
        }
        try
        {
            return Array.ConvertAll(Dns.GetHostAddresses(read.Host), address =>
                new ProbeTarget(isHttps, read.Host, isHttps ? authority : read.Authority, read.Target, new IPEndPoint(address, read.Port)));
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            problem = $"the name \"{read.Host}\" has no address: {e.Message}";
            return [];
        }
    }

    /// <summary>As an `[[upstream.server]]` says it.</summary>
    public string Address => $"{(Host.Contains(':') ? $"[{Host}]" : Host)}:{EndPoint.Port}";

    /// <summary>A whole request.</summary>
    /// <param name="method">Its method.</param>
    /// <param name="question">What is to be found out: stands in User-Agent, for whoever reads the server's log.</param>
    /// <param name="lines">Further header lines, each with its line end.</param>
    public string Request(string method, string question, string lines = "") =>
        $"{method} {Target} HTTP/1.1\r\nHost: {Authority}\r\nUser-Agent: nativeproxy-probe ({question})\r\nAccept: */*\r\n{lines}\r\n";
}
