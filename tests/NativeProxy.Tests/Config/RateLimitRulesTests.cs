using System.Linq;
using NativeProxy.Config;
using Xunit;

namespace NativeProxy.Tests.Config;

public class RateLimitRulesTests
{
    [Theory]
    [InlineData("rate = \"10/s\"")]
    [InlineData("rate = \"1/h\"\nburst = 1000000\nstatus = 503\nretry_after = false\nheaders = true")]
    [InlineData("rate = \"1000000/s\"\nkey = \"client_ip+header:X-Api-Key+cookie:sid+query:user+path+host+route\"")]
    [InlineData("rate = \"5/m\"\nkey = \"all\"\naction = \"delay\"\nscope = \"worker\"\nipv6_prefix = 48")]
    [InlineData("rate = \"5/m\"\nalgorithm = \"sliding_window\"\ncount_status = [\"401\", \"500-599\"]\naction = \"log\"")]
    public void ProperLimits_AreAccepted(string lines)
    {
        SettingsResult result = SettingsTrial.Parse(With(lines));
        Assert.Empty(result.Errors);
        Assert.Empty(result.Warnings);
    }

    [Theory]
    [InlineData("rate = \"10\"", "is no rate")]
    [InlineData("rate = \"0/s\"", "is no rate")]
    [InlineData("rate = \"1000001/s\"", "is no rate")]
    [InlineData("rate = \"10/d\"", "is no rate")]
    [InlineData("rate = \"-1/s\"", "is no rate")]
    [InlineData("rate = \"10 /s\"", "is no rate")]
    [InlineData("rate = \"99999999999/s\"", "is no rate")]
    [InlineData("rate = \"1/s\"\nkey = \"\"", "is nothing that requests can be told apart by")]
    [InlineData("rate = \"1/s\"\nkey = \"ip\"", "is nothing that requests can be told apart by")]
    [InlineData("rate = \"1/s\"\nkey = \"header:\"", "is nothing that requests can be told apart by")]
    [InlineData("rate = \"1/s\"\nkey = \"header:a b\"", "is nothing that requests can be told apart by")]
    [InlineData("rate = \"1/s\"\nkey = \"client_ip+client_ip\"", "is nothing that requests can be told apart by")]
    [InlineData("rate = \"1/s\"\nkey = \"client_ip+all\"", "is nothing that requests can be told apart by")]
    [InlineData("rate = \"1/s\"\nkey = \"path:x\"", "is nothing that requests can be told apart by")]
    [InlineData("rate = \"1/s\"\ncount_status = [\"700\"]", "is no status")]
    [InlineData("rate = \"1/s\"\ncount_status = [\"4x\"]", "is no status")]
    [InlineData("rate = \"1/s\"\ncount_status = [\"401\"]\naction = \"delay\"", "cannot wait")]
    [InlineData("rate = \"1/s\"\nalgorithm = \"sliding_window\"\naction = \"delay\"", "cannot wait")]
    [InlineData("rate = \"1/s\"\nalgorithm = \"sliding_window\"\nburst = 4", "has no burst")]
    [InlineData("rate = \"200000/s\"\nalgorithm = \"sliding_window\"", "counts to 100000 at most")]
    public void Mistakes_AreReported(string lines, string problem) => Assert.Contains(problem, Assert.Single(SettingsTrial.Problems(With(lines))));

    [Theory]
    [InlineData("limits.connection_rate_per_client = \"20\"", "5: \"20\" is no rate")]
    [InlineData("access.allow = [\"10.0.0.0/8\", \"10.0.0.1/8\"]", "5: \"10.0.0.1/8\" is no network")]
    [InlineData("access.deny = [\"all\"]", "5: \"all\" is no network")]
    public void MistakesAboutConnections_AreReported(string line, string problem) =>
        Assert.Equal([problem], SettingsTrial.Problems(SettingsTrial.WithListener(line)));

    [Fact]
    public void LimitThatThereIsNot_IsReportedWhereItIsNamed()
    {
        string text = SettingsTrial.WithListener("rate_limit = [\"lmit\", \"limit\"]") + "[[rate_limit]]\nname = \"limit\"\nrate = \"1/s\"\n"
            + "[[route]]\npath = [\"/\"]\nrate_limit = [\"other\"]\n";
        Assert.Equal(["5: there is no limit \"lmit\"", "16: there is no limit \"other\""], SettingsTrial.Problems(text));
    }

    [Fact]
    public void NameThatIsUsedTwice_IsReported()
    {
        string text = With("rate = \"1/s\"\n[[rate_limit]]\nname = \"limit\"\nrate = \"2/s\"");
        Assert.Contains("the rate_limit name \"limit\" is used twice", Assert.Single(SettingsTrial.Problems(text)));
    }

    [Fact]
    public void LimitThatNobodyUses_IsWarnedAbout() =>
        Assert.Equal(["11: no listener, route or policy uses the limit \"limit\""],
            SettingsTrial.Warnings(SettingsTrial.Minimal + "[[rate_limit]]\nname = \"limit\"\nrate = \"1/s\"\n"));

    [Fact]
    public void KeysOfAllLimits_HaveABound()
    {
        string limits = string.Concat(Enumerable.Range(0, 5).Select(static i =>
            $"[[rate_limit]]\nname = \"l{i}\"\nrate = \"1/s\"\nmax_keys = 1000000\n"));
        Assert.Contains("together have more than 4194304 keys", Assert.Single(SettingsTrial.Problems(SettingsTrial.Minimal + limits)));
    }

    private static string With(string lines) =>
        SettingsTrial.WithListener("rate_limit = [\"limit\"]") + "[[rate_limit]]\nname = \"limit\"\n" + lines + "\n";
}
