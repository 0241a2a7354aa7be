using System;
using System.Linq;
using NativeProxy.Config;
using Xunit;

namespace NativeProxy.Tests.Config;

/// <summary>What a file may say about logs.</summary>
public class LogRulesTests
{
    [Theory]
    [InlineData("access = \"syslog\"")]
    [InlineData("access = \"syslog:unix:/run/log\"\nconnections = \"journal\"")]
    [InlineData("access = \"syslog:udp:10.0.0.1:514\"\nerrors = \"syslog:tcp:[::1]:601\"")]
    [InlineData("access = \"syslog:udp:logs.example.com:514\"\nerrors = \"syslog:tcp:logs:601\"\nlevel = \"warn\"")]
    [InlineData("access = \"journal:/run/other\"\nsyslog = { facility = \"daemon\", app_name = \"edge\", hostname = \"h1\" }")]
    [InlineData("access = \"./journal\"")]
    [InlineData("format = \"custom\"\ntemplate = '{client} {{x} \"{request_header.User-Agent}\" {status}'")]
    [InlineData("format = \"json\"\nrequest_headers = [\"X-A\"]\nresponse_headers = [\"Server\"]")]
    [InlineData("sample = 0\nslow = \"500ms\"\nsample_errors = true")]
    [InlineData("traces = { endpoint = \"\", service = \"edge\" }")]
    [InlineData("redact_headers = []\nredact_query = [\"token\", \"api key\"]")]
    public void GoodKeys_AreTaken(string lines)
    {
        Assert.Empty(SettingsTrial.Problems(With(lines)));
        Assert.Empty(SettingsTrial.Warnings(With(lines)));
    }

    [Theory]
    [InlineData("access = \"syslog:10.0.0.1:514\"", "2: \"syslog:10.0.0.1:514\" says no way to the syslog")]
    [InlineData("access = \"syslog:udp:10.0.0.1\"", "2: \"syslog:udp:10.0.0.1\" has no port")]
    [InlineData("access = \"syslog:tcp:log host:514\"", "2: \"syslog:tcp:log host:514\" has a wrong host name")]
    [InlineData("access = \"syslog:udp:loghost\"", "2: \"syslog:udp:loghost\" has no port")]
    [InlineData("access = \"syslog:udp:10.0.0.300:514\"", "2: \"syslog:udp:10.0.0.300:514\" has a wrong IPv4 address")]
    [InlineData("errors = \"syslog:udp:*:514\"", "2: \"syslog:udp:*:514\" is not one address")]
    [InlineData("level = \"warning\"", "2: \"level\" in [log] is \"warning\"")]
    [InlineData("access = \"syslog:unix:log\"",
        "2: \"syslog:unix:log\" has no path of a Unix socket, which begins with / and has at most 107 bytes")]
    [InlineData("connections = \"journal:\"",
        "2: \"journal:\" has no path of a Unix socket, which begins with / and has at most 107 bytes")]
    [InlineData("errors = \"errors.log\"", "2: \"errors.log\" does not take the lines of the proxy itself")]
    [InlineData("errors = \"\"", "2: \"errors\" in [log] is empty")]
    [InlineData("format = \"custom\"", "2: format \"custom\" needs a template")]
    [InlineData("format = \"custom\"\ntemplate = \"{client\"", "3: a '{' is not closed; \"{{\" is a brace")]
    [InlineData("format = \"custom\"\ntemplate = \"a\\nb\"", "3: there is a control character in it")]
    [InlineData("format = \"custom\"\ntemplate = \"{request_header.}\"", "3: {request_header.} names no header")]
    [InlineData("format = \"custom\"\ntemplate = \"{request_header.a b}\"", "3: {request_header.a b} names no header")]
    [InlineData("format = \"custom\"\ntemplate = \"{text}\"", "3: there is no field {text}")]
    [InlineData("request_headers = [\"a b\"]", "2: \"a b\" is no name of a field")]
    [InlineData("redact_headers = [\"\"]", "2: \"\" is no name of a field")]
    [InlineData("redact_query = [\"a=b\"]", "2: \"a=b\" is no name of a parameter")]
    [InlineData("syslog.app_name = \"a b\"", "2: \"a b\" cannot stand in a line")]
    [InlineData("syslog.hostname = \"ä\"", "2: \"ä\" cannot stand in a line")]
    [InlineData("traces.endpoint = \"127.0.0.1:4318\"", "2: \"127.0.0.1:4318\" is no URL of a collector")]
    [InlineData("traces.endpoint = \"http://\"", "2: \"http://\" is no URL of a collector")]
    [InlineData("traces.endpoint = \"http://a:0\"", "2: \"http://a:0\" is no URL of a collector")]
    [InlineData("traces.endpoint = \"https://a/#x\"", "2: \"https://a/#x\" is no URL of a collector")]
    [InlineData("traces.service = \"\"", "2: the name of the service is empty")]
    [InlineData("traces.headers = { \"a b\" = \"c\" }", "2: \"a b\" is no name of a header field")]
    [InlineData("traces.headers = { Host = \"c\" }", "2: \"Host\" is written in any case")]
    [InlineData("traces.headers = { A = \"c\\r\\nB: d\" }", "2: the value of \"A\" cannot stand in a header field")]
    public void BadKeys_AreRefused(string lines, string problem) => Assert.Equal(problem, Assert.Single(SettingsTrial.Problems(With(lines))));

    [Theory]
    [InlineData("{clinet}", "did you mean \"client\"?")]
    [InlineData("{totalms}", "did you mean \"total_ms\"?")]
    [InlineData("{header.User-Agent}", "did you mean \"request_header.User-Agent\"?")]
    [InlineData("{reponse_header.Server}", "did you mean \"response_header.Server\"?")]
    public void MisspelledField_IsShownTheRightOne(string template, string hint)
    {
        ConfigError error = Assert.Single(SettingsTrial.Parse(With($"format = \"custom\"\ntemplate = '{template}'")).Errors);

        Assert.Equal((3, hint), (error.Line, error.Hint));
        Assert.Contains("client_port, peer, ", error.Expected, StringComparison.Ordinal);
    }

    [Fact]
    public void MoreHeadersThanABlockHasRoomFor_AreRefused()
    {
        string template = string.Concat(Enumerable.Range(0, LogTemplateText.HeadersMax + 1).Select(static i => $"{{request_header.X-{i}}}"));
        Assert.Equal("3: it names 33 headers", Assert.Single(SettingsTrial.Problems(With($"format = \"custom\"\ntemplate = '{template}'"))));
        string names = string.Join(", ", Enumerable.Range(0, LogTemplateText.HeadersMax + 1).Select(static i => $"\"X-{i}\""));
        Assert.Equal("2: there are 33 names", Assert.Single(SettingsTrial.Problems(With($"request_headers = [{names}]"))));
    }

    [Theory]
    [InlineData("slow = \"1s\"", "2: each exchange has a line: sample is 1")]
    [InlineData("template = \"{client}\"", "2: nobody uses this template")]
    [InlineData("format = \"combined\"\nrequest_headers = [\"X-A\"]", "3: lines of this format do not show them")]
    [InlineData("sample = 0\nsample_errors = true", "3: no exchange gets a line: sample is 0, and errors are sampled, too")]
    [InlineData("traces.endpoint = \"https://collector.example\"", "2: no listener takes part in a trace, so that there are no spans")]
    public void KeysWithoutEffect_AreWarnedOf(string lines, string warning) => Assert.Equal([warning], SettingsTrial.Warnings(With(lines)));

    private static string With(string lines) => $"[log]\n{lines}\n" + SettingsTrial.Minimal;
}
