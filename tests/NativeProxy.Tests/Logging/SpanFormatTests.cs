using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.Json;
using NativeProxy.Logging;
using Xunit;

namespace NativeProxy.Tests.Logging;

/// <summary>A span as collectors read it, whatever a client has sent.</summary>
public sealed class SpanFormatTests
{
    private const string TraceParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    private static readonly string[] Methods = ["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE"];

    [Fact]
    public void Span_SaysWhereItBelongs_WhenItWas_AndWhatHappened()
    {
        AccessRecord record = SampleRecords.Get("/a/b?x=1&y=2");
        record.TraceParent = Encoding.ASCII.GetBytes(TraceParent);
        record.CallerSpan = "b7ad6b7169203331"u8;
        record.RequestId = "id-1"u8;
        record.Host = "example.com:8443"u8;
        JsonElement span = SpanOf(record);

        Assert.Equal(
            ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", "b7ad6b7169203331", "GET", 2, 769),
            (Text(span, "traceId"), Text(span, "spanId"), Text(span, "parentSpanId"), Text(span, "name"), span.GetProperty("kind").GetInt32(),
                span.GetProperty("flags").GetInt32()));
        Assert.Equal(("1795342272123000000", "1795342272126000000"), (Text(span, "startTimeUnixNano"), Text(span, "endTimeUnixNano")));
        Assert.False(span.TryGetProperty("status", out _));
        Dictionary<string, string> attributes = AttributesOf(span);
        Dictionary<string, string> expected = new()
        {
            ["http.request.method"] = "GET", ["url.path"] = "/a/b", ["url.query"] = "x=1&y=2", ["url.scheme"] = "http",
            ["network.protocol.version"] = "1.1", ["server.address"] = "example.com", ["server.port"] = "8443", ["user_agent.original"] = "curl/8.0",
            ["http.request.size"] = "80", ["client.address"] = "127.0.0.1", ["client.port"] = "40000", ["network.peer.address"] = "127.0.0.1",
            ["http.response.status_code"] = "200", ["http.response.size"] = "150", ["nativeproxy.listener"] = "web", ["nativeproxy.upstream"] = "app",
            ["nativeproxy.server"] = "a", ["nativeproxy.server_address"] = "10.0.0.7:9001", ["nativeproxy.state"] = "----",
            ["nativeproxy.request_id"] = "id-1", ["nativeproxy.client_connection_id"] = "12", ["nativeproxy.client_request_number"] = "3",
            ["nativeproxy.server_connection"] = "reused", ["nativeproxy.server_connection_id"] = "7", ["nativeproxy.server_use_number"] = "2",
            ["nativeproxy.retries"] = "0", ["nativeproxy.request_ms"] = "0", ["nativeproxy.queue_ms"] = "0", ["nativeproxy.connect_ms"] = "1",
            ["nativeproxy.response_ms"] = "2",
        };
        Assert.Equal(Lines(expected), Lines(attributes));
    }

    [Fact]
    public void SpanThatBeginsATrace_HasNoParent_AndARouteIsPartOfItsName()
    {
        AccessRecord record = Sampled();
        record.Numbers.RouteName = 3;
        JsonElement span = SpanOf(record);
        Assert.False(span.TryGetProperty("parentSpanId", out _));
        Assert.Equal((257, "GET a", "a"), (span.GetProperty("flags").GetInt32(), Text(span, "name"), AttributesOf(span)["nativeproxy.route"]));
    }

    [Theory]
    [InlineData(200, 0, false, null)]
    [InlineData(404, 0, false, null)]
    [InlineData(500, 0, true, "500")]
    [InlineData(504, 4, true, "idle_timeout")]
    [InlineData(-1, 4, true, "idle_timeout")]
    [InlineData(-1, 0, true, "-1")]
    public void ServersFault_IsAnError_AndSoIsAnExchangeWithoutAnAnswer(int status, int closeReason, bool isError, string? type)
    {
        AccessRecord record = Sampled();
        (record.Numbers.Status, record.Numbers.CloseReasonName) = (status, closeReason);
        JsonElement span = SpanOf(record);
        Assert.Equal(isError, span.TryGetProperty("status", out JsonElement said) && said.GetProperty("code").GetInt32() == 2);
        Dictionary<string, string> attributes = AttributesOf(span);
        Assert.Equal(type, attributes.GetValueOrDefault("error.type"));
        Assert.Equal(status >= 0, attributes.ContainsKey("http.response.status_code"));
    }

    [Theory]
    [InlineData("example.com", "example.com", null)]
    [InlineData("[2001:db8::1]", "[2001:db8::1]", null)]
    [InlineData("[2001:db8::1]:80", "[2001:db8::1]", "80")]
    [InlineData("a:", "a:", null)]
    [InlineData("a:b", "a:b", null)]
    [InlineData("a:123456", "a:123456", null)]
    [InlineData("", null, null)]
    public void Host_IsNameAndPort_AsFarAsItIs(string host, string? address, string? port)
    {
        AccessRecord record = Sampled();
        record.Host = Encoding.ASCII.GetBytes(host);
        Dictionary<string, string> attributes = AttributesOf(SpanOf(record));
        Assert.Equal((address, port), (attributes.GetValueOrDefault("server.address"), attributes.GetValueOrDefault("server.port")));
    }

    [Theory]
    [InlineData("http://example.com/a?b", "url.full", "http://example.com/a?b")]
    [InlineData("example.com:443", "url.full", "example.com:443")]
    [InlineData("*", "url.path", "*")]
    [InlineData("/", "url.path", "/")]
    public void TargetThatIsNoPath_StandsAsItIs(string target, string key, string value)
    {
        AccessRecord record = Sampled(target);
        Dictionary<string, string> attributes = AttributesOf(SpanOf(record));
        Assert.Equal(value, attributes[key]);
        Assert.False(attributes.ContainsKey("url.query"));
    }

    [Fact]
    public void MethodsThatTheConventionsDoNotKnow_AreOther()
    {
        foreach (string method in (string[])[.. Methods, "PROPFIND", "get", "\"", ""])
        {
            bool isKnown = Methods.Contains(method);
            AccessRecord record = Sampled();
            record.Method = Encoding.ASCII.GetBytes(method);
            JsonElement span = SpanOf(record);
            Dictionary<string, string> attributes = AttributesOf(span);
            Assert.Equal((isKnown ? method : "HTTP", isKnown ? method : "_OTHER"), (Text(span, "name"), attributes["http.request.method"]));
            Assert.Equal(isKnown || method.Length == 0 ? null : method, attributes.GetValueOrDefault("http.request.method_original"));
        }
    }

    /// <summary>Seeded; what is sent comes back as text, in sound JSON.</summary>
    [Fact]
    public void AnyBytes_MakeSoundJson()
    {
        var random = new Random(15);
        byte[] bytes = new byte[64];
        for (int i = 0; i < 5000; i++)
        {
            random.NextBytes(bytes);
            int cut = random.Next(bytes.Length);
            AccessRecord record = Sampled();
            record.Target = bytes.AsSpan(0, cut);
            record.Method = bytes.AsSpan(cut);
            record.Host = bytes.AsSpan(cut / 2);
            record.UserAgent = record.Version = record.RequestId = record.Tls = bytes;
            JsonElement span = SpanOf(record);
            Assert.All(AttributesOf(span).Values, static value => Assert.DoesNotContain(value, static c => char.IsSurrogate(c) && c == '\uFFFD'));
        }
    }

    private static IEnumerable<string> Lines(Dictionary<string, string> attributes) =>
        attributes.Select(static one => $"{one.Key} = {one.Value}").Order(StringComparer.Ordinal);

    internal static AccessRecord Sampled(string target = "/")
    {
        AccessRecord record = SampleRecords.Get(target);
        record.TraceParent = Encoding.ASCII.GetBytes(TraceParent);
        return record;
    }

    internal static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    private static JsonElement SpanOf(in AccessRecord record)
    {
        LogText text = new();
        SpanFormat.AppendBegin(text, "edge \"1\""u8, "1.2.3"u8, "h1"u8, 7);
        SpanFormat.Append(text, record, SampleRecords.Names());
        SpanFormat.AppendEnd(text);
        using var document = JsonDocument.Parse(text.Bytes.ToArray());
        JsonElement resource = document.RootElement.GetProperty("resourceSpans")[0];
        Dictionary<string, string> who = AttributesOf(resource.GetProperty("resource"));
        Assert.Equal(("edge \"1\"", "1.2.3", "h1", "7"), (who["service.name"], who["service.version"], who["host.name"], who["process.pid"]));
        return resource.GetProperty("scopeSpans")[0].GetProperty("spans")[0].Clone();
    }

    /// <summary>Each attribute stands there once, with a value of one kind.</summary>
    private static Dictionary<string, string> AttributesOf(JsonElement span)
    {
        var attributes = new Dictionary<string, string>();
        foreach (JsonElement attribute in span.GetProperty("attributes").EnumerateArray())
        {
            JsonProperty value = Assert.Single(attribute.GetProperty("value").EnumerateObject());
            Assert.Contains(value.Name, new[] { "stringValue", "intValue" });
            attributes.Add(Text(attribute, "key"), value.Value.GetString()!);
        }
        return attributes;
    }
}
