using System;
using NativeProxy.Config;
using Xunit;

namespace NativeProxy.Tests.Config;

/// <summary>What a file may say about probes, about Host for servers, and about who sends PROXY headers.</summary>
public class MonitorRulesTests
{
    [Theory]
    [InlineData("monitor = { path = \"/healthz\", networks = [\"10.0.0.0/8\"], fail_when_down = [\"app\"] }")]
    [InlineData("monitor.networks = [\"127.0.0.1\"]")]
    [InlineData("proxy_protocol = true\nproxy_protocol_trusted = [\"10.10.0.0/16\"]")]
    public void GoodKeys_AreTaken(string lines)
    {
        Assert.Empty(SettingsTrial.Problems(SettingsTrial.WithListener(lines)));
        Assert.Empty(SettingsTrial.Warnings(SettingsTrial.WithListener(lines)));
    }

    [Theory]
    [InlineData("monitor.path = \"healthz\"", "5: \"healthz\" is no path")]
    [InlineData("monitor.path = \"/healthz?x\"", "5: \"/healthz?x\" is no path")]
    [InlineData("monitor.networks = [\"x\"]", "5: \"x\" is no network")]
    [InlineData("monitor = { path = \"/h\", fail_when_down = [\"apq\"] }", "5: there is no upstream \"apq\"")]
    [InlineData("proxy_protocol = true\nproxy_protocol_trusted = [\"10.0.0.1/8\"]", "6: \"10.0.0.1/8\" is no network")]
    public void BadKeys_AreRefused(string lines, string problem) =>
        Assert.Equal(problem, Assert.Single(SettingsTrial.Problems(SettingsTrial.WithListener(lines))));

    [Theory]
    [InlineData("monitor.fail_when_down = [\"app\"]", "5: no path is there that could fail")]
    [InlineData("proxy_protocol_trusted = [\"10.0.0.1\"]", "5: no PROXY headers are read on this listener")]
    public void KeysWithoutEffect_AreWarnedOf(string lines, string warning) =>
        Assert.Equal([warning], SettingsTrial.Warnings(SettingsTrial.WithListener(lines)));

    [Theory]
    [InlineData("monitor.path = \"/h\"")]
    [InlineData("monitor.networks = [\"10.0.0.1\"]")]
    public void ForwardProxy_AnswersNoProbes(string line) => Assert.Contains(
        "a listener in mode \"forward\" answers no probes",
        Assert.Single(SettingsTrial.Problems($"[[listener]]\nname = \"p\"\nbind = [\"127.0.0.1:1\"]\nmode = \"forward\"\n{line}\n")),
        StringComparison.Ordinal);

    [Theory]
    [InlineData("internal.example", true)]
    [InlineData("internal.example:8080", true)]
    [InlineData("10.0.0.1:80", true)]
    [InlineData("[2001:db8::1]", true)]
    [InlineData("[2001:db8::1]:443", true)]
    [InlineData("", true)]
    [InlineData("{server_name}", true)]
    [InlineData("{server_name}:80", false)]
    [InlineData("{server}", false)]
    [InlineData("*.example", false)]
    [InlineData("a b", false)]
    [InlineData("a:", false)]
    [InlineData("a:x", false)]
    [InlineData("a:123456", false)]
    [InlineData("u@a", false)]
    [InlineData("a/b", false)]
    [InlineData(":80", false)]
    public void HostHeader_IsAHost_OrThatOfTheServer(string host, bool isGood)
    {
        string upstream = SettingsTrial.WithUpstream($"host_header = \"{host}\"");
        string route = SettingsTrial.Minimal + $"[[route]]\nupstream = \"app\"\nhost_header = \"{host}\"\n";
        string[] expected = isGood ? [] : [$"\"{host}\" cannot be a Host field"];
        foreach (string file in (string[])[upstream, route])
            Assert.Equal(expected, Array.ConvertAll(SettingsTrial.Problems(file), static problem => problem.Split(": ", 2)[1]));
    }

    [Theory]
    [InlineData("app.internal:80", false, "app.internal")]
    [InlineData("app.internal:80", true, "app.internal:80")]
    [InlineData("app.internal:443", true, "app.internal")]
    [InlineData("app.internal:8080", false, "app.internal:8080")]
    [InlineData("10.0.0.1:443", false, "10.0.0.1:443")]
    [InlineData("[2001:db8::1]:80", false, "[2001:db8::1]")]
    [InlineData("[2001:db8::1]:81", false, "[2001:db8::1]:81")]
    [InlineData("unix:/run/app.sock", false, "app")]
    public void NameOfAServer_IsTheHostOfItsAddress(string address, bool isSecured, string name) =>
        Assert.Equal(name, System.Text.Encoding.ASCII.GetString(HostHeaderText.NameOf(address, isSecured, "app")));

    [Theory]
    [InlineData("scheme = \"any\"", "scheme = \"https\"", true)]
    [InlineData("scheme = \"https\"", "scheme = \"https\"", true)]
    [InlineData("scheme = \"http\"", "scheme = \"https\"", false)]
    [InlineData("scheme = \"http\"", "", false)]
    public void RouteThatAnotherCovers_IsToldByItsScheme(string wide, string narrow, bool isCovered)
    {
        string routes = $"[[route]]\nupstream = \"app\"\n{wide}\n[[route]]\nupstream = \"app\"\n{narrow}\n";
        Assert.Equal(isCovered, SettingsTrial.Warnings(SettingsTrial.Minimal + routes).Length > 0);
    }
}
