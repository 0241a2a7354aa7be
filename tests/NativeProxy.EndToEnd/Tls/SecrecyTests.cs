using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Tls;

/// <summary>Private keys are in the memory of the proxy, and nowhere else.</summary>
[Trait("layer", "no")] // it is a layer
public sealed class SecrecyTests
{
    /// <summary>What the proxy says in good and in bad times has no line of a key: not of the one in force, and not of a broken one.</summary>
    [Fact]
    public async Task KeysStandInNoLogAndNoMetric()
    {
        string path = TestPki.Copy(TestPki.A);
        await using TlsScene scene = await TlsScene.Start(config => config.Log("access = \"stdout\"", "connections = \"stdout\"")
            .Listener(TlsScene.Listening("", path)));
        await using (TlsClient client = await scene.Connect())
            await client.Ask();
        await using (TlsClient lost = await TlsClient.Begin(scene.Port, name: "b.test"))
            await lost.ExpectRefusal();
        string[] secrets = TestPki.KeyLines(TestPki.A);
        await File.WriteAllTextAsync(path,
            (await File.ReadAllTextAsync(path)).Replace(secrets[0], secrets[0][..^4] + "!!!!", StringComparison.Ordinal));
        await scene.Proxy.Reload(static text => text);
        File.Copy(TestPki.NewA, path, overwrite: true);
        await File.AppendAllTextAsync(path, string.Join('\n', secrets.Prepend("-----BEGIN PRIVATE KEY-----").Append("-----END PRIVATE KEY-----\n")));
        await scene.Proxy.Reload(static text => text);
        string closes = (await CloseScene.Closes(scene.Proxy)).GetRawText();

        string all = scene.Proxy.Output.Text + scene.Proxy.Errors.Text + await scene.Proxy.MetricsText() + closes;
        Assert.Contains(path, all, StringComparison.Ordinal);
        Assert.All([.. secrets, .. TestPki.KeyLines(TestPki.NewA)], line => Assert.DoesNotContain(line[..16], all, StringComparison.Ordinal));
    }

    /// <summary>Nobody but root may look into a process that has keys: such files belong to root, whoever runs it.</summary>
    [OtherUserFact]
    public async Task MemoryWithKeys_IsNobodysButRoots()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using (ProxyUnderTest plain = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(2).StartedThrough(OtherUser.RunScript)))
            Assert.All(Processes(plain), static id => Assert.Equal("64999", OwnerOf(id)));
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).WithWorkers(2).Listener(TlsScene.Listening()).StartedThrough(OtherUser.RunScript));
        Assert.Equal(3, Processes(proxy).Length);
        Assert.All(Processes(proxy), static id => Assert.Equal("0", OwnerOf(id)));
    }

    private static int[] Processes(ProxyUnderTest proxy) => [proxy.Id, .. ProcessView.Children(proxy.Id)];

    private static string OwnerOf(int id)
    {
        using Process process = Process.Start(new ProcessStartInfo("stat", ["-c", "%u", $"/proc/{id}/environ"]) { RedirectStandardOutput = true })!;
        return process.StandardOutput.ReadToEnd().Trim();
    }
}
