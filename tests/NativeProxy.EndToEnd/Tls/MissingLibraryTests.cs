using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Tls;

/// <summary>A machine without OpenSSL: who wants TLS is told what to install.</summary>
[Trait("layer", "no")] // it is a layer
public sealed class MissingLibraryTests
{
    /// <summary>The process sees an empty file where the library is.</summary>
    private static readonly string Script =
        $"exec unshare -m sh -c 'mount --bind /dev/null {LibraryPath()}; exec \"$0\" \"$@\"' \"$0\" \"$@\"";

    [PrivateMountsTheory]
    [InlineData("clients", "run")]
    [InlineData("servers", "run")]
    [InlineData("operators", "run")]
    [InlineData("operators", "status")]
    public async Task WhoWantsTls_IsToldInOneLineWhatIsMissing(string with, string asked)
    {
        ProxyConfig config = ProxyConfig.For("127.0.0.1:1");
        config = with switch
        {
            "clients" => config.Listener(TlsScene.Listening()),
            "servers" => config.Upstream(ServerTlsScene.Speaking()),
            _ => config.Admin($"certificate = \"{TestPki.A}\""),
        };
        int[] ports = FreePorts.Take(2);
        using var settings = new SettingsText(config.ToToml([ports[0]], ports[1]));
        FinishedCommand command = await ProxyBinary.RunThrough(Script, asked, "-c", settings.Path);

        Assert.Equal(asked == "run" ? 2 : 1, command.ExitCode);
        string line = Assert.Single(command.Errors.Split('\n'), static line => line.Contains("libssl", StringComparison.Ordinal));
        Assert.Contains("TLS needs OpenSSL 3 on this machine, and libssl.so.3 was not found: install ", line, StringComparison.Ordinal);
        if (asked == "run")
            Assert.Contains(settings.Path, command.Errors, StringComparison.Ordinal);
    }

    [PrivateMountsTheory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task WhoWantsNoTls_NeedsNoLibrary(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ScriptedOrigin greeted = ScriptedOrigin.Driven();
        int[] ports = FreePorts.Take(2);
        using var settings = new SettingsText(ProxyConfig.For(origin).WithWorkers(workers)
            .Upstream("[upstream.health]", "type = \"tls\"", $"port = {greeted.Port}").ToToml([ports[0]], ports[1]));
        using Process process = ProxyBinary.StartThrough(Script, "run", "-c", settings.Path);
        try
        {
            RawClient? client = null;
            await Deadline.Until(async () => process.HasExited || (client = await TryConnect(ports[0])) is not null, () => "the proxy to listen");
            Assert.False(process.HasExited, "it has ended");
            await client!.SendGet();
            Assert.Equal(200, (await client.ReadResponse()).Status);
            client.Close();

            // Nor does a check that only greets a server.
            OriginConnection check = await greeted.Accept();
            Assert.Equal("\u0016\u0003\u0001", await check.Read(3));
            Assert.False(process.HasExited, "it has ended");
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
        }
    }

    private static async Task<RawClient?> TryConnect(int port)
    {
        try
        {
            return await RawClient.Connect(port);
        }
        catch (SocketException)
        {
            return null;
        }
    }

    /// <summary>Where this process has found the library that it uses itself.</summary>
    private static string LibraryPath()
    {
        TlsEnd.Client();
        return File.ReadLines("/proc/self/maps").First(static line => line.Contains("/libssl.so.3", StringComparison.Ordinal)).Split(' ')[^1];
    }
}
