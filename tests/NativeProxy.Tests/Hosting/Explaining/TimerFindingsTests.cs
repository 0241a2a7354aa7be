using System;
using System.Collections.Generic;
using System.Linq;
using NativeProxy.Config;
using NativeProxy.Hosting.Explaining;
using NativeProxy.Tests.Config;
using Xunit;

namespace NativeProxy.Tests.Hosting.Explaining;

/// <summary>Which times stand in the wrong order, and what follows from several together.</summary>
public class TimerFindingsTests
{
    [Theory]
    [Trait("promise", "B11")]
    [Trait("promise", "S1.10")]
    [InlineData("", "unusually long", false)]
    [InlineData("keepalive.timeout = \"20m\"", "unusually long", true)]
    [InlineData("keepalive.max_age = \"1m\"", "is over before an idle client is closed", true)]
    [InlineData("keepalive.max_age = \"2m\"", "is over before an idle client is closed", false)]
    [InlineData("keepalive.enabled = false\nkeepalive.max_age = \"1m\"", "is over before an idle client is closed", false)]
    public void OfClients(string lines, string text, bool isSaid) =>
        Assert.Equal(isSaid, Says(TimerFindings.OfListener(Settings(listener: lines).Listeners[0]), text));

    [Theory]
    [Trait("promise", "B11")]
    [Trait("promise", "S1.13")]
    [InlineData("", "is found by keepalive.timeout, after 75s; no TCP probes are sent")]
    [InlineData("tcp_keepalive.enabled = true", "never reach an idle connection: keepalive.timeout (75s) acts before the first of them (2h)")]
    [InlineData("tcp_keepalive = { enabled = true, idle = \"60s\" }", "is found by keepalive.timeout (75s), before the TCP probes give it up (735s)")]
    [InlineData("tcp_keepalive = { enabled = true, idle = \"20s\", interval = \"5s\", count = 3 }", "is found by TCP probes, after 35s")]
    public void WhichOfProbesAndIdleTimeActs(string lines, string text) =>
        Assert.True(Says(TimerFindings.OfListener(Settings(listener: lines).Listeners[0]), text));

    [Theory]
    [Trait("promise", "B11")]
    [InlineData("", "Node.js, uvicorn after 5s; Jetty after 30s. keepalive.learn_idle_timeout finds", true)]
    [InlineData("keepalive.learn_idle_timeout = false", "is off: set keepalive.idle_timeout below", true)]
    [InlineData("keepalive.idle_timeout = \"1s\"", "by their own defaults", false)]
    [InlineData("keepalive.idle_timeout = \"0s\"", "without a limit, so that the server closes first", true)]
    [InlineData("keepalive.max_age = \"20s\"", "is over before keepalive.idle_timeout", true)]
    [InlineData("keepalive.reuse = \"never\"\nkeepalive.max_age = \"20s\"", "is over before keepalive.idle_timeout", false)]
    [InlineData("keepalive.idle_timeout = \"0s\"", "is never found while it is idle", true)]
    public void OfServers(string lines, string text, bool isSaid) =>
        Assert.Equal(isSaid, Says(TimerFindings.OfUpstream(Settings(upstream: lines).Upstreams[0]), text));

    [Theory]
    [Trait("promise", "B11")]
    [InlineData("", "waits at most 135s for the first byte of an answer: 3 x 5s for a connect, 2m for an answer of 2 tries")]
    [InlineData("keepalive.enabled = false", "waits at most 75s for the first byte of an answer: 3 x 5s for a connect, 1m for an answer")]
    [InlineData("retry.attempts = 1", "waits at most 65s for the first byte of an answer: 1 x 5s for a connect, 1m for an answer")]
    [InlineData("retry.on = [\"stale\"]", "2 x 5s for a connect, 2m for an answer of 2 tries")]
    [InlineData("retry.on = [\"connect_failure\"]", "3 x 5s for a connect, 1m for an answer")]
    [InlineData("max_requests = 3", "waits at most 165s for the first byte of an answer: 30s for a place, 3 x 5s")]
    [InlineData("retry = { on = [\"response_timeout\"], per_try_timeout = \"2s\" }", "waits at most 65s")]
    [InlineData("retry = { on = [\"response_timeout\"], per_try_timeout = \"2s\", redispatch = false }", "64s for an answer of 3 tries")]
    [InlineData("retry.redispatch = false", "3 x 5s for a connect, 3m for an answer of 3 tries")]
    [InlineData("retry = { on = [\"connect_failure\"], backoff = \"1s\" }", "1m for an answer, 3s between them")]
    [InlineData("timeouts.response = \"0s\"", "without a limit: timeouts.response is off")]
    [InlineData("max_requests = 3\ntimeouts.queue = \"0s\"", "without a limit: timeouts.queue is off")]
    [InlineData("", "drain_timeout (30s) is below timeouts.response (1m)")]
    public void OfARequest(string lines, string text)
    {
        ProxySettings settings = Settings(upstream: lines);
        Assert.True(Says(TimerFindings.OfRequest(settings, settings.Upstreams[0]), text));
    }

    [Fact]
    public void DrainThatIsLongEnough_IsNoFinding()
    {
        ProxySettings settings = Settings(upstream: "timeouts.response = \"30s\"");
        Assert.False(Says(TimerFindings.OfRequest(settings, settings.Upstreams[0]), "drain_timeout"));
    }

    private static ProxySettings Settings(string? listener = null, string? upstream = null) =>
        SettingsTrial.Parse(SettingsTrial.With(listener, upstream)).Settings;

    private static bool Says(IEnumerable<string> findings, string text) => findings.Any(line => line.Contains(text, StringComparison.Ordinal));
}
