using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Upstreams.Connections;
using Xunit;

namespace NativeProxy.Tests.Upstreams;

public class ConnectionTermsTests
{
    [Theory]
    [InlineData("idle_timeout = \"30s\"", 60, 30_000, ServerCloseReason.IdleTimeout)]
    [InlineData("idle_timeout = \"30s\"", 10, 9_000, ServerCloseReason.LearnedIdleTimeout)]
    [InlineData("idle_timeout = \"0s\"", 10, 9_000, ServerCloseReason.LearnedIdleTimeout)]
    [InlineData("idle_timeout = \"30s\"\nlearn_idle_timeout = false", 10, 30_000, ServerCloseReason.IdleTimeout)]
    [InlineData("idle_timeout = \"0s\"\nlearn_idle_timeout = false", 10, 0, ServerCloseReason.IdleTimeout)]
    public void ShorterOfSettingAndWhatTheServerSaid_Holds(string settings, int announcedSeconds, long expectedMs, object expectedReason)
    {
        var terms = new ConnectionTerms();
        terms.Apply(ServerUnderTest.SettingsOf("[upstream.keepalive]\n" + settings));
        terms.IdleTimeoutAnnounced(announcedSeconds, nowMs: 0);

        long timeoutMs = terms.IdleTimeoutMs(nowMs: 0, isUnused: false, out ServerCloseReason reason);

        Assert.Equal((expectedMs, (ServerCloseReason)expectedReason), (timeoutMs, reason));
    }

    [Fact]
    public void WhatTheServerShows_HoldsAsWhatItSays()
    {
        var terms = new ConnectionTerms();
        terms.Apply(ServerUnderTest.SettingsOf("[upstream.keepalive]\nidle_timeout = \"30s\""));
        for (int i = 0; i < LearnedIdleTimeout.ObservationsMin; i++)
            terms.ClosedIdle(idleAgeMs: 5000, nowMs: 0);

        Assert.Equal(4000, terms.IdleTimeoutMs(nowMs: 0, isUnused: false, out _));
    }

    [Fact]
    [Trait("promise", "B6")]
    public void WhatTheServerShowsOfConnectionsThatNobodyHasUsed_HoldsForTheseAlone()
    {
        var terms = new ConnectionTerms();
        terms.Apply(ServerUnderTest.SettingsOf("[upstream.keepalive]\nidle_timeout = \"30s\""));
        for (int i = 0; i < LearnedIdleTimeout.ObservationsMin; i++)
            terms.ClosedIdle(idleAgeMs: 5000, nowMs: 0, isUnused: true);

        Assert.Equal((4000, 30_000), (terms.IdleTimeoutMs(nowMs: 0, isUnused: true, out _), terms.IdleTimeoutMs(nowMs: 0, isUnused: false, out _)));
    }

    [Theory]
    [InlineData("min_idle = 3", 3)]
    [InlineData("min_idle = 0", 0)]
    [InlineData("min_idle = 3\nenabled = false", 0)]
    [InlineData("min_idle = 3\nreuse = \"never\"", 0)]
    [Trait("promise", "B6")]
    public void MinIdle_HoldsWhereConnectionsAreKept(string settings, int expected)
    {
        UpstreamSettings upstream = ServerUnderTest.SettingsOf("[upstream.keepalive]\n" + settings);
        var terms = new ConnectionTerms();
        terms.Apply(upstream, upstream.Servers[0]);

        Assert.Equal(expected, terms.IdleMin);
    }
}
