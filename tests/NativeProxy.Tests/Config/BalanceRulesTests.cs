using System;
using System.Linq;
using NativeProxy.Config;
using Xunit;

namespace NativeProxy.Tests.Config;

public class BalanceRulesTests
{
    private const string Head = "[[listener]]\nname = \"web\"\nbind = [\"127.0.0.1:8080\"]\n[[upstream]]\nname = \"app\"\n";

    [Theory]
    [InlineData("hash_key = \"uri\"")]
    [InlineData("hash_key = \"header:X-User\"\nhash_load_factor = 0")]
    [InlineData("hash_key = \"cookie:uid\"\nhash_type = \"modulo\"")]
    [InlineData("hash_key = \"query:id\"")]
    [InlineData("hash_key = \"host\"\nhash_load_factor = 0")]
    [InlineData("")]
    public void ProperHashes_AreAccepted(string lines)
    {
        SettingsResult result = SettingsTrial.Parse(SettingsTrial.WithUpstream("balance = \"hash\"\n" + lines));
        Assert.Empty(result.Errors);
        Assert.Empty(result.Warnings);
    }

    [Theory]
    [InlineData("\"10.0.0.1:80\", \"10.0.0.2:80\"", 125, true)]
    [InlineData("\"10.0.0.1:80\"", 1000, true)]
    [InlineData("\"10.0.0.1:80\", \"10.0.0.2:80\", \"10.0.0.3:80\"", 125, false)]
    [InlineData("\"10.0.0.1:80\", \"10.0.0.2:80\"", 0, false)]
    public void BoundedLoadOfFewServers_IsAWarning(string servers, int percent, bool isWarned)
    {
        SettingsResult result = SettingsTrial.Parse(
            Head + $"balance = \"hash\"\nservers = [{servers}]\nhash_load_factor = {percent}\n");
        Assert.Empty(result.Errors);
        Assert.Equal(isWarned, result.Warnings.Count == 1
            && result.Warnings[0].Problem == "with fewer than 3 servers a bound on their load moves keys all the time");
    }

    [Theory]
    [InlineData("hash_key = \"header\"", "8: \"header\" is no part of a request")]
    [InlineData("hash_key = \"header:a b\"", "8: \"header:a b\" is no part of a request")]
    [InlineData("hash_key = \"query:\"", "8: \"query:\" is no part of a request")]
    [InlineData("hash_key = \"cookie:a=b\"", "8: \"cookie:a=b\" is no part of a request")]
    [InlineData("hash_key = \"URI\"", "8: \"URI\" is no part of a request")]
    [InlineData("hash_key = \"\"", "8: \"\" is no part of a request")]
    [InlineData("hash_load_factor = 124", "8: 124 percent would move keys all the time")]
    public void Mistakes_AreReportedAtTheirPlace(string lines, string problem) =>
        Assert.Equal([problem], SettingsTrial.Problems(SettingsTrial.WithUpstream("balance = \"hash\"\n" + lines)));

    [Theory]
    [InlineData("hash_key = \"uri\"", "7: \"hash_key\" has no effect: servers are not chosen by a hash")]
    [InlineData("hash_type = \"ring\"", "7: \"hash_type\" has no effect: servers are not chosen by a hash")]
    [InlineData("balance = \"hash\"\nhash_type = \"modulo\"\nhash_load_factor = 150",
        "9: \"hash_load_factor\" has no effect with hash_type \"modulo\"")]
    public void SettingsWithoutEffect_AreWarnedAbout(string lines, string warning) =>
        Assert.Equal([warning], SettingsTrial.Warnings(SettingsTrial.WithUpstream(lines)));

    [Fact]
    public void ShortList_NamesItsServers()
    {
        SettingsResult result = SettingsTrial.Parse(Head + "servers = [\"10.0.0.1:80\", \"[::1]:81\"]\n");

        Assert.Empty(result.Errors);
        Assert.Equal(["s1 10.0.0.1:80 1", "s2 [::1]:81 1"],
            result.Settings.Upstreams[0].Servers.Select(static server => $"{server.Name} {server.Address} {server.Weight}"));
    }

    [Theory]
    [InlineData("servers = [\"10.0.0.1:80\", \"10.0.0.2\"]\n", "6: the address \"10.0.0.2\" has no port")]
    [InlineData("", "4: no [[upstream.server]] is defined in [[upstream]]")]
    [InlineData("servers = []\n", "4: no [[upstream.server]] is defined in [[upstream]]")]
    [InlineData("servers = 3\n", "6: ")]
    [InlineData("servers = [\"10.0.0.1:80\"]\n[[upstream.server]]\nname = \"a\"\naddress = \"10.0.0.2:80\"\n",
        "6: the servers are given twice: by \"servers\" and by [[upstream.server]]")]
    public void WrongLists_AreRefusedAtTheirPlace(string lines, string problem) =>
        Assert.StartsWith(problem, Assert.Single(SettingsTrial.Problems(Head + lines)), StringComparison.Ordinal);
}
