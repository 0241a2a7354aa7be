using NativeProxy.Config;
using Xunit;

namespace NativeProxy.Tests.Config;

/// <summary>The route stands in line 10 of the file, its first key in line 11.</summary>
public class SplitRulesTests
{
    [Theory]
    [InlineData("split = { app = 1 }\nsplit_key = \"cookie:uid\"\nsplit_cookie = \"version\"")]
    [InlineData("split = { app = 1 }\nsplit_key = \"client_ip\"")]
    public void ProperKeys_AreAccepted(string lines)
    {
        SettingsResult result = SettingsTrial.Parse(WithRoute(lines));
        Assert.Empty(result.Errors);
        Assert.Empty(result.Warnings);
    }

    [Theory]
    [InlineData("split = { app = 1 }\nsplit_key = \"uid\"", "12: \"uid\" is no part of a request")]
    [InlineData("split = { app = 1 }\nsplit_cookie = \"a b\"", "12: \"a b\" cannot be the name of a cookie")]
    [InlineData("upstream = \"app\"\nsplit_key = \"client_ip\"", "12: \"split_key\" keeps requests on one way of a split, and this route has none")]
    [InlineData("deny = 403\nsplit_cookie = \"a\"", "12: \"split_cookie\" keeps requests on one way of a split, and this route has none")]
    public void Mistakes_AreReportedAtTheirPlace(string lines, string problem) =>
        Assert.Equal([problem], SettingsTrial.Problems(WithRoute(lines)));

    private static string WithRoute(string lines) => SettingsTrial.Minimal + "[[route]]\n" + lines + "\n";
}
