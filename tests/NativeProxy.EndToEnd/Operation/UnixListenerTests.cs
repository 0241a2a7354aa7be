using System;
using System.IO;
using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;
using Xunit.Sdk;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>Listeners on Unix sockets: who may connect, what servers and logs hear of such clients, and what becomes of the file.</summary>
[SupportedOSPlatform("linux")]
public sealed class UnixListenerTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("nativeproxy-unix-").FullName;

    private string SocketPath => Path.Combine(_directory, "web.sock");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Request_IsServed_AndItsClientIsNobodyWithAnAddress(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Config(origin)
            .Listener("forwarded.x_real_ip = true", "request_headers.set = { X-Who = \"{client_ip}\", X-Peer = \"[{peer_ip}]\" }")
            .WithWorkers(workers).Log("access = \"stdout\"", "format = \"combined\""));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite,
            File.GetUnixFileMode(SocketPath));
        for (int i = 0; i < 6; i++)
        {
            await using RawClient client = await RawClient.ConnectUnix(SocketPath);
            Assert.Equal(200, (await client.Ask("/", "X-Forwarded-For: 10.1.1.1\r\n")).Status);
            Assert.Equal(200, (await client.Ask("/again")).Status);
        }
        string request = origin.Requests[0].Request;
        Assert.Contains("\r\nX-Forwarded-For: 10.1.1.1, unknown\r\n", request, StringComparison.Ordinal);
        Assert.Contains("\r\nX-Peer: []\r\n", request, StringComparison.Ordinal);
        Assert.DoesNotContain("X-Real-IP", request, StringComparison.Ordinal);
        Assert.DoesNotContain("X-Who", request, StringComparison.Ordinal);
        Assert.StartsWith("- - - [", await proxy.Output.WaitFor("\"GET / HTTP/1.1\" 200"), StringComparison.Ordinal);
        Assert.Equal(200, (await proxy.AskOnce()).Status);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task File_GoesAwayWithTheProxy(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Config(origin).WithWorkers(workers));
        Assert.True(File.Exists(SocketPath));
        proxy.Signal(LinuxSignals.Terminate);
        Assert.Equal(0, await proxy.WaitForExit());
        Assert.Empty(Directory.GetFileSystemEntries(_directory));
    }

    [Fact]
    public async Task FileOfAProcessThatWasKilled_IsReplaced()
    {
        LeaveSocketBehind();
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Config(origin).Listener("unix.mode = \"0600\""));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(SocketPath));
        await ExpectService();
    }

    [Fact]
    public async Task FileThatIsNoSocket_IsLeftAlone()
    {
        await File.WriteAllTextAsync(SocketPath, "mine");
        await ExpectRefusal("there is a file that is no socket; choose another path, or remove it");
        Assert.Equal("mine", await File.ReadAllTextAsync(SocketPath));
    }

    [Fact]
    public async Task SocketOfAnotherProgram_IsLeftAlone()
    {
        using var other = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        other.Bind(new UnixDomainSocketEndPoint(SocketPath));
        other.Listen(16);
        await ExpectRefusal("is in use by another program; stop that program or choose another path");
        using Socket client = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await client.ConnectAsync(new UnixDomainSocketEndPoint(SocketPath));
    }

    [Theory]
    [InlineData("unix.user = \"nobody-of-that-name\"", "there is no user \"nobody-of-that-name\" on this machine")]
    [InlineData("unix.group = \"no-such-group\"", "there is no group \"no-such-group\" on this machine")]
    public async Task OwnerWhoDoesNotExist_IsToldAtStart(string line, string problem)
    {
        await ExpectRefusal(problem, line);
        Assert.Empty(Directory.GetFileSystemEntries(_directory));
    }

    [Fact]
    public async Task SocketWithoutItsDirectory_IsToldAtStart()
    {
        XunitException failed = await Assert.ThrowsAnyAsync<XunitException>(
            () => ProxyUnderTest.Start(ProxyConfig.For("127.0.0.1:1").AlsoBinding($"unix:{_directory}/gone/web.sock")));
        Assert.Contains("its directory does not exist", failed.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Reload_KeepsTheSocket_AndRemovesOneThatIsNotWantedAnyMore(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Config(origin).WithWorkers(workers));
        await using RawClient before = await RawClient.ConnectUnix(SocketPath);
        Assert.Equal(200, (await before.Ask()).Status);

        await proxy.Reload(Config(origin).WithWorkers(workers).Listener("unix.mode = \"0666\"", "limits.header_count = 50"));
        Assert.Equal(200, (await before.Ask()).Status);
        Assert.True(File.GetUnixFileMode(SocketPath).HasFlag(UnixFileMode.OtherWrite));
        await ExpectService();

        await proxy.Reload(ProxyConfig.For(origin).WithWorkers(workers));
        Assert.False(File.Exists(SocketPath));
        Assert.Equal(200, (await proxy.AskOnce()).Status);

        await proxy.Reload(Config(origin).WithWorkers(workers));
        await ExpectService();
    }

    [Fact]
    public async Task RefusedReload_LeavesNoSocketBehind()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        string other = Path.Combine(_directory, "other", "web.sock");
        await proxy.Reload(
            text => text.Replace("\"]\nupstream", $"\", \"unix:{SocketPath}\", \"unix:{other}\"]\nupstream", StringComparison.Ordinal));
        Assert.Contains("reload refused", proxy.Errors.Text, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_directory));
    }

    [Fact]
    public async Task WorkerThatDies_TakesNoSocketWithIt()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Config(origin).WithWorkers(2));
        for (int kill = 0; kill < 2; kill++)
        {
            LinuxSignals.Send(ProcessView.Children(proxy.Id)[^1], LinuxSignals.Kill);
            for (int i = 0; i < 5; i++)
                await ExpectService();
            int count = kill + 1;
            await Deadline.Until(() => proxy.Errors.Text.Split(" started again").Length == count + 1, () => "the worker to be back");
        }
    }

    private ProxyConfig Config(ScriptedOrigin origin) => ProxyConfig.For(origin).AlsoBinding("unix:" + SocketPath);

    private async Task ExpectService()
    {
        await using RawClient client = await RawClient.ConnectUnix(SocketPath);
        Assert.Equal(200, (await client.Ask()).Status);
    }

    private async Task ExpectRefusal(string problem, string line = "")
    {
        XunitException failed = await Assert.ThrowsAnyAsync<XunitException>(
            () => ProxyUnderTest.Start(ProxyConfig.For("127.0.0.1:1").AlsoBinding("unix:" + SocketPath).Listener(line)));
        Assert.Contains($"listener \"web\": unix:{SocketPath}: {problem}", failed.Message, StringComparison.Ordinal);
    }

    /// <summary>As a process does that has no time to remove it.</summary>
    private void LeaveSocketBehind()
    {
        string made = SocketPath + ".made";
        using (var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            socket.Bind(new UnixDomainSocketEndPoint(made));
            socket.Listen(1);
            File.Move(made, SocketPath);
        }
        Assert.True(File.Exists(SocketPath));
    }
}
