using System;
using System.Linq;
using NativeProxy.Config;
using NativeProxy.Hosting.Explaining;
using NativeProxy.Tests.Config;
using Xunit;

namespace NativeProxy.Tests.Hosting.Explaining;

/// <summary>Limits of the file against those of a machine.</summary>
public class CapacityTests
{
    private const long Gibibyte = 1024 * 1024 * 1024;

    [Theory]
    [Trait("promise", "B11")]
    [InlineData(1, 40_000L, 64, "clients: at most 20000 (runtime")]
    [InlineData(4, 40_000L, 64, "clients: at most 80000 on 4 workers (runtime")]
    [InlineData(1, 40_000L, 64, "descriptors: 40000 are allowed in a process, enough for 20000 clients")]
    [InlineData(1, 39_998L, 64, "takes about 19999 clients at most instead of 20000: raise it to 40000 ")]
    [InlineData(1, 40_000L, 64, "memory: buffers take at most 963 MiB of 65536 MiB, as they are needed")]
    [InlineData(4, 40_000L, 2, "memory: buffers may take 3852 MiB on 4 workers, and there are 2048 MiB: lower runtime.buffer_bytes")]
    public void IsToldInASentence(int workers, long descriptors, int gibibytes, string text)
    {
        ProxySettings settings = SettingsTrial.Parse(SettingsTrial.Minimal).Settings;
        Assert.Contains(Capacity.Of(settings, workers, descriptors, gibibytes * Gibibyte), line => line.Contains(text, StringComparison.Ordinal));
    }

    [Fact]
    public void LimitThatNobodyKnows_IsNotSpokenOf() => Assert.DoesNotContain(
        Capacity.Of(SettingsTrial.Parse(SettingsTrial.Minimal).Settings, workers: 1, descriptors: null, Gibibyte).ToArray(),
        static line => line.StartsWith("descriptors", StringComparison.Ordinal));
}
