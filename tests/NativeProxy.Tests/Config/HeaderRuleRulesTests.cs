using System.Linq;
using NativeProxy.Config;
using Xunit;

namespace NativeProxy.Tests.Config;

/// <summary>Which rules on header fields a file may hold.</summary>
public class HeaderRuleRulesTests
{
    [Theory]
    [InlineData("set = { X-A = \"{client_ip}\" }", "set = { X-B = \"{route}\" }")]
    [InlineData("remove = [\"X-*\", \"Server\"]", "remove = [\"Server\"]")]
    [InlineData("add = { X-A = \"\" }", "default = { X-A = \"a b\" }")]
    public void GoodRules_AreTaken(string request, string response) => Assert.Empty(Problems(request, response));

    [Theory]
    [InlineData("set = { Host = \"x\" }", "\"Host\" is the proxy's own")]
    [InlineData("add = { content-length = \"1\" }", "\"content-length\" is the proxy's own")]
    [InlineData("default = { X-Forwarded-For = \"x\" }", "\"X-Forwarded-For\" is the proxy's own")]
    [InlineData("remove = [\"Transfer-Encoding\"]", "\"Transfer-Encoding\" is the proxy's own")]
    [InlineData("remove = [\"a b\"]", "\"a b\" is no name of header fields")]
    [InlineData("set = { \"a b\" = \"x\" }", "\"a b\" is no name of a header field")]
    [InlineData("set = { X-A = \" x\" }", "the value of \"X-A\" cannot stand in a header field")]
    [InlineData("set = { X-A = \"x\\r\\ny\" }", "the value of \"X-A\" cannot stand in a header field")]
    [InlineData("set = { X-A = \"{nothing}\" }", "the value of \"X-A\": there is no variable {nothing}")]
    [InlineData("set = { X-A = 1 }", "\"X-A\" in [listener.request_headers.set] is 1")]
    public void BadRules_AreRefused(string request, string problem) =>
        Assert.Contains(problem, Assert.Single(Problems(request, "")), System.StringComparison.Ordinal);

    [Fact]
    public void AllBadRules_AreNamedAtOnce() => Assert.Equal(
        [
            "\"a b\" is no name of header fields", "\"Host\" is the proxy's own", "\"Via\" is the proxy's own",
            "the value of \"X-A\": there is no variable {no}", "\"TE\" is the proxy's own",
        ],
        Problems("remove = [\"a b\", \"Host\"]\nset = { Via = \"x\", X-B = \"b\", X-A = \"{no}\" }\nadd = { TE = \"x\" }", ""));

    [Theory]
    [InlineData("{host}")]
    [InlineData("{user}")]
    [InlineData("{header.a}")]
    public void ResponseRule_KnowsNoTextOfTheRequest(string value) => Assert.Contains(
        "names something of the request", Assert.Single(Problems("", $"set = {{ X-A = \"{value}\" }}")), System.StringComparison.Ordinal);

    [Theory]
    [InlineData("{server}")]
    [InlineData("{status}")]
    public void RequestRule_KnowsNothingOfTheResponse(string value) => Assert.Contains(
        "names something of the response", Assert.Single(Problems($"set = {{ X-A = \"{value}\" }}", "")), System.StringComparison.Ordinal);

    [Fact]
    public void VariablesOfEachDirection_AreAccepted() => Assert.Empty(Problems("set = { A = \"{upstream} {user} {time} {host}\" }",
        "set = { A = \"{status} {server} {upstream} {time} {request_id} {trace_id} {client_ip} {client_port} {peer_ip} {local_ip} {local_port}\" }"));

    private static string[] Problems(string request, string response)
    {
        SettingsResult result = SettingsTrial.Parse(
            SettingsTrial.WithListener($"[listener.request_headers]\n{request}\n[listener.response_headers]\n{response}"));
        return [.. result.Errors.Select(static error => error.Problem)];
    }
}
