using System;
using System.Linq;
using NativeProxy.Hosting.Supervision;
using NativeProxy.Tests.Config;
using Xunit;

namespace NativeProxy.Tests.Hosting;

public class ReloadTextTests
{
    [Fact]
    public void NothingChanged_IsSaid() => Assert.Equal("reloaded: nothing changed", Line(SettingsTrial.Minimal, SettingsTrial.Minimal));

    [Fact]
    public void Changes_AreGroupedByWhatTheyBelongTo()
    {
        string after = SettingsTrial.WithListener("keepalive.timeout = \"30s\"\nhalf_close = \"finish\"")
            .Replace("[[upstream.server]]", "balance = \"least_connections\"\n[[upstream.server]]", StringComparison.Ordinal)
            + "[[upstream.server]]\nname = \"c\"\naddress = \"127.0.0.1:9003\"\n[log]\naccess = \"off\"\n";

        Assert.Equal(
            "reloaded: log.access stdout -> off; listener web: half_close abort -> finish, keepalive.timeout 75s -> 30s; upstream app: balance "
            + "round_robin -> least_connections, server c added",
            Line(SettingsTrial.Minimal, after));
    }

    [Fact]
    public void LineOfManyChanges_IsBounded_AndCountsTheRest()
    {
        string after = SettingsTrial.Minimal
            + string.Concat(Enumerable.Range(0, 900).Select(static i => $"[[upstream.server]]\nname = \"s{i}\"\naddress = \"127.0.0.1:{i + 1}\"\n"));

        string line = Line(SettingsTrial.Minimal, after);

        Assert.InRange(line.Length, 900, 1050);
        int shown = line.Split("added").Length - 1;
        Assert.EndsWith($"; and {900 - shown} more", line, StringComparison.Ordinal);
    }

    /// <summary>The text of the settings is the same when a certificate is renewed.</summary>
    [Fact]
    public void FilesThatWereExchanged_AreNamed_AndNotAllOfMany()
    {
        Assert.Equal("reloaded: nothing changed", Line(SettingsTrial.Minimal, SettingsTrial.Minimal));
        Assert.Equal("reloaded: exchanged a.pem, b.pem", Line(SettingsTrial.Minimal, SettingsTrial.Minimal, "a.pem", "b.pem"));
        Assert.Equal("reloaded: exchanged a.pem; log.access stdout -> off",
            Line(SettingsTrial.Minimal, SettingsTrial.Minimal + "\n[log]\naccess = \"off\"\n", "a.pem"));
        string[] many = [.. Enumerable.Range(0, 100).Select(static i => $"{i}.pem")];
        Assert.EndsWith("7.pem and 92 more", Line(SettingsTrial.Minimal, SettingsTrial.Minimal, many), StringComparison.Ordinal);
    }

    private static string Line(string before, string after, params string[] files) =>
        ReloadText.Of(SettingsTrial.Parse(before).Settings, SettingsTrial.Parse(after).Settings, files);
}
