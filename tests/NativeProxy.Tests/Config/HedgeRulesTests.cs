using System;
using System.Linq;
using NativeProxy.Config;
using Xunit;

namespace NativeProxy.Tests.Config;

public class HedgeRulesTests
{
    private const string TwoServers = "servers = [\"127.0.0.1:1\", \"127.0.0.1:2\"]\n";

    [Theory]
    [InlineData(TwoServers + "hedge.after = \"100ms\"")]
    [InlineData("hedge.after = \"0s\"\nkeepalive.pipelining = 2")]
    [InlineData(TwoServers + "hedge.after = \"100ms\"\nkeepalive.pipelining = 2", "\"pipelining\" has no effect beside hedge.after")]
    [InlineData(TwoServers + "hedge.after = \"5s\"\ntimeouts.response = \"5s\"", "\"after\" has no effect: timeouts.response ends requests before")]
    [InlineData("servers = [\"127.0.0.1:1\"]\nhedge.after = \"100ms\"", "\"after\" has no effect: there is no second server")]
    public void HedgeWithoutEffect_IsWarnedOf(string lines, params string[] expected)
    {
        string text = SettingsTrial.WithUpstream(lines);
        if (lines.Contains("servers", StringComparison.Ordinal))
            text = text[..text.IndexOf("[[upstream.server]]", StringComparison.Ordinal)];
        SettingsResult result = SettingsTrial.Parse(text);

        Assert.Empty(result.Errors);
        Assert.Equal(expected, result.Warnings.Select(static warning => warning.Problem));
    }

    [Fact]
    public void RouteSaysOverItsUpstream_WhatItSays_AndNothingElse()
    {
        const string Route = "[[route]]\nupstream = \"app\"\n[route.retry]\n";
        string upstream = SettingsTrial.WithUpstream(
            "retry = { attempts = 4, on = [\"503\"], methods = \"safe\", per_try_timeout = \"1s\", backoff = \"2s\", budget = 7 }");
        UpstreamRetrySettings Of(string lines)
        {
            ProxySettings settings = SettingsTrial.Parse(upstream + Route + lines).Settings;
            return settings.Routes[0].Retry.Over(settings.Upstreams[0].Retry);
        }

        Assert.Equal((4, RetryMethods.Safe, 1000, 2000, 7, true), Parts(Of("attempts = 0")));
        Assert.Equal((1, RetryMethods.All, 5000, 6000, 7, false),
            Parts(Of("attempts = 1\non = [\"stale\"]\nmethods = \"all\"\nper_try_timeout = \"5s\"\nbackoff = \"6s\"")));
        Assert.False(SettingsTrial.Parse(upstream + Route + "attempts = 0").Settings.Routes[0].Retry.IsSet);
        Assert.True(SettingsTrial.Parse(upstream + Route + "on = [\"stale\"]").Settings.Routes[0].Retry.IsSet);

        static (int, RetryMethods, int, int, int, bool) Parts(UpstreamRetrySettings retry) => (retry.Attempts, retry.Methods,
            (int)retry.PerTryTimeoutMs, (int)retry.BackoffMs, retry.BudgetPercent, retry.IsOn(RetryCondition.Status503));
    }
}
