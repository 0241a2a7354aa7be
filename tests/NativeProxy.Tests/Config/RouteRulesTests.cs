using System.Linq;
using NativeProxy.Config;
using Xunit;

namespace NativeProxy.Tests.Config;

/// <summary>The route stands in line 10 of the file, its first key in line 11.</summary>
public class RouteRulesTests
{
    private const string Forward = "[[listener]]\nname = \"out\"\nbind = [\"127.0.0.1:8081\"]\nmode = \"forward\"\n";
    private const string Other = "[[upstream]]\nname = \"other\"\n[[upstream.server]]\nname = \"a\"\naddress = \"127.0.0.1:1\"\n";

    [Theory]
    [InlineData("listener = [\"web\"]")]
    [InlineData("host = [\"a\", \"A.example\", \"*.a_b.example\", \"[::1]\", \"10.0.0.1\"]")]
    [InlineData("path = [\"/\", \"/a%20b\"]\npath_prefix = [\"/\", \"/api/\"]")]
    [InlineData("path_regex = [\"^/user/[0-9]+$\"]\nignore_case = true")]
    [InlineData("method = [\"GET\", \"get\"]\nsource = [\"10.0.0.0/8\", \"::1\"]")]
    [InlineData("header = { Accept = { contains = \"html\" } }\nquery = { \"a[b].c\" = { regex = \"^x\" } }\ncookie_is = { c = false }")]
    [InlineData("upstream = \"app\"\nhost = [\"x\"]")]
    [InlineData("split = { app = 1 }")]
    [InlineData("redirect = \"https://a.example{uri}\"\nredirect_status = 308")]
    [InlineData("[route.respond]\nstatus = 503\nbody = \"back soon\"\nretry_after = \"10m\"")]
    [InlineData("deny = 403")]
    [InlineData("upstream = \"\"\nsplit = {}\nredirect = \"\"\ndeny = 0")]
    [InlineData("")]
    public void ProperRoutes_AreAccepted(string lines)
    {
        SettingsResult result = SettingsTrial.Parse(WithRoute(lines));
        Assert.Empty(result.Errors);
        Assert.Empty(result.Warnings);
    }

    [Theory]
    [InlineData("listener = [\"wbe\"]", "11: there is no listener \"wbe\"")]
    [InlineData("upstream = \"ap\"", "11: there is no upstream \"ap\"")]
    [InlineData("split = { app = 1, ap = 2 }", "11: there is no upstream \"ap\"")]
    [InlineData("split = { app = 0 }", "11: all weights of this split are 0")]
    [InlineData("split = { app = -1 }", "11: \"app\" in [route.split] is -1")]
    [InlineData("upstream = \"app\"\ndeny = 403", "12: the route has two actions: \"upstream\" and \"deny\"")]
    [InlineData("host = [\"*\"]", "11: \"*\" cannot be the host of a route")]
    [InlineData("host = [\"a.*.b\"]", "11: \"a.*.b\" cannot be the host of a route")]
    [InlineData("host = [\"*a.b\"]", "11: \"*a.b\" cannot be the host of a route")]
    [InlineData("host = [\"a..b\"]", "11: \"a..b\" cannot be the host of a route")]
    [InlineData("host = [\"\"]", "11: \"\" cannot be the host of a route")]
    [InlineData("host = [\"a:80\"]", "11: \"a:80\" cannot be the host of a route")]
    [InlineData("host = [\"[::g]\"]", "11: \"[::g]\" cannot be the host of a route")]
    [InlineData("path = [\"a\"]", "11: \"a\" is no path")]
    [InlineData("path_prefix = [\"\"]", "11: \"\" is no beginning of a path")]
    [InlineData("path_prefix = [\"/a?b\"]", "11: \"/a?b\" is no beginning of a path")]
    [InlineData("path_regex = ['é']", "11: the regular expression \"é\" has letters beyond ASCII, which are several bytes each in a request")]
    [InlineData("path_regex = [\"\"]", "11: the regular expression is empty, so it matches everything")]
    [InlineData("method = [\"GE T\"]", "11: \"GE T\" is no method")]
    [InlineData("source = [\"10.0.0.1/8\"]", "11: \"10.0.0.1/8\" is no network")]
    [InlineData("header = { \"X A\" = true }", "11: \"X A\" cannot be the name of a header field")]
    [InlineData("cookie_is = { \"a;b\" = true }", "11: \"a;b\" cannot be the name of a cookie")]
    [InlineData("header = { A = { start = \"x\" } }", "11: unknown key \"start\" in \"A\" in [route.header]")]
    [InlineData("header = { A = {} }", "11: \"A\" in [route.header] is a table with 0 keys")]
    [InlineData("header = { A = { prefix = 1 } }", "11: \"prefix\" in \"A\" in [route.header] is 1")]
    [InlineData("header = { A = [] }", "11: \"A\" in [route.header] must not be empty")]
    [InlineData("header = { A = [1] }", "11: \"A\" in [route.header] has an item that is no string")]
    [InlineData("header = { A = 1 }", "11: \"A\" in [route.header] is 1")]
    [InlineData("header = \"A\"", "11: \"header\" in [[route]] is \"A\"")]
    [InlineData("name = \"a b\"", "11: \"a b\" cannot be the name of a route")]
    [InlineData("redirect = \"/a\\r\\nb\"", "11: \"/a\uFFFD\uFFFDb\" cannot be a Location field")]
    [InlineData("redirect = \"/\"\nredirect_status = 304", "12: 304 is no status of a redirect")]
    [InlineData("deny = 200", "11: 200 is no status of a refusal")]
    [InlineData("[route.respond]\nstatus = 101", "12: 101 is no status of an answer")]
    [InlineData("[route.respond]\nbody = \"x\"", "11: the answer of [route.respond] has no status")]
    [InlineData("[route.respond]\nfile = \"x\"", "11: the answer of [route.respond] has no status")]
    [InlineData("[route.respond]\nstatus = 200\nbody = \"x\"\nfile = \"y\"", "14: the answer has two bodies: \"body\" and \"file\"")]
    [InlineData("[route.respond]\nstatus = 200\ncontent_type = \"a\\nb\"", "13: \"a\uFFFDb\" cannot be a Content-Type field")]
    public void Mistakes_AreReportedAtTheirPlace(string lines, string problem) =>
        Assert.Equal([problem], SettingsTrial.Problems(WithRoute(lines)));

    [Theory]
    [InlineData("path_regex = [\"(a)\\\\1\"]")]
    [InlineData("path_regex = ['[$']")]
    [InlineData("path_regex = ['[]$']")]
    [InlineData("path_regex = [\"(?=a)\"]")]
    [InlineData("path_regex = [\"(\"]")]
    [InlineData("header = { \"X.A\" = { regex = \"(\" } }")]
    public void ExpressionThatTheLinearEngineRefuses_IsAnErrorWithTheReason(string line)
    {
        ConfigError error = Assert.Single(SettingsTrial.Parse(WithRoute(line)).Errors);

        Assert.Equal(11, error.Line);
        Assert.Matches("^the regular expression \".+\" cannot be used: .+", error.Problem);
    }

    [Fact]
    public void AllMistakesOfARoute_AreShownAtOnce() =>
        Assert.Equal(["11: \"*\" cannot be the host of a route", "12: \"x\" is no path", "13: there is no upstream \"ap\""],
            SettingsTrial.Problems(WithRoute("host = [\"*\"]\npath = [\"x\"]\nupstream = \"ap\"")));

    [Fact]
    public void MistypedUpstream_GetsAHint() =>
        Assert.Equal("did you mean \"app\"?", Assert.Single(SettingsTrial.Parse(WithRoute("upstream = \"ap\"")).Errors).Hint);

    [Fact]
    public void RouteOfAForwardProxy_IsRefused()
    {
        Assert.Equal(["15: the listener \"out\" is in mode \"forward\", which has no routes"],
            SettingsTrial.Problems(SettingsTrial.Minimal + Forward + "[[route]]\nlistener = [\"out\"]"));
        Assert.Equal(["5: no listener has routes: all are in mode \"forward\""], SettingsTrial.Problems(Forward + "[[route]]\ndeny = 403"));
        Assert.Empty(SettingsTrial.Problems(SettingsTrial.Minimal + Forward + "[[route]]\ndeny = 403"));
    }

    [Theory]
    [InlineData("", "9: the route has no action, and the listener \"web\" has no upstream")]
    [InlineData("deny = 403", "")]
    [InlineData("upstream = \"app\"", "")]
    public void RouteWithoutAction_NeedsTheUpstreamOfItsListener(string line, string problem) =>
        Assert.Equal(problem, string.Join("; ", SettingsTrial.Problems(WithoutUpstream(SettingsTrial.Minimal) + "[[route]]\n" + line)));

    [Theory]
    [InlineData("[[route]]\nname = \"a\"\n[[route]]\nname = \"a\"\nhost = [\"x\"]", "13: the route name \"a\" is used twice")]
    [InlineData("[[route]]\nname = \"route-2\"\nhost = [\"x\"]\n[[route]]", "11: the route name \"route-2\" is used twice")]
    [InlineData("[[route]]\nname = \"route-1\"\nhost = [\"x\"]\n[[route]]", "")]
    public void NamesOfRoutes_AreUnique(string lines, string problem) =>
        Assert.Equal(problem, string.Join("; ", SettingsTrial.Problems(SettingsTrial.Minimal + lines)));

    [Fact]
    public void RouteWithoutName_IsCalledByItsPlace()
    {
        ProxySettings settings = SettingsTrial.Parse(WithRoute("host = [\"x\"]\n[[route]]\nname = \"rest\"\n")).Settings;
        Assert.Equal(["route-1", "rest"], settings.Routes.Select(static (route, i) => route.NameAt(i)));
    }

    [Fact]
    public void ListenerWithoutUpstream_HasTheOnlyOneWhereThereIsNoRoute()
    {
        string toml = WithoutUpstream(SettingsTrial.Minimal);
        Assert.Equal("app", SettingsTrial.Parse(toml).Settings.Listeners[0].Upstream);
        Assert.Equal("", SettingsTrial.Parse(toml + "[[route]]\ndeny = 403").Settings.Listeners[0].Upstream);
        Assert.Equal(["1: required key \"upstream\" is missing in [[listener]]"], SettingsTrial.Problems(toml + Other));
    }

    [Theory]
    [InlineData("unmatched = 421\npath_normalization = \"strict\"\nambiguous_path = \"keep\"", "")]
    [InlineData("unmatched = 0", "")]
    [InlineData("unmatched = 405", "5: 405 is no status of requests that no route takes")]
    [InlineData("ambiguous_path = \"pass\"", "5: \"ambiguous_path\" in [[listener]] is \"pass\"")]
    public void KeysOfTheListener_AreChecked(string lines, string problem) =>
        Assert.Equal(problem, string.Join("; ", SettingsTrial.Problems(SettingsTrial.WithListener(lines))));

    [Theory]
    [InlineData("", "host = [\"a.b\"]", true)]
    [InlineData("host = [\"*.b\"]", "host = [\"a.B\", \"*.a.b\"]", true)]
    [InlineData("host = [\"*.b\"]", "host = [\"b\"]", false)]
    [InlineData("host = [\"a.b\"]", "", false)]
    [InlineData("path_prefix = [\"/\"]", "", true)]
    [InlineData("path_prefix = [\"/api\"]", "path_prefix = [\"/api/v1\"]", true)]
    [InlineData("path_prefix = [\"/api/\"]", "path = [\"/api\"]", true)]
    [InlineData("path_prefix = [\"/api\"]", "path_prefix = [\"/apix\"]", false)]
    [InlineData("path_prefix = [\"/api\"]", "path_prefix = [\"/api\"]\nignore_case = true", false)]
    [InlineData("path_prefix = [\"/API\"]\nignore_case = true", "path_prefix = [\"/api\"]", true)]
    [InlineData("path_regex = [\"x\"]", "path_regex = [\"x\"]", true)]
    [InlineData("path_regex = [\"x\"]", "path = [\"/x\"]", false)]
    [InlineData("method = [\"GET\"]", "method = [\"GET\"]\nhost = [\"a\"]", true)]
    [InlineData("method = [\"GET\"]", "host = [\"a\"]", false)]
    [InlineData("header = { A = true }", "header = { A = true }", true)]
    [InlineData("header = { A = true }", "header = { A = \"x\" }", false)]
    [InlineData("source = [\"10.0.0.0/8\"]", "source = [\"10.1.0.0/16\", \"10.2.3.4\"]", true)]
    [InlineData("source = [\"10.0.0.0/8\"]", "source = [\"10.1.0.0/16\", \"11.0.0.1\"]", false)]
    [InlineData("source = [\"10.1.0.0/16\"]", "source = [\"10.0.0.0/8\"]", false)]
    [InlineData("source = [\"::/0\"]", "source = [\"10.0.0.0/8\"]", false)]
    [InlineData("listener = [\"web\"]", "host = [\"a\"]", true)]
    public void RouteThatAnEarlierOneShadows_IsAWarning(string earlier, string later, bool isShadowed)
    {
        string toml = WithRoute("name = \"wide\"\n" + earlier + "\n[[route]]\nname = \"narrow\"\n" + later);
        string[] warnings = SettingsTrial.Warnings(toml);

        Assert.Empty(SettingsTrial.Problems(toml));
        Assert.Equal(isShadowed, warnings.Length == 1
            && warnings[0].EndsWith(": the route \"narrow\" can never match: the route \"wide\" (line 10) takes all that it would"));
        Assert.Equal(isShadowed ? 1 : 0, warnings.Length);
    }

    [Fact]
    public void RedirectToTheHostOfTheClient_IsAWarningWithoutHost()
    {
        Assert.Equal(["11: this redirect leads wherever the client's Host field says"],
            SettingsTrial.Warnings(WithRoute("redirect = \"https://{host}{uri}\"")));
        Assert.Empty(SettingsTrial.Warnings(WithRoute("redirect = \"https://{host}{uri}\"\nhost = [\"a.example\"]")));
    }

    [Theory]
    [InlineData("{query.next}", true)]
    [InlineData("https://{header.X-To}/", true)]
    [InlineData("//{cookie.site}.example/x", true)]
    [InlineData("/{query.next}", false)]
    [InlineData("https://a.example/{query.next}?{query}", false)]
    [InlineData("https://a.example?{query}", false)]
    [InlineData("{uri}", false)]
    public void RedirectToWhereTheClientSays_IsAWarning(string redirect, bool isWarned) =>
        Assert.Equal(isWarned, SettingsTrial.Warnings(WithRoute($"host = [\"a.example\"]\nredirect = \"{redirect}\""))
            .Any(static one => one.EndsWith(": this redirect leads wherever the client says")));

    [Theory]
    [InlineData("path_normalization = \"off\"", "path_prefix = [\"/a\"]\ndeny = 403", true)]
    [InlineData("ambiguous_path = \"keep\"", "path_regex = [\"^/a\"]\ndeny = \"close\"", true)]
    [InlineData("ambiguous_path = \"reject\"", "path = [\"/a\"]\ndeny = 403", false)]
    [InlineData("path_normalization = \"off\"", "host = [\"a\"]\ndeny = 403", false)]
    [InlineData("path_normalization = \"off\"", "path = [\"/a\"]", false)]
    public void RefusalByOneSpellingOfAPath_IsAWarning(string ofListener, string ofRoute, bool isWarned) => Assert.Equal(
        isWarned, SettingsTrial.Warnings(SettingsTrial.WithListener(ofListener) + "\n[[route]]\n" + ofRoute)
            .Any(static one => one.EndsWith(": what is refused here can be reached by another spelling of its path")));

    [Theory]
    [InlineData("upstream = \"other\"", "")]
    [InlineData("split = { app = 1, other = 2 }", "")]
    [InlineData("", "11: no listener, route or split uses the upstream \"other\"")]
    public void UpstreamThatNobodyUses_IsAWarning(string line, string warning) =>
        Assert.Equal(warning, string.Join("; ", SettingsTrial.Warnings(SettingsTrial.Minimal + Other + "[[route]]\nhost = [\"x\"]\n" + line)));

    [Theory]
    [InlineData("upgrade = [\"websocket\", \"tcp\"]", "")]
    [InlineData("upgrade = [\"none\"]", "")]
    [InlineData("upgrade = [\"websocket\", \"none\"]", "11: \"none\" is no protocol")]
    [InlineData("log = \"off\"", "11: \"log\" in [[route]] is \"off\"")]
    public void UpgradesAndLines_AreChecked(string line, string problem) =>
        Assert.StartsWith(problem, string.Join("; ", SettingsTrial.Problems(WithRoute(line))), System.StringComparison.Ordinal);

    private static string WithRoute(string lines) => SettingsTrial.Minimal + "[[route]]\n" + lines;

    private static string WithoutUpstream(string toml) => toml.Replace("upstream = \"app\"\n", "", System.StringComparison.Ordinal);
}
