using NativeProxy.Config;
using Xunit;

namespace NativeProxy.Tests.Config;

public class CacheRulesTests
{
    [Theory]
    [InlineData("bytes = \"64KiB\"")]
    [InlineData("bytes = \"64MiB\"\nobject_bytes = \"64MiB\"\nmax_age = \"1h\"")]
    [InlineData("bytes = 0")]
    [InlineData("bytes = 0\nmax_age = \"1h\"")]
    [InlineData("")]
    public void ProperCaches_AreAccepted(string lines)
    {
        SettingsResult result = SettingsTrial.Parse(WithCache(lines));
        Assert.Empty(result.Errors);
        Assert.Empty(result.Warnings);
    }

    [Fact]
    public void CacheIsOff_UnlessItHasBytes()
    {
        UpstreamCacheSettings cache = SettingsTrial.Parse(SettingsTrial.Minimal).Settings.Upstreams[0].Cache;
        Assert.Equal((0L, 1 << 20, 60_000L), (cache.Bytes, cache.ObjectBytes, cache.MaxAgeMs));
    }

    [Theory]
    [InlineData("bytes = \"63KiB\"", "8: 63KiB are too few for a cache")]
    [InlineData("bytes = \"1MiB\"\nobject_bytes = \"2MiB\"", "9: object_bytes (2MiB) is above bytes (1MiB)")]
    public void Mistakes_AreReportedAtTheirPlace(string lines, string problem) => Assert.Equal([problem], SettingsTrial.Problems(WithCache(lines)));

    [Theory]
    [InlineData("object_bytes = \"2MiB\"", "8: \"object_bytes\" has no effect: the upstream has no cache")]
    [InlineData("max_age = \"1h\"", "8: \"max_age\" has no effect: the upstream has no cache")]
    public void SettingsOfACacheWithoutBytes_AreWarnedAbout(string lines, string warning) =>
        Assert.Equal([warning], SettingsTrial.Warnings(WithCache(lines)));

    private static string WithCache(string lines) => SettingsTrial.WithUpstream("[upstream.cache]\n" + lines);
}
