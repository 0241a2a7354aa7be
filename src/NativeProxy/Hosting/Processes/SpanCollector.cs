using System;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Logging;
using NativeProxy.Pipes;
using NativeProxy.Transport.Tls;
using NativeProxy.Upstreams.Naming;
using NativeProxy.Upstreams.Origins;

namespace NativeProxy.Hosting.Processes;

/// <summary>
/// Takes spans to the collector of <c>[log.traces]</c>, each batch by one POST on a connection of its own (OTLP/HTTP 1.x). Owner: a
/// <see cref="SpanOutput"/>, one batch at a time; control plane, on the thread pool. Never waits longer than its limit.
/// </summary>
internal sealed class SpanCollector
{
    /// <summary>How long one batch may take, the look-up of the name included.</summary>
    private static readonly TimeSpan SendLimit = TimeSpan.FromSeconds(10);

    /// <summary>How long the addresses of a name are believed.</summary>
    private const long AddressesMs = 30_000;

    private const int AnswerBytesMax = 64 * 1024;

    private readonly NameFinder _finder;
    private readonly HttpUrl _url;
    private readonly string _head;
    private IPAddress[] _addresses = [];
    private long _foundAtMs;

    /// <summary>What the last handshake has found wrong with the certificate.</summary>
    private SslPolicyErrors _distrust;

    private SpanCollector(in LogTracesSettings settings, in HttpUrl url, NameFinder finder)
    {
        _finder = finder;
        _url = url;
        string target = url.Target == "/" ? LogTracesSettings.DefaultTarget : url.Target;
        _head = $"POST {target} HTTP/1.1\r\nHost: {url.Authority}\r\nUser-Agent: nativeproxy/{ProductVersion.Text}\r\n"
            + $"Content-Type: application/json\r\nConnection: close\r\n{settings.HeaderText}Content-Length: ";
    }

    /// <summary>Where the spans go by these settings; null = nowhere, with the problem if it cannot be as they say.</summary>
    public static SpanPlace? PlaceOf(in LogTracesSettings settings, in ResolverSettings resolver, out string problem)
    {
        problem = "";

        // The settings rules have refused what is no URL.
        if (!HttpUrl.TryParse(settings.Endpoint, out HttpUrl url, mayBeSecure: true) || (url.IsSecure && !OpenSslLibrary.TryLoad(out problem)))
            return null;
        var collector = new SpanCollector(settings, url, new NameFinder(resolver));
        return new SpanPlace($"traces for \"{settings.Endpoint}\"", settings.Service, collector.Send);
    }

    private async Task<SpanReply> Send(byte[] batch)
    {
        using var over = new CancellationTokenSource(SendLimit);
        if (await FindAddresses() is { Length: > 0 } unknown)
            return new SpanReply(SpanOutcome.Later, unknown);
        byte[] head = Encoding.Latin1.GetBytes($"{_head}{batch.Length}\r\n\r\n");
        byte[] request = [.. head, .. batch];
        var reply = new SpanReply(SpanOutcome.Later);
        foreach (IPAddress address in _addresses)
        {
            _distrust = SslPolicyErrors.None;
            HttpDocument answer = await HttpDocument.Send(
                new IPEndPoint(address, _url.Port), request, AnswerBytesMax, over.Token, _url.IsSecure ? TlsTerms() : null);
            reply = ReplyOf(answer);
            if (answer.StatusCode > 0)
                break;
        }
        return reply;
    }

    /// <summary>Empty, or why there are none. Those that are known are used while the name has no others.</summary>
    private async Task<string> FindAddresses()
    {
        long nowMs = Environment.TickCount64;
        if (_addresses.Length > 0 && nowMs - _foundAtMs < AddressesMs)
            return "";
        NameAnswer answer = await _finder.Find(_url.Host);
        if (answer.Outcome == NameOutcome.Found)
            (_addresses, _foundAtMs) = (answer.Addresses, nowMs);
        return _addresses.Length > 0 ? "" : $"the name \"{_url.Host}\" cannot be resolved: {answer.Why}";
    }

    /// <summary>By the table of retryable answers of OTLP/HTTP.</summary>
    private SpanReply ReplyOf(HttpDocument answer) => answer.StatusCode switch
    {
        0 when _distrust != SslPolicyErrors.None => new SpanReply(SpanOutcome.Later, $"its certificate is not sound ({_distrust})"),
        0 => new SpanReply(SpanOutcome.Later, answer.Problem),
        >= 200 and < 300 => PartOf(answer.Content),
        429 or 502 or 503 or 504 => new SpanReply(SpanOutcome.Later, $"it answers with status {answer.StatusCode}"),
        _ => new SpanReply(SpanOutcome.Refused, $"it answers with status {answer.StatusCode}"),
    };

    /// <summary>A collector may take a batch in part, and says how much it does not want. What else it says is not for us.</summary>
    private static SpanReply PartOf(byte[] content)
    {
        try
        {
            using var document = JsonDocument.Parse(content);
            if (document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("partialSuccess", out JsonElement part)
                && part.ValueKind == JsonValueKind.Object && part.TryGetProperty("rejectedSpans", out JsonElement count)
                && long.TryParse(count.ToString(), out long refused) && refused > 0)
            {
                string why = part.TryGetProperty("errorMessage", out JsonElement message) ? message.ToString() : "";
                return new SpanReply(SpanOutcome.Taken, $"it does not want them{(why.Length > 0 ? ": " + Shown(why) : "")}", refused);
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // It has taken them all the same.
        }
        return new SpanReply(SpanOutcome.Taken);
    }

    private static string Shown(string text) => text.Length <= 200 ? text : text[..200] + "...";

    private SslClientAuthenticationOptions TlsTerms() => new()
    {
        TargetHost = _url.Host,
        CertificateChainPolicy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true },
        RemoteCertificateValidationCallback = (_, _, _, found) =>
        {
            _distrust = found;
            return found == SslPolicyErrors.None;
        },
        AllowRenegotiation = false,
        AllowTlsResume = false,
    };
}
