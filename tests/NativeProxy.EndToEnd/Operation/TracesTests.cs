using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using NativeProxy.EndToEnd.Tls;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>Spans of sampled exchanges go to a collector of OpenTelemetry, and one that is not well costs nobody a request.</summary>
[Trait("layer", "no")] // the collector has none
public sealed class TracesTests
{
    private const string Trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    private const string Caller = "00f067aa0ba902b7";
    private const string Create = "trace.traceparent = \"create\"";
    private const string Thanks = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";

    /// <summary>Each worker sends its own; the server's parent is the span that the collector gets.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task SampledExchange_GetsASpan_BetweenItsCallerAndItsServer(int workers)
    {
        await using ScriptedOrigin collector = ScriptedOrigin.Answering(Thanks);
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(workers).Listener(Create).Log(
            "access = \"off\"", "redact_query = [\"token\"]",
            $"traces = {{ endpoint = \"http://{collector.Address}\", service = \"edge\", headers = {{ X-Tenant = \"a\" }} }}"));
        await using (RawClient client = await proxy.Connect())
        {
            await client.SendGet("/a?token=secret&b=1", $"traceparent: 00-{Trace}-{Caller}-01\r\n");
            Assert.Equal(200, (await client.ReadResponse()).Status);
            await client.SendGet("/unsampled", $"traceparent: 00-{Trace}-{Caller}-00\r\n");
            Assert.Equal(200, (await client.ReadResponse()).Status);
        }
        JsonElement span = Assert.Single(await SpansOf(collector, 1));

        string request = collector.Requests[0].Request;
        Assert.StartsWith("POST /v1/traces HTTP/1.1\r\n", request, StringComparison.Ordinal);
        Assert.Equal(("application/json", "a", collector.Address), (
            HttpResponse.FieldOf(request, "Content-Type"), HttpResponse.FieldOf(request, "X-Tenant"), HttpResponse.FieldOf(request, "Host")));
        Assert.Contains("\"key\":\"service.name\",\"value\":{\"stringValue\":\"edge\"}", request, StringComparison.Ordinal);
        string parent = HttpResponse.FieldOf(origin.Requests[0].Request, "traceparent")!;
        Assert.Equal(parent, $"00-{Text(span, "traceId")}-{Text(span, "spanId")}-01");
        Assert.Equal((Trace, Caller), (Text(span, "traceId"), Text(span, "parentSpanId")));
        Assert.Equal(("/a", "token=REDACTED&b=1"), (Attribute(span, "url.path"), Attribute(span, "url.query")));
        Assert.Equal(("app", "a"), (Attribute(span, "nativeproxy.upstream"), Attribute(span, "nativeproxy.server")));
        Assert.Equal("200", Attribute(span, "http.response.status_code"));
        long lastsNs = Number(span, "endTimeUnixNano") - Number(span, "startTimeUnixNano");
        Assert.InRange(lastsNs, 0, 60_000_000_000);
        Assert.InRange(Number(span, "endTimeUnixNano") / 1_000_000, DateTimeOffset.UtcNow.AddMinutes(-2).ToUnixTimeMilliseconds(),
            DateTimeOffset.UtcNow.AddSeconds(2).ToUnixTimeMilliseconds());
        await proxy.WaitForMetric("nativeproxy_spans_sent_total", 1);
        Assert.Equal(0, await proxy.Metric("nativeproxy_log_lines_written_total"));
    }

    [Fact]
    public async Task OneInSoMany_IsSampled_AndTheAccessLogHasAllOfThem()
    {
        await using ScriptedOrigin collector = ScriptedOrigin.Answering(Thanks);
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).Listener(Create, "trace.sample = 5").Log(Endpoint(collector)));
        for (int i = 0; i < 10; i++)
            await proxy.AskOnce($"/{i}");
        IReadOnlyList<JsonElement> spans = await SpansOf(collector, 2);
        Assert.Equal(["/0", "/5"], spans.Select(static span => Attribute(span, "url.path")!));
        Assert.All(spans, static span => Assert.False(span.TryGetProperty("parentSpanId", out _)));
        await proxy.WaitForMetric("nativeproxy_log_lines_written_total", 10);
        string[] flags = [.. origin.Requests.Select(static one => HttpResponse.FieldOf(one.Request, "traceparent")![^2..])];
        Assert.Equal(["01", "00", "00", "00", "00", "01", "00", "00", "00", "00"], flags);
    }

    /// <summary>What the server has done wrong is the span's error, and so is a server that is not there.</summary>
    [Fact]
    public async Task SpanOfAFailure_SaysWhoseItWas()
    {
        await using ScriptedOrigin collector = ScriptedOrigin.Answering(Thanks);
        using var server = new DeadServer();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(server.Address).Listener(Create).Log(Endpoint(collector)));
        Assert.Equal(502, (await proxy.AskOnce("/")).Status);
        JsonElement span = Assert.Single(await SpansOf(collector, 1));
        Assert.Equal(2, span.GetProperty("status").GetProperty("code").GetInt32());
        Assert.Equal(("502", "SC--"), (Attribute(span, "http.response.status_code"), Attribute(span, "nativeproxy.state")));
        Assert.NotNull(Attribute(span, "error.type"));
    }

    /// <summary>It is told once, asked again, and what waited comes when it is back.</summary>
    [Theory]
    [InlineData("HTTP/1.1 503 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", "it answers with status 503")]
    [InlineData("what?\r\n\r\n", "does not answer in HTTP")]
    public async Task CollectorThatIsNotWell_GetsTheSpansWhenItIs(string first, string problem)
    {
        int asked = 0;
        await using ScriptedOrigin collector = ScriptedOrigin.Answering(_ => asked++ == 0 ? first : Thanks);
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener(Create).Log(Endpoint(collector)));
        await proxy.AskOnce("/one");
        await proxy.Errors.WaitFor(problem);
        Assert.Equal(200, (await proxy.AskOnce("/two")).Status);
        await proxy.WaitForMetric("nativeproxy_spans_sent_total", 2);
        await proxy.Errors.WaitFor("it takes spans again; 0 were lost meanwhile");
        Assert.Equal(0, await proxy.Metric("nativeproxy_spans_lost_total"));
    }

    /// <summary>One that shows a certificate of the system's authorities gets them; another one could be anybody.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task SecureCollector_GetsSpans_IfItsCertificateIsSound(bool isKnown)
    {
        await using ScriptedOrigin collector = ScriptedOrigin.Answering(Thanks);
        await using ProxyUnderTest secure = await ProxyUnderTest.Start(ProxyConfig.For(collector).Listener(TlsScene.Listening("", TestPki.Local)));
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        string authorities = isKnown ? TestPki.Authority : TestPki.OtherAuthority;
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener(Create)
            .Log($"traces = {{ endpoint = \"https://127.0.0.1:{secure.Port()}\" }}")
            .StartedThrough($"SSL_CERT_FILE={authorities} SSL_CERT_DIR=/nowhere exec \"$0\" \"$@\""));
        await proxy.AskOnce("/one");
        if (isKnown)
        {
            Assert.Equal("/one", Attribute(Assert.Single(await SpansOf(collector, 1)), "url.path"));
            return;
        }
        await proxy.Errors.WaitFor("its certificate is not sound (RemoteCertificateChainErrors)");
        Assert.Empty(collector.Requests);
    }

    /// <summary>A name is looked up aside; one that is none costs spans only.</summary>
    [Fact]
    public async Task CollectorWithoutAnAddress_IsTold()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).Listener(Create).Log("traces = { endpoint = \"http://nowhere.invalid:4318\" }"));
        await proxy.AskOnce("/one");
        await proxy.Errors.WaitFor("the name \"nowhere.invalid\" cannot be resolved: ");
        FinishedCommand check = await ProxyBinary.Run("check", "--full", "-c", proxy.ConfigPath);
        Assert.Contains("the name \"nowhere.invalid\" cannot be resolved now", check.Errors + check.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CollectorThatIsNotThere_CostsSpansOnly_AndTheStopNoTime()
    {
        using var collector = new DeadServer();
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).Listener(Create).Log($"traces = {{ endpoint = \"http://{collector.Address}/x\" }}"));
        await proxy.AskOnce("/one");
        await proxy.Errors.WaitFor($"traces for \"http://{collector.Address}/x\": {collector.Address} cannot be asked; it is tried again");
        Assert.Equal(200, (await proxy.AskOnce("/two")).Status);
        proxy.Signal(LinuxSignals.Terminate);
        Assert.Equal(0, await proxy.WaitForExit());
        Assert.Contains("2 spans are lost: nobody took them before the end", proxy.Errors.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SpansThatACollectorDoesNotWant_AreCountedAndTold()
    {
        const string Part = "{\"partialSuccess\":{\"rejectedSpans\":\"1\",\"errorMessage\":\"too old\"}}";
        await using ScriptedOrigin collector = ScriptedOrigin.Answering(
            $"HTTP/1.1 200 OK\r\nContent-Length: {Part.Length}\r\nConnection: close\r\n\r\n{Part}");
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener(Create).Log(Endpoint(collector)));
        await proxy.AskOnce("/one");
        await proxy.WaitForMetric("nativeproxy_spans_lost_total", 1);
        await proxy.Errors.WaitFor("spans are lost: it does not want them: too old");
    }

    /// <summary>A reload begins, moves and ends it; the end of the process sends what is left.</summary>
    [Fact]
    public async Task Reload_TurnsSpansOnAndElsewhere_AndTheEndSendsTheLast()
    {
        await using ScriptedOrigin first = ScriptedOrigin.Answering(Thanks);
        await using ScriptedOrigin second = ScriptedOrigin.Answering(Thanks);
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener(Create).Log("access = \"off\""));
        await proxy.AskOnce("/none");
        await proxy.Reload(toml => toml.Replace("access = \"off\"", Endpoint(first), StringComparison.Ordinal));
        await proxy.AskOnce("/first");
        await proxy.Reload(toml => toml.Replace(first.Address, second.Address, StringComparison.Ordinal));
        await proxy.AskOnce("/second");
        Assert.Equal("/first", Attribute(Assert.Single(await SpansOf(first, 1)), "url.path"));
        proxy.Signal(LinuxSignals.Terminate);
        Assert.Equal(0, await proxy.WaitForExit());
        Assert.Equal("/second", Attribute(Assert.Single(await SpansOf(second, 1)), "url.path"));
    }

    private static string Endpoint(ScriptedOrigin collector) => $"traces = {{ endpoint = \"http://{collector.Address}\" }}";

    /// <summary>All that have come, in the order of their beginning.</summary>
    private static async Task<IReadOnlyList<JsonElement>> SpansOf(ScriptedOrigin collector, int count)
    {
        JsonElement[] spans = [];
        await Deadline.Until(
            () =>
            {
                spans = [.. collector.Requests.SelectMany(static one => SpansIn(one.Request))
                    .OrderBy(static span => int.Parse(Attribute(span, "nativeproxy.client_connection_id")!, CultureInfo.InvariantCulture))];
                return spans.Length >= count;
            },
            () => $"{count} spans, not {spans.Length}");
        return spans;
    }

    private static IEnumerable<JsonElement> SpansIn(string request)
    {
        using var document = JsonDocument.Parse(request[(request.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..]);
        return [.. document.RootElement.GetProperty("resourceSpans")[0].GetProperty("scopeSpans")[0].GetProperty("spans").EnumerateArray()
            .Select(static span => span.Clone())];
    }

    private static string Text(JsonElement span, string name) => span.GetProperty(name).GetString()!;

    private static long Number(JsonElement span, string name) => long.Parse(Text(span, name), CultureInfo.InvariantCulture);

    private static string? Attribute(JsonElement span, string key)
    {
        foreach (JsonElement one in span.GetProperty("attributes").EnumerateArray().Where(one => Text(one, "key") == key))
            return one.GetProperty("value").EnumerateObject().First().Value.GetString();
        return null;
    }
}
