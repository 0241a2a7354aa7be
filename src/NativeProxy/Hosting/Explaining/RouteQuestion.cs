using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Text;
using NativeProxy.Claims;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Http1;

namespace NativeProxy.Hosting.Explaining;

/// <summary>What a user wants to know the way of.</summary>
/// <param name="Url">"http://host:port/path?query", or "tcp://name:port"; nothing in it is decoded or brought into another form.</param>
/// <param name="Method">The method.</param>
/// <param name="Headers">Header lines, "Name: value".</param>
/// <param name="Client">The peer of the connection.</param>
/// <param name="Listener">Name of a listener; empty = the one that the URL leads to.</param>
internal sealed record RouteQuestionText(string Url, string Method, string[] Headers, string Client, string Listener);

/// <summary>
/// A request that nobody sends: read and judged by the parsers and rules that serve real ones, so that its way can be told. Lives for one
/// explanation.
/// </summary>
internal sealed class RouteQuestion
{
    private readonly byte[] _head;
    private readonly IPAddress _client;

    private RouteQuestion(byte[] head, string scheme, int port, IPAddress client, string listener)
    {
        _head = head;
        _client = client;
        IsHttps = scheme == "https";
        Port = port;
        Client = PeerAddress.Of(client, 0);
        Listener = listener;
    }

    /// <summary>As it is shown.</summary>
    public override string ToString()
    {
        string text = Encoding.UTF8.GetString(_head);
        string line = text[..text.IndexOf('\r', StringComparison.Ordinal)];
        return $"{line[..line.LastIndexOf(' ')]} from {_client}";
    }

    /// <summary>The client speaks TLS.</summary>
    public bool IsHttps { get; }

    /// <summary>To which port.</summary>
    public int Port { get; }

    /// <summary>The peer of the connection.</summary>
    public PeerAddress Client { get; }

    /// <summary>Name of the listener; empty = by port and scheme.</summary>
    public string Listener { get; }

    public ReadOnlySpan<byte> Head => _head;

    /// <summary>Reads what a user asks; null with one sentence about what is wrong.</summary>
    public static RouteQuestion? TryRead(RouteQuestionText text, out string problem)
    {
        int colon = text.Url.IndexOf("://", StringComparison.Ordinal);
        string scheme = colon < 0 ? "" : text.Url[..colon].ToLowerInvariant();
        string rest = colon < 0 ? "" : text.Url[(colon + 3)..].Split('#')[0];
        int end = rest.IndexOfAny(['/', '?']);
        string authority = end < 0 ? rest : rest[..end];
        string target = end < 0 ? "/" : rest[end] == '?' ? "/" + rest[end..] : rest[end..];
        problem = "";
        if (scheme is not ("http" or "https") || authority.Length == 0)
            problem = $"--url: \"{text.Url}\" is no URL: expected http://HOST/PATH, https://HOST/PATH or tcp://NAME:PORT";
        else if (!TryReadPort(authority, scheme, out int port))
            problem = $"--url: \"{authority}\" has no port between 1 and 65535";
        else if (text.Url.AsSpan().IndexOfAnyInRange('\0', ' ') >= 0)
            problem = "--url: a URL has no blanks and control characters: %20 stands for a blank";
        else if (ClientOf(text) is not { } client)
            problem = NoClient(text);
        else if (text.Headers.FirstOrDefault(static line => line.IndexOf(':') <= 0 || line.AsSpan().ContainsAny('\r', '\n')) is { } wrong)
            problem = $"--header: \"{wrong}\" is no header line: expected \"Name: value\"";
        else
            return new RouteQuestion(HeadOf(text, target, authority), scheme, port, client, text.Listener);
        return null;
    }

    /// <summary>
    /// Numbers of the listeners that such a request comes to: the named one, or those with its port and scheme, or those with its scheme.
    /// </summary>
    public List<int> ListenersOf(in ProxySettings settings)
    {
        List<int> all = [];
        List<int> ofPort = [];
        for (int i = 0; i < settings.Listeners.Length; i++)
        {
            ref readonly ListenerSettings listener = ref settings.Listeners.ItemRef(i);
            if (Listener.Length > 0 ? listener.Name != Listener : listener.Mode != ListenerMode.Http || listener.Tls.Enabled != IsHttps)
                continue;
            all.Add(i);
            if (listener.Bind.Any(bind => bind.EndsWith($":{Port}", StringComparison.Ordinal)))
                ofPort.Add(i);
        }
        return Listener.Length > 0 || ofPort.Count == 0 ? all : ofPort;
    }

    /// <summary>Reads and judges it as a listener does. Says why it refuses it; null when it does not.</summary>
    /// <param name="listener">The listener.</param>
    /// <param name="head">Takes what is read.</param>
    public string? ReadFor(in ListenerSettings listener, RequestHead head)
    {
        head.ForgetRoute();
        ParseOutcome outcome = RequestHeadParser.Parse(_head, HeadLimits.Of(listener), head);
        RejectReason reason = outcome.Status == ParseStatus.Rejected ? outcome.Reason : ConnectionHeader.Apply(_head, head.Fields).Reason;
        if (reason == RejectReason.None)
            reason = MessageFraming.OfRequest(_head, head).Reason;
        if (reason != RejectReason.None)
            return Refused(reason);
        head.Verdict = ClientClaims.Of(listener)?.Judge(_head, head.Fields, Client, default, IsHttps);
        return null;
    }

    /// <summary>The peer of the connection; null when that is no IP address.</summary>
    public static IPAddress? ClientOf(RouteQuestionText text) =>
        IPAddress.TryParse(text.Client, out IPAddress? client) && (text.Client.Contains(':') || client.ToString() == text.Client) ? client : null;

    public static string NoClient(RouteQuestionText text) => $"--client: \"{text.Client}\" is no IP address";

    /// <summary>How a refusal is told.
    public static string Refused(RejectReason reason) =>
        $"answered with {RejectReasons.StatusOf(reason)}: {RejectReasons.CodeOf(reason)} (see access-log.md)";

    private static bool TryReadPort(string authority, string scheme, out int port)
    {
        int colon = authority.LastIndexOf(':');
        bool hasPort = colon > authority.LastIndexOf(']');
        port = scheme == "https" ? 443 : 80;
        return !hasPort || (int.TryParse(authority.AsSpan(colon + 1), out port) && port is >= 1 and <= 65535);
    }

    private static byte[] HeadOf(RouteQuestionText text, string target, string authority)
    {
        var lines = new StringBuilder($"{text.Method} {target} HTTP/1.1\r\n");
        if (!text.Headers.Any(static line => line.StartsWith("host:", StringComparison.OrdinalIgnoreCase)))
            lines.Append("Host: ").Append(authority).Append("\r\n");
        foreach (string line in text.Headers)
            lines.Append(line).Append("\r\n");
        return Encoding.UTF8.GetBytes(lines.Append("\r\n").ToString());
    }
}
