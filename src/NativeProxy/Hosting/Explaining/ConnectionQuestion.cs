using System;
using System.Globalization;
using System.Net;
using System.Text;
using NativeProxy.Config;
using NativeProxy.Foundation;

namespace NativeProxy.Hosting.Explaining;

/// <summary>A connection to a listener in mode "tcp" that nobody opens, so that its way can be told. Immutable; any thread.</summary>
/// <param name="Name">What its ClientHello asks for; empty = it says none, or is none.</param>
/// <param name="Port">To which port.</param>
/// <param name="From">Who connects.</param>
/// <param name="Listener">Name of the listener; empty = by the port.</param>
internal sealed record ConnectionQuestion(string Name, int Port, IPAddress From, string Listener)
{
    private const string Scheme = "tcp://";

    /// <summary>The peer, as routes see it.</summary>
    public PeerAddress Client => PeerAddress.Of(From, 0);

    /// <summary>The name as routes see it.</summary>
    public byte[] NameBytes => Encoding.ASCII.GetBytes(Name);

    /// <summary>As it is shown.</summary>
    public override string ToString() =>
        $"a connection to port {Port} {(Name.Length > 0 ? $"for \"{Name}\"" : "that names no server")}, from {From},";

    /// <summary>Whether a connection is meant, and no request.</summary>
    public static bool IsMeant(RouteQuestionText text) => text.Url.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads what a user asks; null with one sentence about what is wrong. An address instead of a name is no name (RFC 6066, 3).</summary>
    public static ConnectionQuestion? TryRead(RouteQuestionText text, out string problem)
    {
        string place = text.Url[Scheme.Length..].TrimEnd('/');
        int colon = place.LastIndexOf(':');
        problem = "";
        if (colon < 0 || !int.TryParse(place.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int port)
            || port is 0 or > 65535)
        {
            problem = $"--url: \"{text.Url}\" has no port between 1 and 65535: expected tcp://NAME:PORT, where NAME is what the client asks for by "
                + "TLS (SNI), or empty";
            return null;
        }
        string name = place[..colon].TrimEnd('.');
        bool isAddress = IPAddress.TryParse(name.Trim('[', ']'), out _);
        if (!isAddress && name.Length > 0 && (name[0] == '*' || !HostPatternText.IsValid(name)))
            problem = $"--url: \"{name}\" is no name of a server";
        else if (RouteQuestion.ClientOf(text) is not { } client)
            problem = RouteQuestion.NoClient(text);
        else if (text.Headers.Length > 0)
            problem = "--header: a connection has no header lines";
        else
            return new ConnectionQuestion(isAddress ? "" : name, port, client, text.Listener);
        return null;
    }
}
