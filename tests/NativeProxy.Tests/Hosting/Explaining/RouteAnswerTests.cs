using System;
using System.IO;
using NativeProxy.Config;
using NativeProxy.Hosting.Explaining;
using NativeProxy.Tests.Config;
using Xunit;

namespace NativeProxy.Tests.Hosting.Explaining;

/// <summary>The way of a request in words: who does not take it and why, who does, and where that leads.</summary>
public class RouteAnswerTests
{
    [Theory]
    [Trait("promise", "B11")]
    [InlineData("host = [\"a.test\", \"*.b.test\"]", "host = [\"a.test\", \"*.b.test\"]")]
    [InlineData("path_prefix = [\"/p\"]\nmethod = [\"PUT\"]", "method = [\"PUT\"]")]
    [InlineData("path = [\"/p\"]", "path = [\"/p\"]")]
    [InlineData("path_regex = [\"^/[0-9]+$\"]", "path_regex = [\"^/[0-9]+$\"]")]
    [InlineData("scheme = \"https\"", "scheme = \"https\"")]
    [InlineData("source = [\"10.0.0.0/8\"]", "source = [\"10.0.0.0/8\"]")]
    [InlineData("header = { x-a = true, x-b = \"1\" }", "header x-b = \"1\"")]
    [InlineData("query = { q = { prefix = \"z\" } }", "query q = { prefix = \"z\" }")]
    [InlineData("cookie_is = { c = false }", "cookie_is c = false")]
    public void ConditionThatDoesNotHold_IsNamedAsTheFileSaysIt(string conditions, string reason) => Assert.Contains(
        $"route \"first\" does not: {reason}\n",
        Ask($"[[route]]\nname = \"first\"\nupstream = \"app\"\n{conditions}\n", "http://h:8080/x?q=1", "X-A: 1", "Cookie: c=1"),
        StringComparison.Ordinal);

    [Theory]
    [InlineData("deny = 410", "it is answered with 410 (deny)")]
    [InlineData("deny = \"close\"", "its connection is closed (deny)")]
    [InlineData("redirect = \"https://{host}{uri}\"", "it is answered with 302, to https://{host}{uri} (redirect)")]
    [InlineData("split = { app = 95, other = 5 }", "it goes to one of \"app\" (95), \"other\" (5)")]
    [InlineData("upstream = \"other\"", "it goes to upstream \"other\"")]
    [InlineData("upstream = \"other\"\naccess.deny = [\"10.0.0.0/8\"]", "it goes to upstream \"other\", unless refused before by access")]
    [InlineData("upstream = \"other\"\nbasic_auth = { users = { a = \"$2y$05$abcdefghijklmnopqrstuuJ0wG1P4p5v5S0F7mB0t6rXy7D3QnJ0K\" } }",
        "unless refused before by basic_auth")]
    public void WhereItLeads_IsSaid(string action, string said) => Assert.Contains(
        said, Ask($"[[route]]\n{action}\n[[upstream]]\nname = \"other\"\nservers = [\"127.0.0.1:9\"]\n", "http://h:8080/"), StringComparison.Ordinal);

    [Fact]
    public void WithoutARoute_TheListenerSays()
    {
        Assert.Contains("there is no route\n  it goes to upstream \"app\"", Ask("", "http://h:8080/"), StringComparison.Ordinal);
        foreach (string monitor in new[] { "monitor.path = \"/alive\"", "monitor.networks = [\"127.0.0.0/8\"]" })
            Assert.Contains("answered by the proxy itself", Ask("", "http://h:8080/alive?x", listener: monitor), StringComparison.Ordinal);
        Assert.Contains("it is in mode \"tcp\"", Ask("", "http://h:8080/", listener: "mode = \"tcp\"", name: "web"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "it goes to upstream \"app\", unless refused before by access, rate_limit")]
    [InlineData("[[route]]\nupstream = \"app\"\n", "it goes to upstream \"app\", unless refused before by access, rate_limit")]
    public void PolicyOfTheListener_HoldsForAllItsRequests(string route, string said) => Assert.Contains(
        said,
        Ask(route + "[[policy]]\nname = \"inside\"\naccess.allow = [\"10.0.0.0/8\"]\n[[rate_limit]]\nname = \"slow\"\nrate = \"1/s\"\n",
            "http://h:8080/", listener: "policies = [\"inside\"]\nrate_limit = [\"slow\"]"),
        StringComparison.Ordinal);

    [Theory]
    [InlineData("Content-Length: x")]
    [InlineData("Transfer-Encoding: gzip")]
    public void RequestWhoseBodyHasNoSureEnd_TakesNoRoute(string line) =>
        Assert.Contains("answered with ", Ask("", "http://h:8080/", line), StringComparison.Ordinal);

    /// <summary>A path with several readings is sent as it came, and compared in its normal form all the same.</summary>
    [Fact]
    public void PathThatIsSentAsItCame_IsComparedInItsNormalForm() => Assert.Contains(
        "route \"first\" does not: path_regex = [\"^/a%2fb$\"]\n  route \"second\" takes it",
        Ask("[[route]]\nname = \"first\"\npath_regex = [\"^/a%2fb$\"]\nupstream = \"app\"\n[[route]]\nname = \"second\"\nupstream = \"app\"\n",
            "http://h:8080/a%2fb"),
        StringComparison.Ordinal);

    /// <summary>What one listener makes of a path is no matter of the next one.</summary>
    [Fact]
    public void SeveralListeners_EachReadItAnew()
    {
        string text = Ask("[[listener]]\nname = \"raw\"\nbind = [\"127.0.0.1:8081\"]\nupstream = \"app\"\npath_normalization = \"off\"\n"
            + "[[route]]\nname = \"a\"\npath_prefix = [\"/a\"]\nupstream = \"app\"\n", "http://h:1/%61");
        string[] ways = text.Split("GET /%61 from 127.0.0.1 on listener ", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, ways.Length);
        Assert.Contains("in its normal form: /a\n  route \"a\" takes it", ways[0], StringComparison.Ordinal);
        Assert.Contains("route \"a\" does not: path_prefix", ways[1], StringComparison.Ordinal);
        Assert.DoesNotContain("normal form", ways[1], StringComparison.Ordinal);
    }

    /// <summary>As for real requests: what a stranger says of himself does not count, what a trusted proxy says does.</summary>
    [Theory]
    [InlineData("forwarded.trusted = [\"127.0.0.1\"]", "route \"inside\" takes it")]
    [InlineData("", "route \"inside\" does not: source")]
    public void ClientOfATrustedProxy_IsWhoItNames(string listener, string said) => Assert.Contains(
        said,
        Ask("[[route]]\nname = \"inside\"\nsource = [\"10.0.0.0/8\"]\nupstream = \"app\"\n", "http://h:8080/",
            ["X-Forwarded-For: 10.1.2.3"], listener),
        StringComparison.Ordinal);

    private static string Ask(string more, string url, params string[] headers) => Ask(more, url, headers, "");

    private static string Ask(string more, string url, string[]? headers = null, string listener = "", string name = "")
    {
        ProxySettings settings = SettingsTrial.Parse(SettingsTrial.With(listener, server: more)).Settings;
        RouteQuestion question = RouteQuestion.TryRead(new RouteQuestionText(url, "GET", headers ?? [], "127.0.0.1", name), out string problem)!;
        Assert.Equal("", problem);
        using var output = new StringWriter();
        Assert.True(new RouteAnswer(output, settings, question).TryWrite());
        return output.ToString();
    }
}
