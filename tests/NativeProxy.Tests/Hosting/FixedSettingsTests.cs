using System;
using System.Linq;
using NativeProxy.Config;
using NativeProxy.Hosting.Channels;
using NativeProxy.Hosting.Supervision;
using NativeProxy.Tests.Config;
using Xunit;

namespace NativeProxy.Tests.Hosting;

/// <summary>A key that a reload changes stands in the line of the reload, one that needs a restart in a warning of its own; none in both.</summary>
public class FixedSettingsTests
{
    private const string Other = SettingsTrial.Minimal
        + "[runtime]\nworkers = 3\nengine = \"epoll\"\nbuffer_bytes = \"2MiB\"\npid_file = \"/run/p\"\nuser = \"u\"\n"
        + "group = \"g\"\ndrain_timeout = \"3s\"\n[admin]\nbind = "
        + "\"127.0.0.1:9901\"\n";

    private static readonly ProxySettings Started = SettingsTrial.Parse(SettingsTrial.Minimal).Settings;
    private static readonly ProxySettings Wanted = SettingsTrial.Parse(Other).Settings;

    [Fact]
    public void KeyThatNeedsARestart_IsNotListedAsChanged() =>
        Assert.Equal("reloaded: runtime.drain_timeout 30s -> 3s", ReloadText.Of(Started, FixedSettings.Keep(Wanted, Started), []));

    [Fact]
    public void KeyThatNeedsARestart_IsNamed() => Assert.Equal(
        ["runtime.workers", "runtime.engine", "runtime.buffer_bytes", "runtime.user", "runtime.group", "runtime.pid_file", "admin.bind"],
        FixedSettings.Changed(Wanted, Started));

    [Fact]
    public void EveryChange_IsEitherAppliedOrNamed() => Assert.Equal(
        SettingsChanges.Between(Started, Wanted).Select(static change => change.Key).Order(StringComparer.Ordinal),
        [.. SettingsChanges.Between(Started, FixedSettings.Keep(Wanted, Started)).Select(static change => change.Key)
            .Concat(FixedSettings.Changed(Wanted, Started)).Order(StringComparer.Ordinal)]);

    [Fact]
    public void UnchangedSettings_NameNoKey() => Assert.Empty(FixedSettings.Changed(Started, Started));
}
