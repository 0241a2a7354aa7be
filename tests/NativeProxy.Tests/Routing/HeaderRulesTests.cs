using System;
using System.Globalization;
using System.Linq;
using System.Net;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Routing;
using NativeProxy.Tests.Config;
using NativeProxy.Tests.Http1;
using Xunit;

namespace NativeProxy.Tests.Routing;

/// <summary>Which fields rules drop, and which lines they add.</summary>
public class HeaderRulesTests
{
    [Theory]
    [InlineData("remove = [\"X-In-*\", \"server-timing\"]", "X-In-A: 1|x-in-: 2|X-In: 3|Server-Timing: 4", "X-In: 3", "")]
    [InlineData("set = { X-A = \"new\" }", "x-a: old|X-A: older|X-B: 1", "X-B: 1", "X-A: new|")]
    [InlineData("add = { X-A = \"new\" }", "X-A: old", "X-A: old", "X-A: new|")]
    [InlineData("default = { X-A = \"new\" }", "X-A: old", "X-A: old", "")]
    [InlineData("default = { X-A = \"new\" }", "X-B: 1", "X-B: 1", "X-A: new|")]
    [InlineData("set = { X-A = \"{client_ip} {method} {path}?{query}\" }", "X-B: 1", "X-B: 1", "X-A: 192.0.2.1 GET /p?q=1|")]
    [InlineData("set = { X-A = \"{header.x-b}-{query.q}-{cookie.c}-{host}-{listener}-{route}\" }", "X-B: 1|Cookie: c=7", "X-B: 1|Cookie: c=7",
        "X-A: 1-1-7-a.example-web-r|")]
    [InlineData("set = { X-A = \"{upstream}{user}\" }", "X-B: 1", "X-B: 1", "X-A: app|")]
    [InlineData("set = { X-A = \"{user}\" }", "X-B: 1", "X-B: 1", "")]
    [InlineData("set = { X-A = \"{header.nothing}\" }", "X-A: old", "", "")]
    [InlineData("set = { X-A = \"{{x}\" }", "X-B: 1", "X-B: 1", "X-A: {x}|")]
    public void Rules_DropAndAdd(string rules, string fields, string left, string added)
    {
        Assert.Equal((left, added), Apply(Rules("", rules), fields));
        Assert.Equal((left, added), Apply(Rules(rules, ""), fields));
    }

    [Theory]
    [InlineData("set = { X-A = \"outer\" }", "set = { x-a = \"inner\" }", "x-a: inner|")]
    [InlineData("add = { X-A = \"outer\" }", "add = { X-A = \"inner\" }", "X-A: outer|X-A: inner|")]
    [InlineData("set = { X-A = \"outer\", X-B = \"b\" }", "remove = [\"X-A\"]", "X-B: b|")]
    [InlineData("set = { X-A = \"outer\" }", "default = { X-A = \"inner\" }", "X-A: outer|")]
    [InlineData("default = { X-A = \"outer\" }", "set = { X-A = \"inner\" }", "X-A: inner|")]
    [InlineData("default = { X-D = \"outer\", X-E = \"e\" }", "default = { x-d = \"inner\" }", "X-E: e|x-d: inner|")]
    [InlineData("add = { X-D = \"outer\" }", "default = { X-D = \"inner\" }", "X-D: outer|")]
    [InlineData("remove = [\"X-*\"]", "set = { X-A = \"inner\" }", "X-A: inner|")]
    public void RulesOfListenerAndRoute_AddUp_AndTheRouteWins(string ofListener, string ofRoute, string added) =>
        Assert.Equal(added, Apply(Rules(ofListener, ofRoute), "X-A: client").Added);

    [Theory]
    [InlineData("Content-*", "Content-Length: 5|Content-Type: a|Content-Language: en", "Content-Length: 5")]
    [InlineData("V*", "Via: 1.1 other|Vary: a", "Via: 1.1 other")]
    public void NamesThatBeginSo_AreNotThoseOfTheProxy(string pattern, string fields, string left) =>
        Assert.Equal(left, Apply(Rules($"remove = [\"{pattern}\"]", ""), fields).Left);

    [Fact]
    public void WithoutRules_ThereIsNothingToApply() => Assert.Null(Rules("", ""));

    [Fact]
    public void LinesThatDoNotFit_RefuseTheRequest()
    {
        HeaderRules rules = Rules("add = { A = \"{header.big}\", B = \"{header.big}\" }", "")!;
        string text = $"GET / HTTP/1.1\r\nHost: a\r\nbig: {new string('x', 9000)}\r\n\r\n";
        Assert.Equal(ParseStatus.Done, Wire.Request(text, out RequestHead head).Status);
        Assert.False(rules.TryApply(Wire.Bytes(text), head, default, out _));
    }

    [Fact]
    public void Response_GetsWhatIsFixed()
    {
        HeaderRules rules = ResponseRules("set = { Server = \"us\" }\nremove = [\"X-*\"]", "default = { A = \"{listener}/{route}\", B = \"b\" }")!;
        const string Text = "HTTP/1.1 200 OK\r\nserver: them\r\nX-Debug: 1\r\nB: theirs\r\n\r\n";
        Assert.Equal(ParseStatus.Done, Wire.Response(Text, out ResponseHead head).Status);

        Assert.Equal("Server: us\r\nA: web/r\r\n", Wire.Text(rules.Apply(Wire.Bytes(Text), head.Fields, Facts)));
        Assert.Equal((true, true, false), (head.Fields[0].IsHopByHop, head.Fields[1].IsHopByHop, head.Fields[2].IsHopByHop));
    }

    [Fact]
    public void LinesOfAResponse_AlwaysFit()
    {
        string value = new('v', 10_000);
        HeaderRules rules = ResponseRules($"add = {{ A = \"{value}\", B = \"{value}\" }}", $"add = {{ C = \"{value}\" }}")!;
        const string Text = "HTTP/1.1 200 OK\r\n\r\n";
        Assert.Equal(ParseStatus.Done, Wire.Response(Text, out ResponseHead head).Status);

        Assert.Equal($"A: {value}\r\nB: {value}\r\nC: {value}\r\n", Wire.Text(rules.Apply(Wire.Bytes(Text), head.Fields, Facts)));
    }

    [Fact]
    public void ErrorOfTheProxy_HasATypeAndIsNotKept_WhateverPagesHaveByDefault()
    {
        HeaderRules rules = ResponseRules(
            "set = { A = \"a\" }", "default = { Cache-Control = \"max-age=9\", Content-Type = \"text/html\", B = \"b\" }")!;
        Assert.Equal("A: a\r\nB: b\r\n", Wire.Text(rules.OwnLines()));
        Assert.False(rules.WritesToErrors("cache-control"u8));
        Assert.True(ResponseRules("set = { Cache-Control = \"no-cache\" }", "")!.WritesToErrors("cache-control"u8));
    }

    [Theory]
    [InlineData("{status}", "A: 503|")]
    [InlineData("{server}", "A: s1|")]
    [InlineData("{upstream}/{server} by {listener}/{route}", "A: app/s1 by web/r|")]
    [InlineData("{client_ip}:{client_port} {peer_ip}", "A: 2001:db8::1:5 192.0.2.2|")]
    [InlineData("{local_ip}{local_port}", "")]
    [InlineData("{request_id}{trace_id}", "")]
    [InlineData("[{request_id}]", "A: []|")]
    public void Response_SaysWhatIsKnownOfIt(string value, string lines)
    {
        HeaderRules rules = ResponseRules($"set = {{ A = \"{value}\" }}", "")!;
        Assert.False(rules.IsFixed);
        Assert.Equal(lines, Wire.Text(rules.Apply(default, new HeaderTable(4), Facts)).Replace("\r\n", "|", StringComparison.Ordinal));
        Assert.Equal("", Wire.Text(rules.OwnLines()));
        Assert.Equal(lines, Wire.Text(rules.OwnLines(Facts)).Replace("\r\n", "|", StringComparison.Ordinal));
    }

    [Fact]
    public void Response_SaysTheMoment()
    {
        string line = Wire.Text(ResponseRules("set = { A = \"{time}\" }", "")!.Apply(default, new HeaderTable(4), Facts));
        DateTimeOffset told = DateTimeOffset.ParseExact(line, "'A: 'yyyy-MM-dd'T'HH:mm:ss.fff'Z\r\n'", null, DateTimeStyles.AssumeUniversal);
        Assert.InRange(DateTimeOffset.UtcNow - told, TimeSpan.FromSeconds(-1), TimeSpan.FromMinutes(1));
    }

    /// <summary>A name that only discovery can bring.</summary>
    [Theory]
    [InlineData(256, 256)]
    [InlineData(257, 0)]
    public void NameOfAServerThatIsTooLong_IsLeftOut(int length, int said)
    {
        HeaderRules rules = ResponseRules("set = { A = \"({server})\", B = \"{client_ip}{peer_ip}{status}{time}\" }", "")!;
        ResponseFacts facts = Facts with { Server = new string('s', length) };
        string lines = Wire.Text(rules.Apply(default, new HeaderTable(4), facts));
        Assert.StartsWith($"A: ({new string('s', said)})\r\nB: 2001:db8::1192.0.2.2503", lines, StringComparison.Ordinal);
        Assert.EndsWith("Z\r\n", lines, StringComparison.Ordinal);
    }

    /// <summary>Errors have these of their own.</summary>
    [Fact]
    public void ErrorOfTheProxy_HasNoTypeThatNamesSomething()
    {
        HeaderRules rules = ResponseRules("set = { Content-Type = \"{server}/x\", Retry-After = \"{status}\", B = \"{status}\" }", "")!;
        Assert.Equal(("", "B: 503\r\n"), (Wire.Text(rules.OwnLines()), Wire.Text(rules.OwnLines(Facts))));
        Assert.False(rules.WritesToErrors("content-type"u8));
    }

    private static RuleNames Names => new("web", "r", "app");

    private static ResponseFacts Facts => new()
    {
        StatusCode = 503,
        Server = "s1",
        Trace = null,
        Client = PeerAddress.Of(IPAddress.Parse("2001:db8::1"), 5),
        Ends = new Ends(),
    };

    private static HeaderRules? Rules(string ofListener, string ofRoute) =>
        HeaderRules.ForRequests(Levels("request_headers", ofListener, ofRoute), "", Names, new byte[16 * 1024]);

    private static HeaderRules? ResponseRules(string ofListener, string ofRoute) =>
        HeaderRules.ForResponses(Levels("response_headers", ofListener, ofRoute), Names);

    private static HeaderRuleSettings[] Levels(string table, params string[] rules) =>
        [.. rules.Where(static rule => rule.Length > 0).Select(rule => SettingsOf(table, rule))];

    private static HeaderRuleSettings SettingsOf(string table, string lines)
    {
        SettingsResult result = SettingsTrial.Parse($"{SettingsTrial.Minimal}\n[[route]]\nupstream = \"app\"\n[route.{table}]\n{lines}\n");
        Assert.Empty(result.Errors);
        RouteSettings route = result.Settings.Routes[0];
        return table == "request_headers" ? route.RequestHeaders : route.ResponseHeaders;
    }

    /// <summary>The ends of a connection.</summary>
    private sealed class Ends : IRequestEnds
    {
        public PeerAddress Peer { get; } = PeerAddress.Of(IPAddress.Parse("192.0.2.2"), 6);

        public PeerAddress Local { get; init; }
    }

    private static (string Left, string Added) Apply(HeaderRules? rules, string fields)
    {
        string text = $"GET /p?q=1 HTTP/1.1\r\nHost: a.example:80\r\n{fields.Replace("|", "\r\n", StringComparison.Ordinal)}\r\n\r\n";
        byte[] bytes = Wire.Bytes(text);
        Assert.Equal(ParseStatus.Done, Wire.Request(text, out RequestHead head).Status);
        Assert.True(rules!.TryApply(bytes, head, PeerAddress.Of(IPAddress.Parse("192.0.2.1"), 5), out ReadOnlySpan<byte> lines));
        string left = "";
        for (int i = 1; i < head.Fields.Count; i++)
        {
            ref HeaderField field = ref head.Fields[i];
            if (!field.IsHopByHop)
                left += $"{(left.Length > 0 ? "|" : "")}{Wire.Text(field.Name.Of(bytes))}: {Wire.Text(field.Value.Of(bytes))}";
        }
        return (left, Wire.Text(lines).Replace("\r\n", "|", StringComparison.Ordinal));
    }
}
