using System;
using System.IO;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>A disk without room costs lines of logs, is told, and is over when there is room again.</summary>
public sealed class DiskFullTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("nativeproxy-disk-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [PrivateMountsTheory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task FullDisk_CostsLines_AndIsOverWhenThereIsRoom(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(workers)
            .Log($"access = \"{_directory}/access.log\"").StartedThrough(PrivateMounts.SmallDiskAt(_directory)));
        await using RawClient kept = await proxy.Connect();
        Assert.Equal(200, (await kept.Ask("/first")).Status);
        string log = PrivateMounts.SeenBy(proxy.Id, _directory + "/access.log");
        await Deadline.Until(() => File.ReadAllText(log).Contains("GET /first ", StringComparison.Ordinal), () => "a line");
        string filler = PrivateMounts.SeenBy(proxy.Id, _directory + "/filler");
        Fill(filler);

        // The file's last block takes some lines yet.
        for (int i = 0; !proxy.Errors.Text.Contains("access log lines are lost: ", StringComparison.Ordinal); i++)
        {
            Assert.True(i < 2000, "a full disk that nobody speaks of");
            Assert.Equal(200, (await kept.Ask("/full")).Status);
        }
        await Deadline.Until(async () => await proxy.Metric("nativeproxy_log_lines_lost_total") > 0, () => "a count of lines");
        Assert.Equal(200, (await proxy.AskOnce("/full")).Status);
        await proxy.Reload(static toml => toml + "\n");

        File.Delete(filler);
        Assert.Equal(200, (await kept.Ask("/last")).Status);
        await Deadline.Until(() => File.ReadAllText(log).Contains("GET /last ", StringComparison.Ordinal), () => "lines again");
        await proxy.Errors.WaitFor("access log takes lines again; ");
    }

    /// <summary>As much as there is room for.</summary>
    private static void Fill(string path)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
        try
        {
            while (file.Length < 1 << 20)
                file.Write(new byte[4096]);
        }
        catch (IOException)
        {
            // That is what it is for.
        }
    }
}
