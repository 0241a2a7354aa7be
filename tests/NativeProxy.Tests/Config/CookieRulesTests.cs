using System.Linq;
using NativeProxy.Config;
using Xunit;

namespace NativeProxy.Tests.Config;

public class CookieRulesTests
{
    [Theory]
    [InlineData("mode = \"insert\"\nname = \"S\"\nindirect = true\nnocache = true\ndomain = \"example.org\"\npath = \"/a b\"\nhttponly = "
        + "true\nsecure = true\nsame_site = \"none\"")]
    [InlineData("mode = \"prefix\"\nname = \"JSESSIONID\"\nindirect = false")]
    [InlineData("mode = \"rewrite\"\nname = \"S\"")]
    [InlineData("mode = \"passive\"\nname = \"S\"")]
    [InlineData("mode = \"off\"\nname = \"S\"\nindirect = true")]
    public void ProperCookies_AreAccepted(string lines)
    {
        SettingsResult result = SettingsTrial.Parse(WithCookie(lines));
        Assert.Empty(result.Errors);
        Assert.Empty(result.Warnings);
    }

    [Theory]
    [InlineData("name = \"S\"", "8: required key \"mode\" is missing in [upstream.cookie]")]
    [InlineData("mode = \"insert\"", "7: the cookie of [upstream.cookie] has no name")]
    [InlineData("mode = \"insert\"\nname = \"\"", "9: the cookie of [upstream.cookie] has no name")]
    [InlineData("mode = \"insert\"\nname = \"a b\"", "9: \"a b\" cannot be the name of a cookie")]
    [InlineData("mode = \"insert\"\nname = \"a=b\"", "9: \"a=b\" cannot be the name of a cookie")]
    [InlineData("mode = \"prefix\"\nname = \"S\"\nindirect = true",
        "10: \"indirect\" goes with mode \"insert\" only: in the other modes the cookie is the application's own")]
    [InlineData("mode = \"passive\"\nname = \"S\"\nnocache = true",
        "10: \"nocache\" goes with mode \"insert\" only: in the other modes no cookie is inserted")]
    [InlineData("mode = \"insert\"\nname = \"S\"\npath = \"a\"", "10: \"a\" cannot be the path of a cookie")]
    [InlineData("mode = \"insert\"\nname = \"S\"\npath = \"/;x\"", "10: \"/;x\" cannot be the path of a cookie")]
    [InlineData("mode = \"insert\"\nname = \"S\"\ndomain = \"a;b\"", "10: \"a;b\" cannot be the domain of a cookie")]
    [InlineData("mode = \"insert\"\nname = \"S\"\nsame_site = \"none\"", "10: browsers refuse a cookie with same_site \"none\" that is not secure")]
    public void MistakesAboutTheCookie_AreReportedAtTheirPlace(string lines, string problem) =>
        Assert.Equal([problem], SettingsTrial.Problems(WithCookie(lines)));

    [Fact]
    public void AttributesInAModeThatSetsNoCookie_AreWarnedAbout() =>
        Assert.Equal(["10: \"secure\" has no effect: only mode \"insert\" sets a cookie of its own"],
            SettingsTrial.Warnings(WithCookie("mode = \"prefix\"\nname = \"S\"\nsecure = true")));

    [Theory]
    [InlineData("a b")]
    [InlineData("a;b")]
    [InlineData("a,b")]
    [InlineData("a\\\"b")]
    [InlineData("a\\\\b")]
    [InlineData("\u00e4")]
    [InlineData("a\\u007f")]
    public void ServerValueThatIsNoCookieValue_IsRefused(string value) =>
        Assert.Contains("cannot be the value of a cookie", Assert.Single(SettingsTrial.Problems(Insert + $"cookie = \"{value}\"")));

    [Theory]
    [InlineData("a~b")]
    [InlineData("!#$%&'()*+-./:<=>?@[]^_`{|}~")]
    public void ServerValueOfCookieOctets_IsAccepted(string value) => Assert.Empty(SettingsTrial.Problems(Insert + $"cookie = \"{value}\""));

    [Fact]
    public void ServerValueLongerThanTheLimit_IsRefused()
    {
        Assert.Empty(SettingsTrial.Problems(Insert + $"cookie = \"{new string('x', 256)}\""));
        Assert.Single(SettingsTrial.Problems(Insert + $"cookie = \"{new string('x', 257)}\""));
    }

    [Fact]
    public void DelimiterInTheServerValue_IsRefusedInPrefixMode() =>
        Assert.Equal(["13: \"a~b\" contains \"~\", which ends the server's part in mode \"prefix\""],
            SettingsTrial.Problems(Insert.Replace("insert", "prefix") + "cookie = \"a~b\""));

    [Theory]
    [InlineData("cookie = \"b\"", "", "13: the cookie value \"b\" is that of another server, whose name it is")]
    [InlineData("", "cookie = \"a\"", "17: the cookie value \"a\" is that of another server, whose name it is")]
    public void ValueThatIsAnotherServersName_IsRefused(string ofA, string ofB, string problem) =>
        Assert.Equal([problem], SettingsTrial.Problems(TwoServers(ofA, ofB)));

    [Fact]
    public void ValueThatBothServersSay_IsAWarning()
    {
        string twins = TwoServers("cookie = \"x\"", "cookie = \"x\"");
        Assert.Empty(SettingsTrial.Problems(twins));
        Assert.Equal(["17: two servers have the cookie value \"x\""], SettingsTrial.Warnings(twins));
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("cookie = \"b\"", "cookie = \"a\"")]
    [InlineData("", "cookie = \"A\"")]
    public void DifferentValues_AreAccepted(string ofA, string ofB)
    {
        Assert.Empty(SettingsTrial.Problems(TwoServers(ofA, ofB)));
        Assert.Empty(SettingsTrial.Warnings(TwoServers(ofA, ofB)));
    }

    [Fact]
    public void ServerValueWithoutACookie_HasNoEffect() =>
        Assert.Equal(["10: this cookie value has no effect: the upstream has no [upstream.cookie]"],
            SettingsTrial.Warnings(SettingsTrial.Minimal + "cookie = \"x\""));

    [Fact]
    public void ServerValue_IsItsNameUnlessItSaysAnother()
    {
        UpstreamSettings upstream = SettingsTrial.Parse(TwoServers("", "cookie = \"x\"")).Settings.Upstreams[0];
        Assert.Equal(["a", "x"], upstream.Servers.Select(server => server.CookieValueIn(upstream.Cookie)));
    }

    private static string WithCookie(string lines) => SettingsTrial.WithUpstream("[upstream.cookie]\n" + lines);

    /// <summary>The first server's table ends in line 12.</summary>
    private static string Insert => WithCookie("mode = \"insert\"\nname = \"S\"");

    /// <summary>A line for server a in line 13 and one for server b in line 17.</summary>
    private static string TwoServers(string ofA, string ofB) =>
        $"{Insert}{ofA}\n[[upstream.server]]\nname = \"b\"\naddress = \"127.0.0.1:1\"\n{ofB}\n";
}
