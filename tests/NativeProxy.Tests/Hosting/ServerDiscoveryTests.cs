using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using NativeProxy.Config;
using NativeProxy.Hosting.Supervision;
using NativeProxy.Logging;
using NativeProxy.Tests.Config;
using NativeProxy.Tests.Transport;
using NativeProxy.Upstreams.Discovery;
using Xunit;

namespace NativeProxy.Tests.Hosting;

/// <summary>What one process knows of servers that are found is of use to the next one as long as they come from the same place.</summary>
public sealed class ServerDiscoveryTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"np-servers-{Guid.NewGuid():N}.json");

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void ServersOfTheProcessBefore_HoldForTheSameSource_AndForNoOther()
    {
        File.WriteAllText(_path, "[\"127.0.0.1:1\", \"127.0.0.1:2\"]");
        Dictionary<string, string> known;
        using (ServerDiscovery first = Create([]))
        {
            // A pool of threads that is busy may take longer than a start waits.
            Assert.True(SpinWait.SpinUntil(() => CountOf(first.Follow(SettingsWith(_path))) == 2, LoopUnderTest.Deadline));
            known = first.Known;
        }
        File.Delete(_path);

        using (ServerDiscovery same = Create(known))
            Assert.Equal(2, CountOf(same.Follow(SettingsWith(_path))));
        using (ServerDiscovery other = Create(known))
            Assert.Equal(0, CountOf(other.Follow(SettingsWith(_path + ".other"))));
    }

    private static ServerDiscovery Create(Dictionary<string, string> known) =>
        new(new ErrorLog(Stream.Null, TimeProvider.System), static () => { }) { Remembered = known };

    private static int CountOf(DiscoveredServers servers) => servers.First.Length;

    private static ProxySettings SettingsWith(string path)
    {
        SettingsResult result = SettingsTrial.Parse(
            "[[listener]]\nname = \"web\"\nbind = [\"127.0.0.1:1\"]\nupstream = \"app\"\n[[upstream]]\nname = \"app\"\n"
            + $"[upstream.discovery]\ntype = \"file\"\npath = \"{path}\"\n");
        Assert.True(result.IsOk, string.Join("\n", result.Errors));
        return result.Settings;
    }
}
