using NativeProxy.Config;
using Xunit;

namespace NativeProxy.Tests.Config;

/// <summary>The route stands in line 10 of the file, its first key in line 11.</summary>
public class RouteModifierRulesTests
{
    [Theory]
    [InlineData("strip_prefix = \"/api\"\nadd_prefix = \"/v1\"")]
    [InlineData("replace_path = \"/x{path}\"")]
    [InlineData("path_regex = [\"^/(a)/(b)$\", \"^/(c)(d)(e)$\"]\nreplace_path = \"/{1}/{2}\"\nrequest_headers = { set = { A = \"{2}\" } }")]
    [InlineData("rewrite = { regex = \"(x)\", to = \"/{1}\" }")]
    [InlineData("deny = \"close\"")]
    [InlineData("access = { allow = [\"10.0.0.0/8\"], deny = [\"10.0.0.1\"] }")]
    [InlineData("timeouts = { response = \"1s\", queue = \"1s\", tunnel = \"1s\" }\nlimits = { body_bytes = 10, response_body_bytes = \"1KiB\" }")]
    [InlineData("policies = [\"p\"]\n[[policy]]\nname = \"p\"\nrequest_headers = { set = { A = \"b\" } }\naccess = { deny = [\"::/0\"] }")]
    public void ProperModifiers_AreAccepted(string lines)
    {
        SettingsResult result = SettingsTrial.Parse(WithRoute(lines));
        Assert.Empty(result.Errors);
        Assert.Empty(result.Warnings);
    }

    [Theory]
    [InlineData("strip_prefix = \"api\"", "11: \"api\" is no beginning of a path")]
    [InlineData("add_prefix = \"/a/../b\"", "11: \"/a/../b\" has dot segments")]
    [InlineData("add_prefix = \"/a?b\"", "11: \"/a?b\" is no beginning of a path")]
    [InlineData("replace_path = \"x\"", "11: \"x\" is no path")]
    [InlineData("replace_path = \"/x{nothing}\"", "11: \"/x{nothing}\": there is no variable {nothing}")]
    [InlineData("replace_path = \"/x{uri}\"", "11: \"/x{uri}\" puts the query into the path; it stays behind the path in any case")]
    [InlineData("replace_path = \"/x{request_id}\"", "11: \"/x{request_id}\" names what a request gets when its path is known")]
    [InlineData("rewrite = { regex = \"a\", to = \"/{trace_id}\" }", "11: \"/{trace_id}\" names what a request gets when its path is known")]
    [InlineData("replace_path = \"/{1}\"", "11: {1} is no group that every regular expression here has")]
    [InlineData("path_regex = [\"(a)\", \"b\"]\nreplace_path = \"/{1}\"", "12: {1} is no group that every regular expression here has")]
    [InlineData("redirect = \"/{server}\"", "11: \"/{server}\" names what is not known yet")]
    [InlineData("redirect = \"/{user}\"", "11: \"/{user}\" names what is not known yet")]
    [InlineData("replace_path = \"/{upstream}\"", "11: \"/{upstream}\" names what a request gets when its path is known")]
    [InlineData("redirect = \"/{1}\"", "11: {1} is no group that every regular expression here has")]
    [InlineData("request_headers = { set = { A = \"{1}\" } }", "11: the value of \"A\" names a group that not every path_regex of its route has")]
    [InlineData("response_headers = { set = { A = \"{1}\" } }", "11: the value of \"A\" names something of the request")]
    [InlineData("rewrite = { regex = \"(a)\" }", "11: a rewriting needs both: what is looked for and what becomes of it")]
    [InlineData("rewrite = { to = \"/a\" }", "11: a rewriting needs both: what is looked for and what becomes of it")]
    [InlineData("rewrite = { regex = \"a\", to = \"/{1}\" }", "11: {1} is no group that every regular expression here has")]
    [InlineData("rewrite = { regex = \"a\", to = \"b\" }", "11: \"b\" is no path")]
    [InlineData("deny = 403\nstrip_prefix = \"/a\"", "12: this route sends nothing to a server, so there is no path to change")]
    [InlineData("redirect = \"/\"\nadd_prefix = \"/a\"", "12: this route sends nothing to a server, so there is no path to change")]
    [InlineData("deny = \"drop\"", "11: \"deny\" in [[route]] is \"drop\"")]
    [InlineData("deny = -1", "11: \"deny\" in [[route]] is -1")]
    [InlineData("access = { allow = [\"10.0.0.1/8\"] }", "11: \"10.0.0.1/8\" is no network")]
    [InlineData("policies = [\"p\"]", "11: there is no policy \"p\"")]
    [InlineData("error_pages = { 200 = \"x\" }", "11: \"200\" is no status of an error")]
    [InlineData("error_pages = { 6xx = \"x\" }", "11: \"6xx\" is no status of an error")]
    [InlineData("[[policy]]\nname = \"a b\"", "12: \"a b\" cannot be the name of a policy")]
    [InlineData("[[policy]]\nname = \"p\"\n[[policy]]\nname = \"p\"", "14: the policy name \"p\" is used twice")]
    [InlineData("[[policy]]\nname = \"p\"\naccess.deny = [\"x\"]", "13: \"x\" is no network")]
    [InlineData("[[policy]]\nname = \"p\"\nrequest_headers.set.A = \"{1}\"",
        "13: the value of \"A\" names a group that not every path_regex of its route has")]
    public void Mistakes_AreReportedAtTheirPlace(string lines, string problem) =>
        Assert.Equal([problem], SettingsTrial.Problems(WithRoute(lines)));

    [Theory]
    [InlineData("policies = [\"p\"]\n", "5: there is no policy \"p\"")]
    [InlineData("policies = [\"q\"]\nmode = \"forward\"\n", "5: a listener in mode \"forward\" has no policies")]
    public void PoliciesOfAListener_MustExistAndHaveAUse(string lines, string problem) =>
        Assert.Contains(problem, SettingsTrial.Problems(SettingsTrial.WithListener(lines) + "[[policy]]\nname = \"q\"\n"));

    [Fact]
    public void PolicyThatNobodyUses_IsAWarning() =>
        Assert.Equal(["10: nothing uses the policy \"p\""], SettingsTrial.Warnings(SettingsTrial.Minimal + "[[policy]]\nname = \"p\"\n"));

    private static string WithRoute(string lines) => SettingsTrial.Minimal + "[[route]]\n" + lines;
}
