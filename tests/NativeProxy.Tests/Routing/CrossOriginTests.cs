using System;
using System.Collections.Immutable;
using NativeProxy.Config;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Routing;
using NativeProxy.Tests.Config;
using NativeProxy.Tests.Http1;
using Xunit;

namespace NativeProxy.Tests.Routing;

public class CrossOriginTests
{
    private const string Sites = "allow_origins = [\"https://app.example\", \"https://*.dev.example\", \"http://*.port.example:8080\"]";

    [Theory]
    [InlineData("https://app.example")]
    [InlineData("https://a.dev.example")]
    [InlineData("https://a.b-c.dev.example")]
    [InlineData("http://a.port.example:8080")]
    public void ListedOrigin_IsRepeated(string origin) =>
        Assert.Equal($"Access-Control-Allow-Origin: {origin}\r\nVary: Origin\r\n", LinesFor(Sites, $"Origin: {origin}"));

    [Theory]
    [InlineData("https://evil.example")]
    [InlineData("http://app.example")]
    [InlineData("https://app.example:444")]
    [InlineData("https://app.example.evil")]
    [InlineData("https://xapp.example")]
    [InlineData("HTTPS://app.example")]
    [InlineData("https://dev.example")]
    [InlineData("https://.dev.example")]
    [InlineData("https://evildev.example")]
    [InlineData("https://evil.com/.dev.example")]
    [InlineData("https://evil.com#.dev.example")]
    [InlineData("https://evil.com?.dev.example")]
    [InlineData("https://evil.com\\.dev.example")]
    [InlineData("https://evil.com:1.dev.example")]
    [InlineData("https://evil.com@a.dev.example")]
    [InlineData("https://a.dev.example:1")]
    [InlineData("http://a.port.example")]
    [InlineData("http://a.port.example:80800")]
    [InlineData("null")]
    [InlineData("")]
    [InlineData("*")]
    [InlineData("https://app.example https://evil.example")]
    public void OriginOfAStranger_IsNeverRepeated(string origin) => Assert.Equal("Vary: Origin\r\n", LinesFor(Sites, $"Origin: {origin}"));

    [Fact]
    public void SecondOrigin_AllowsNothing() =>
        Assert.Equal("Vary: Origin\r\n", LinesFor(Sites, "Origin: https://app.example", "Origin: https://evil.example"));

    [Fact]
    public void OverlongOrigin_AllowsNothing() =>
        Assert.Equal("Vary: Origin\r\n", LinesFor(Sites, $"Origin: https://{new string('a', 400)}.dev.example"));

    [Fact]
    public void OriginOfAllSites_NeedsNoRequestOfAnother() => Assert.Equal(
        "Access-Control-Allow-Origin: *\r\nAccess-Control-Expose-Headers: X-A, X-B\r\n",
        LinesFor("allow_origins = [\"*\"]\nexpose_headers = [\"X-A\", \"X-B\"]"));

    [Fact]
    public void Preflight_IsToldWhatIsAllowed() => Assert.Equal(
        "Access-Control-Allow-Origin: https://app.example\r\nAccess-Control-Allow-Credentials: true\r\nAccess-Control-Allow-Methods: GET, PUT\r\n"
            + "Access-Control-Allow-Headers: X-Token\r\nAccess-Control-Max-Age: 600\r\nVary: Origin\r\n",
        LinesFor(Sites + "\ncredentials = true\nallow_methods = [\"GET\", \"PUT\"]\nallow_headers = [\"X-Token\"]",
            isPreflight: true, "Origin: https://app.example", "Access-Control-Request-Method: PUT"));

    [Theory]
    [InlineData("OPTIONS", true, "Origin: https://a", "Access-Control-Request-Method: PUT")]
    [InlineData("OPTIONS", true, "origin: x", "ACCESS-CONTROL-REQUEST-METHOD: x")]
    [InlineData("OPTIONS", false, "Origin: https://a", "X: y")]
    [InlineData("OPTIONS", false, "X: y", "Access-Control-Request-Method: PUT")]
    [InlineData("GET", false, "Origin: https://a", "Access-Control-Request-Method: PUT")]
    public void Preflight_IsKnownByItsFields(string method, bool isOne, params string[] lines)
    {
        RequestHead head = Read(method, lines, out byte[] bytes);
        Assert.Equal(isOne, CrossOrigin.IsPreflight(bytes, head));
    }

    private static string LinesFor(string settings, params string[] lines) => LinesFor(settings, isPreflight: false, lines);

    private static string LinesFor(string settings, bool isPreflight, params string[] lines)
    {
        SettingsResult result = SettingsTrial.Parse($"{SettingsTrial.Minimal}\n[[route]]\nupstream = \"app\"\n[route.cors]\n{settings}\n");
        Assert.Empty(result.Errors);
        ImmutableArray<RouteSettings> routes = result.Settings.Routes;
        var rule = new CrossOrigin(routes[0].Cors);
        RequestHead head = Read("GET", lines, out byte[] bytes);
        byte[] room = new byte[rule.LinesBytesMax];
        return Wire.Text(room.AsSpan(0, rule.WriteLines(room, bytes, head, isPreflight)));
    }

    private static RequestHead Read(string method, string[] lines, out byte[] bytes)
    {
        string text = $"{method} / HTTP/1.1\r\nHost: h\r\n{Wire.Lines(lines)}";
        bytes = Wire.Bytes(text);
        Assert.Equal(ParseStatus.Done, Wire.Request(text, out RequestHead head).Status);
        return head;
    }
}
