using NativeProxy.Config;
using Xunit;

namespace NativeProxy.Tests.Config;

/// <summary>The route stands in line 10 of the file, its table `cors` in line 12.</summary>
public class CorsRulesTests
{
    [Theory]
    [InlineData("allow_origins = [\"https://app.example\", \"https://*.dev.example\", \"http://localhost:3000\", \"https://[::1]:8443\"]")]
    [InlineData("allow_origins = [\"capacitor://localhost\"]\ncredentials = true\nallow_headers = [\"X-Token\"]")]
    [InlineData("allow_origins = [\"*\"]\nallow_methods = [\"*\"]\nallow_headers = [\"*\"]\nexpose_headers = [\"*\"]\nmax_age = \"1h\"")]
    public void ProperTables_AreAccepted(string lines)
    {
        SettingsResult result = SettingsTrial.Parse(WithCors(lines));
        Assert.Empty(result.Errors);
        Assert.Empty(result.Warnings);
    }

    [Theory]
    [InlineData("credentials = true", "12: no site is named whose pages this is about")]
    [InlineData("allow_origins = [\"app.example\"]", "13: \"app.example\" is no origin")]
    [InlineData("allow_origins = [\"https://app.example/\"]", "13: \"https://app.example/\" is no origin")]
    [InlineData("allow_origins = [\"https://a b\"]", "13: \"https://a b\" is no origin")]
    [InlineData("allow_origins = [\"https://app.example:0\"]", "13: \"https://app.example:0\" is no origin")]
    [InlineData("allow_origins = [\"https://app.example:99999\"]", "13: \"https://app.example:99999\" is no origin")]
    [InlineData("allow_origins = [\"https://app.example:\"]", "13: \"https://app.example:\" is no origin")]
    [InlineData("allow_origins = [\"https://*\"]", "13: \"https://*\" is no origin")]
    [InlineData("allow_origins = [\"https://a*.example\"]", "13: \"https://a*.example\" is no origin")]
    [InlineData("allow_origins = [\"https://app.example:443\"]",
        "13: \"https://app.example:443\" never comes: browsers leave the scheme's own port out")]
    [InlineData("allow_origins = [\"https://App.example\"]", "13: \"https://App.example\" never comes: browsers write origins in lower case")]
    [InlineData("allow_origins = [\"null\"]", "13: \"null\" is the origin of every page that hides its own, also of a stranger's")]
    [InlineData("allow_origins = [\"*\", \"https://a.example\"]", "13: \"*\" is every site, so that the others say nothing")]
    [InlineData("allow_origins = [\"*\"]\ncredentials = true",
        "14: with \"*\" the pages of every site would act as the user who looks at them")]
    [InlineData("allow_origins = [\"https://a.example\"]\ncredentials = true\nallow_headers = [\"*\"]",
        "15: \"*\" means nothing to browsers where credentials = true (Fetch 3.2.3)")]
    [InlineData("allow_origins = [\"https://a.example\"]\nallow_methods = [\"a b\"]", "14: \"a b\" is no name of a method")]
    [InlineData("allow_origins = [\"https://a.example\"]\nexpose_headers = [\"a:\"]", "14: \"a:\" is no name of a header field")]
    public void Mistakes_AreReportedAtTheirPlace(string lines, string problem) =>
        Assert.Equal([problem], SettingsTrial.Problems(WithCors(lines)));

    private static string WithCors(string lines) => SettingsTrial.Minimal + "[[route]]\nupstream = \"app\"\n[route.cors]\n" + lines + "\n";
}
