using System;
using System.IO;
using System.Net.Http;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>`nativeproxy server limit`: how many connections a server may have, while the proxy runs.</summary>
[Trait("promise", "S2.16")]
public sealed class LiveLimitTests : IDisposable
{
    private readonly string _tokenFile = Path.GetTempFileName();

    public LiveLimitTests() => File.WriteAllText(_tokenFile, "0123456789abcdef0123456789abcdef\n");

    public void Dispose() => File.Delete(_tokenFile);

    /// <summary>The file says nothing of a limit, or 9; who waits goes on when there is room, in whatever worker.</summary>
    [Theory]
    [InlineData(0, 1)]
    [InlineData(0, 2)]
    [InlineData(9, 1)]
    [InlineData(9, 2)]
    public async Task LimitThatIsSet_HoldsAtOnce_AndWhoWaitsGoesOnWhenItGrows(int inFile, int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(workers)
            .EachServer($"max_connections = {inFile}").Admin($"write_token_file = \"{_tokenFile}\""));
        await Set(proxy, "2", "2 connections at most, 0 requests running");
        var clients = new RawClient[5];
        for (int i = 0; i < clients.Length; i++)
        {
            clients[i] = await proxy.Connect();
            await clients[i].SendGet("/" + i);
        }
        OriginConnection[] servers = [await origin.Accept(), await origin.Accept()];
        await proxy.WaitForMetric("nativeproxy_queue_waiting", 3);
        Assert.Contains("\"max_connections\": 2,", await LimitsOf(proxy), StringComparison.Ordinal);

        await Set(proxy, "4", "4 connections at most");
        OriginConnection[] more = [await origin.Accept(), await origin.Accept()];
        await proxy.WaitForMetric("nativeproxy_queue_waiting", 1);

        // What the file says is more, or no limit at all.
        await Set(proxy, "file", inFile == 0 ? "no limit of connections" : "9 connections at most");
        OriginConnection last = await origin.Accept();
        foreach (OriginConnection server in (OriginConnection[])[.. servers, .. more, last])
            await server.Answer();
        foreach (RawClient client in clients)
        {
            Assert.Equal("ok", (await client.ReadResponse()).Body);
            client.Close();
        }
        Assert.Equal(5, origin.ConnectionCount);

        // Those above a new limit close as they are idle; workers that look at the same time may each close one for the same place.
        await proxy.WaitForMetric("nativeproxy_server_connections_idle", 5);
        await Set(proxy, "1", "1 connections at most");
        long idle = 5;
        await Deadline.Until(
            async () => (idle = await proxy.Metric("nativeproxy_server_connections_idle")) <= 1, () => $"{idle} idle connections to be one at most");
        Assert.True(workers > 1 || idle == 1, $"{idle} idle connections");
    }

    /// <summary>A worker that comes later, and a reload, know of it; a file that says another limit ends it.</summary>
    [Fact]
    public async Task LimitThatIsSet_OutlivesAWorkerAndAReload_UntilTheFileSaysAnother()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).WithWorkers(2).EachServer("max_connections = 5").Admin($"write_token_file = \"{_tokenFile}\""));
        await Set(proxy, "1", "1 connections at most");
        LinuxSignals.Send(ProcessView.Children(proxy.Id)[^1], LinuxSignals.Kill);
        await proxy.Errors.WaitFor(" started again");
        await proxy.Reload(static toml => toml + "\n");
        RawClient[] clients = [await proxy.Connect(), await proxy.Connect()];
        foreach (RawClient client in clients)
            await client.SendGet();
        OriginConnection server = await origin.Accept();
        await proxy.WaitForMetric("nativeproxy_queue_waiting", 1);

        await proxy.Reload(static toml => toml.Replace("max_connections = 5", "max_connections = 3", StringComparison.Ordinal));
        OriginConnection next = await origin.Accept();
        await server.Answer();
        await next.Answer();
        foreach (RawClient client in clients)
        {
            Assert.Equal("ok", (await client.ReadResponse()).Body);
            client.Close();
        }
    }

    [Theory]
    [InlineData("some")]
    [InlineData("-1")]
    [InlineData("1000001")]
    [InlineData("1 ")]
    public async Task LimitThatIsNone_IsRefused(string connections)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).Admin($"write_token_file = \"{_tokenFile}\""));
        FinishedCommand command = await ProxyBinary.Run("server", "limit", "app/a", "-c", proxy.ConfigPath, "--", connections);
        Assert.Equal(1, command.ExitCode);
        Assert.Contains($"\"{connections}\" is no number of connections", command.Errors, StringComparison.Ordinal);
    }

    private static async Task<string> LimitsOf(ProxyUnderTest proxy)
    {
        using var client = new HttpClient();
        return await client.GetStringAsync(new Uri($"http://127.0.0.1:{proxy.AdminPort}/api/limits"));
    }

    private static async Task Set(ProxyUnderTest proxy, string connections, string expected)
    {
        FinishedCommand command = await ProxyBinary.Run("server", "limit", "app/a", connections, "-c", proxy.ConfigPath);
        Assert.True(command.ExitCode == 0, command.Errors);
        Assert.Contains($"weight, {expected}", command.Output, StringComparison.Ordinal);
    }
}
