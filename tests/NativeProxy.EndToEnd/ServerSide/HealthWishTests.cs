using System;
using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary>What servers that come up, and agents that want less, bring about.</summary>
[Trait("layer", "no")] // health checks, which no loop carries, speak no records
public sealed class HealthWishTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [Trait("close", "server:backup_relieved")]
    public async Task ServerThatComesUp_EndsWhatRunsOnBackups_WhereThatIsWanted(int workers)
    {
        bool isWell = false;
        await using ScriptedOrigin health = ScriptedOrigin.Answering(
            _ => $"HTTP/1.1 {(isWell ? 200 : 500)} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        await using ScriptedOrigin first = ScriptedOrigin.Answering("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst");
        await using ScriptedOrigin backup = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(first.Address, backup.Address).WithWorkers(workers)
            .Upstream("[upstream.health]", "type = \"http\"", "interval = \"50ms\"", "timeout = \"5s\"", "rise = 1", "fall = 1",
                $"port = {health.Port}", "on_up = \"close_backups\""));
        string address = $"address = \"{backup.Address}\"";
        await proxy.Reload(text => text.Replace(address, address + "\nbackup = true\nhealth = false", StringComparison.Ordinal));
        await proxy.WaitForMetric("nativeproxy_server_up{upstream=\"app\",server=\"a\"}", 0);

        // One exchange has begun to be answered, of another nothing has come yet, and one is over.
        await using RawClient begun = await proxy.Connect();
        await begun.SendGet("/begun");
        OriginConnection ofBegun = await backup.Accept();
        await ofBegun.ReadRequest();
        await ofBegun.Send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx");
        await begun.ReadHead();
        await using RawClient waiting = await proxy.Connect();
        await waiting.SendGet("/waiting");
        await (await backup.Accept()).ReadRequest();

        isWell = true;
        await begun.ReadToEnd();
        Assert.Equal("first", (await waiting.ReadResponse()).Body);
        await proxy.WaitForMetric("nativeproxy_server_closes_total{reason=\"backup_relieved\"}", 2);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task AgentThatWantsLess_GetsLess_UntilItWantsAllAgain(int workers)
    {
        string word = "up\n";
        await using ScriptedOrigin a = ScriptedOrigin.Answering();
        await using ScriptedOrigin b = ScriptedOrigin.Answering();
        await using ScriptedOrigin agent = ScriptedOrigin.Driven();
        Task serving = Serve(agent, () => word);
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(a, b).WithWorkers(workers)
            .Upstream("[upstream.health]", "type = \"agent\"", $"port = {agent.Port}", "interval = \"50ms\"", "timeout = \"5s\""));
        await proxy.Reload(text => text.Replace($"address = \"{a.Address}\"", $"address = \"{a.Address}\"\nhealth = false",
            StringComparison.Ordinal));
        Assert.Equal(50, await CountAtB(proxy, b));

        word = "up 10%\n";
        await proxy.Errors.WaitFor("server \"b\" of upstream \"app\" is up with less weight: its agent wants 10 % of its weight");
        Assert.InRange(await CountAtB(proxy, b), 1, 15);

        // A word without a percentage says nothing of the weight.
        word = "up\n";
        Assert.InRange(await CountAtB(proxy, b), 1, 15);
        word = "up 100%\n";
        await proxy.Errors.WaitFor("server \"b\" of upstream \"app\" is up again: its agent says so");
        Assert.Equal(50, await CountAtB(proxy, b));
        await agent.DisposeAsync();
        await serving;
    }

    /// <summary>How many of a hundred requests.</summary>
    private static async Task<int> CountAtB(ProxyUnderTest proxy, ScriptedOrigin b)
    {
        int before = b.Requests.Count;
        await using RawClient client = await proxy.Connect();
        for (int i = 0; i < 100; i++)
            Assert.Equal(200, (await client.Ask()).Status);
        return b.Requests.Count - before;
    }

    private static async Task Serve(ScriptedOrigin agent, Func<string> word)
    {
        try
        {
            while (true)
                await Answer(await agent.Accept(), word());
        }
        catch (Xunit.Sdk.XunitException)
        {
            // The test is over.
        }
    }

    /// <summary>A reload breaks a check off that runs, and makes it again.</summary>
    private static async Task Answer(OriginConnection connection, string word)
    {
        try
        {
            await connection.Send(word);
            connection.HalfClose();
        }
        catch (SocketException)
        {
            connection.Close();
        }
    }
}
