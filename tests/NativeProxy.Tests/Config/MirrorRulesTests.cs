using NativeProxy.Config;
using Xunit;

namespace NativeProxy.Tests.Config;

/// <summary>The route stands in line 10 of the file, its first key in line 11.</summary>
public class MirrorRulesTests
{
    [Theory]
    [InlineData("upstream = \"app\"\nmirror = { upstream = \"app\" }")]
    [InlineData("split = { app = 1 }\nmirror = { upstream = \"app\", percent = 1, body_bytes = \"1MiB\" }")]
    public void ProperMirrors_AreAccepted(string lines)
    {
        SettingsResult result = SettingsTrial.Parse(SettingsTrial.Minimal + "[[route]]\n" + lines);
        Assert.Empty(result.Errors);
        Assert.Empty(result.Warnings);
    }

    /// <summary>A copy has no client whom such a server could be told.</summary>
    [Fact]
    public void ServersThatAreToldOfClients_GetNoCopies()
    {
        const string Told = "[[upstream]]\nname = \"told\"\nproxy_protocol = \"v2\"\nservers = [\"127.0.0.1:1\"]\n";
        Assert.Equal(
            ["15: these servers are told of a client by a PROXY header, and a copy has none"],
            SettingsTrial.Problems(SettingsTrial.Minimal + Told + "[[route]]\nmirror = { upstream = \"told\" }\n"));
    }

    [Theory]
    [InlineData("mirror = { percent = 10 }", "11: nothing says who gets the copies")]
    [InlineData("mirror = { upstream = \"next\" }", "11: there is no upstream \"next\"")]
    [InlineData("deny = 403\nmirror = { upstream = \"app\" }", "12: this route sends nothing to a server, so there is nothing to copy")]
    [InlineData("mirror = { upstream = \"app\", percent = 0 }", "11: \"percent\" in [route.mirror] is 0")]
    [InlineData("mirror = { upstream = \"app\", percent = 101 }", "11: \"percent\" in [route.mirror] is 101")]
    [InlineData("mirror = { upstream = \"app\", body_bytes = \"1GiB\" }", "11: \"body_bytes\" in [route.mirror] is \"1GiB\"")]
    [InlineData("compression = { types = [\"text\"] }", "11: \"text\" is no content type")]
    [InlineData("compression = { types = [\"*/*\"] }", "11: \"*/*\" is no content type")]
    [InlineData("compression = { types = [\"text/a*\"] }", "11: \"text/a*\" is no content type")]
    [InlineData("compression = { algorithms = [\"gzip\", \"none\"] }", "11: \"none\" beside another algorithm")]
    public void Mistakes_AreReportedAtTheirPlace(string lines, string problem) =>
        Assert.Equal([problem], SettingsTrial.Problems(SettingsTrial.Minimal + "[[route]]\n" + lines));
}
