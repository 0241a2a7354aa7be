using System;
using Xunit;

namespace NativeProxy.Tests.Config;

/// <summary>What a file may say about who the client is.</summary>
public class ClientRulesTests
{
    [Theory]
    [InlineData("trusted = [\"10.0.0.0/8\", \"2001:db8::/32\", \"192.0.2.1\"]\nclient_header = \"forwarded\"\nuntrusted = \"replace\"")]
    [InlineData("trusted = [\"10.0.0.1\"]\nclient_header = \"CF-Connecting-IP\"\nexcept = [\"127.0.0.1\"]")]
    [InlineData("x_real_ip = true\nx_forwarded_port = true\nx_original_to = true\nforwarded = true")]
    public void GoodKeys_AreTaken(string lines)
    {
        Assert.Empty(SettingsTrial.Problems(With(lines)));
        Assert.Empty(SettingsTrial.Warnings(With(lines)));
    }

    [Theory]
    [InlineData("trusted = [\"10.0.0.0/8\", \"10.0.0.1/8\"]", "6: \"10.0.0.1/8\" is no network")]
    [InlineData("except = [\"proxy\"]", "6: \"proxy\" is no network")]
    [InlineData("client_header = \"a b\"", "6: \"a b\" is no name of a header field")]
    [InlineData("client_header = \"\"", "6: \"\" is no name of a header field")]
    [InlineData("client_header = \"Host\"", "6: no proxy names its client in \"Host\"")]
    [InlineData("untrusted = \"believe\"", "6: \"untrusted\" in [listener.forwarded] is \"believe\"")]
    public void BadKeys_AreRefused(string lines, string problem) =>
        Assert.Contains(problem, Assert.Single(SettingsTrial.Problems(With(lines))), StringComparison.Ordinal);

    [Theory]
    [InlineData("trusted = [\"0.0.0.0/0\"]", "6: everybody is trusted: each client may say who it is")]
    [InlineData("trusted = [\"::/0\"]", "6: everybody is trusted: each client may say who it is")]
    [InlineData("client_header = \"Forwarded\"", "6: nobody is trusted, so this field is not looked at")]
    public void DubiousKeys_AreWarnedOf(string lines, string warning) => Assert.Equal([warning], SettingsTrial.Warnings(With(lines)));

    [Theory]
    [InlineData("0.0.0.0:80", true)]
    [InlineData("*:80", true)]
    [InlineData(":8000-8001", true)]
    [InlineData("[::]:80", true)]
    [InlineData("192.0.2.1:80", true)]
    [InlineData("127.0.0.2:80", false)]
    [InlineData("10.1.2.3:8000-8001", false)]
    [InlineData("[fd00::1]:80", false)]
    [InlineData("unix:/run/x", false)]
    public void PublicAddress_OnWhichAnybodyMayAnnounceAClient_IsWarnedOf(string bind, bool isPublic)
    {
        string text = SettingsTrial.WithListener("proxy_protocol = true").Replace("127.0.0.1:8080", bind, StringComparison.Ordinal);

        Assert.Equal(isPublic ? ["5: whoever reaches this listener may say who its client is"] : [], SettingsTrial.Warnings(text));
        Assert.Empty(SettingsTrial.Warnings(
            text.Replace("proxy_protocol = true", "proxy_protocol = true\nproxy_protocol_trusted = [\"10.0.0.1\"]", StringComparison.Ordinal)));
    }

    [Fact]
    public void ForwardProxy_TrustsNobody() => Assert.Contains(
        "a listener in mode \"forward\" trusts nobody",
        Assert.Single(SettingsTrial.Problems(
            "[[listener]]\nname = \"p\"\nbind = [\"127.0.0.1:1\"]\nmode = \"forward\"\nforwarded.trusted = [\"10.0.0.1\"]\n")),
        StringComparison.Ordinal);

    [Theory]
    [InlineData("request_id_header = \"a b\"", "6: \"a b\" is no name of a header field")]
    [InlineData("request_id_header = \"Host\"", "6: \"Host\" has another meaning")]
    [InlineData("request_id_header = \"X-Forwarded-For\"", "6: \"X-Forwarded-For\" has another meaning")]
    [InlineData("traceparent = \"make\"", "6: \"traceparent\" in [listener.trace] is \"make\"")]
    public void BadNamesOfRequests_AreRefused(string line, string problem) => Assert.Contains(
        problem, Assert.Single(SettingsTrial.Problems(SettingsTrial.WithListener($"[listener.trace]\n{line}"))), StringComparison.Ordinal);

    [Fact]
    public void IdForTheClientOfARequestWithoutOne_IsWarnedOf() => Assert.Equal(
        ["6: requests get no id, so that responses carry none"],
        SettingsTrial.Warnings(SettingsTrial.WithListener("[listener.trace]\nrequest_id_response = true")));

    [Theory]
    [InlineData("forwarded.x_real_ip = true", "X-Real-IP")]
    [InlineData("forwarded.x_forwarded_port = true", "x-forwarded-port")]
    [InlineData("forwarded.x_original_to = true", "X-Original-To")]
    [InlineData("forwarded.forwarded = true", "Forwarded")]
    [InlineData("trace.request_id = \"keep\"", "X-Request-Id")]
    [InlineData("trace.request_id = \"keep\"\ntrace.request_id_header = \"X-Id\"", "X-Id")]
    [InlineData("trace.traceparent = \"create\"", "traceparent")]
    public void FieldThatTheListenerSets_IsWrittenByNoRule(string key, string name)
    {
        string rule = $"request_headers.set = {{ {name} = \"1\" }}\n";
        string route = $"[[route]]\nupstream = \"app\"\nrequest_headers.add = {{ {name} = \"1\" }}\n";
        string policy = $"[[policy]]\nname = \"p\"\nrequest_headers.set = {{ {name} = \"1\" }}\n";
        string[] files =
        [
            SettingsTrial.WithListener(key + "\n" + rule), SettingsTrial.WithListener(key) + route,
            SettingsTrial.WithListener(key + "\npolicies = [\"p\"]") + policy,
            SettingsTrial.WithListener(key) + "[[route]]\nupstream = \"app\"\npolicies = [\"p\"]\n" + policy,
        ];
        foreach (string file in files)
            Assert.Contains($"\"{name}\" is the proxy's own: ", Assert.Single(SettingsTrial.Problems(file)), StringComparison.Ordinal);
        Assert.Empty(SettingsTrial.Problems(SettingsTrial.WithListener(rule) + route));
    }

    private static string With(string lines) => SettingsTrial.WithListener($"[listener.forwarded]\n{lines}");
}
