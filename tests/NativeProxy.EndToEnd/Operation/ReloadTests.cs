using System;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>SIGHUP: the settings change, what has not changed keeps its connections, and a bad file changes nothing.</summary>
public class ReloadTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task ReloadWithOtherSettings_ReachesTheOpenClientConnection(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener("[listener.forwarded]", "via = \"before\"")
            .WithWorkers(workers));
        await using RawClient client = await proxy.Connect();
        await client.Ask();

        await proxy.Reload(static text => text.Replace("before", "after", StringComparison.Ordinal));

        // The workers take the new settings over in an event of their own.
        await Deadline.Until(
            async () =>
            {
                await client.Ask();
                return origin.Requests[^1].Request.Contains("Via: 1.1 after", StringComparison.Ordinal);
            },
            () => "a request with the new settings");
        Assert.Contains("Via: 1.1 before", origin.Requests[0].Request, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReloadWithTheSameServer_KeepsItsPooledConnections()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        await using RawClient client = await proxy.Connect();
        await client.Ask();

        await proxy.Reload(static text => text + "weight = 2\n");
        await proxy.WaitForMetric("nativeproxy_reloads_total{outcome=\"done\"}", 1);
        await client.Ask();
        await client.Ask();

        Assert.Equal(1, origin.ConnectionCount);
    }

    [Fact]
    public async Task ReloadWithAnotherServer_ClosesThePoolOfTheRemovedOne()
    {
        await using ScriptedOrigin old = ScriptedOrigin.Driven();
        await using ScriptedOrigin other = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(old);
        await using RawClient client = await proxy.Connect();
        await client.SendGet();
        await using OriginConnection pooled = await old.Accept();
        await pooled.Answer();
        await client.ReadResponse();

        await proxy.Reload(text => text.Replace(old.Address, other.Address, StringComparison.Ordinal));

        await pooled.ExpectEnd();
        Assert.Equal(200, (await client.Ask()).Status);
        Assert.Single(other.Requests);
    }

    [Fact]
    public async Task ReloadDuringAnExchange_LetsItFinishOnTheOldServer()
    {
        await using ScriptedOrigin old = ScriptedOrigin.Driven();
        await using ScriptedOrigin other = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(old);
        await using RawClient client = await proxy.Connect();
        await client.SendGet("/slow");
        await using OriginConnection running = await old.Accept();
        await running.ReadRequest();

        await proxy.Reload(text => text.Replace(old.Address, other.Address, StringComparison.Ordinal));
        await running.Send(OriginConnection.Ok);

        Assert.Equal("ok", (await client.ReadResponse()).Body);
        await running.ExpectEnd();
        Assert.Equal(200, (await client.Ask()).Status);
    }

    [Fact]
    public async Task ReloadWithABadFile_IsRefusedWithItsErrorsAndChangesNothing()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        await using RawClient client = await proxy.Connect();
        await client.Ask();

        await proxy.Reload(static text => text + "wieght = 2\nbogus = 1\n");

        Assert.Contains("did you mean \"weight\"", proxy.Errors.Text, StringComparison.Ordinal);
        Assert.Contains("unknown key \"bogus\"", proxy.Errors.Text, StringComparison.Ordinal);
        Assert.Contains("the running configuration stays in force", proxy.Errors.Text, StringComparison.Ordinal);
        Assert.Equal(200, (await client.Ask()).Status);
        Assert.Equal(1, origin.ConnectionCount);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task ReloadWithAnotherAddress_ListensThereToo(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(workers));
        int added = FreePorts.Take(1)[0];

        await proxy.Reload(text => text.Replace("bind = [\"127.0.0.1:" + proxy.Port(), $"bind = [\"127.0.0.1:{added}\", \"127.0.0.1:" + proxy.Port(),
            StringComparison.Ordinal));

        await using RawClient client = await RawClient.Connect(added);
        Assert.Equal(200, (await client.Ask()).Status);
        Assert.Equal(200, (await proxy.AskOnce()).Status);
    }

    [Fact]
    public async Task ReloadWithAPortInUse_IsRefusedAndChangesNothing()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);

        await proxy.Reload(text => text.Replace("bind = [\"127.0.0.1:" + proxy.Port(), $"bind = [\"{origin.Address}\", \"127.0.0.1:" + proxy.Port(),
            StringComparison.Ordinal));

        Assert.Contains("is in use by another program", proxy.Errors.Text, StringComparison.Ordinal);
        Assert.Contains("the running configuration stays in force", proxy.Errors.Text, StringComparison.Ordinal);
        Assert.Equal(200, (await proxy.AskOnce()).Status);
    }
}
