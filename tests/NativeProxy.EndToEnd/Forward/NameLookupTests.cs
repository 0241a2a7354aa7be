using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using NativeProxy.Tests.Upstreams.Naming;
using Xunit;

namespace NativeProxy.EndToEnd.Forward;

/// <summary>Names that clients of a forward proxy ask for.</summary>
public sealed class NameLookupTests : IDisposable
{
    private readonly ScriptedDns _dns = new();

    public void Dispose() => _dns.Dispose();

    [Fact]
    public async Task NamesWhoseServerIsSilent_DoNotHoldAGoodOneUp()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering().AsDestination();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Config().Resolver("timeout = \"10s\"", "attempts = 1"));
        _dns.Set("good.test", 60, "127.0.0.1");
        var clients = new List<RawClient>();
        for (int i = 0; i < 64; i++)
        {
            _dns.Feel($"n{i}.test", DnsMood.Silent);
            clients.Add(await proxy.Connect());
            await clients[i].SendGet($"http://n{i}.test:8080/");
        }
        await proxy.WaitForMetric("nativeproxy_name_lookups_total", 64);

        Assert.Equal(200, (await proxy.AskOnce($"http://good.test:{origin.Port}/")).Status);
        await proxy.WaitForMetric("nativeproxy_requests_in_flight", 64);
        clients.ForEach(static client => client.Close());
    }

    [Fact]
    public async Task AnswerIsUsedForItsTime_AndThenAskedForAnew()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering().AsDestination();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Config().Resolver("min_ttl = \"100ms\""));
        _dns.Set("long.test", 3600, "127.0.0.1");
        _dns.Set("short.test", 0, "127.0.0.1");
        for (int i = 0; i < 3; i++)
            Assert.Equal(200, (await proxy.AskOnce($"http://long.test:{origin.Port}/")).Status);
        await Deadline.Until(
            async () => (await proxy.AskOnce($"http://short.test:{origin.Port}/")).Status == 200 && Asked("short.test") >= 3,
            () => "the short answer to be asked for again");

        Assert.Equal(1, Asked("long.test"));
    }

    [Fact]
    public async Task NameWithADeadAddress_IsServedByTheOther()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering().AsDestination();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Config());
        _dns.Set("app.test", 60, "127.0.0.2", "127.0.0.1");

        Assert.Equal(200, (await proxy.AskOnce($"http://app.test:{origin.Port}/")).Status);
    }

    [Fact]
    public async Task UnknownName_Is502_AndOneThatIsNotAnsweredInTime504()
    {
        // Long enough that an answer which is there comes in time on a busy machine.
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Config("forward.timeouts.connect = \"4s\"").Resolver("timeout = \"20s\""));
        _dns.Feel("silent.test", DnsMood.Silent);

        Assert.Equal(502, (await proxy.AskOnce("http://unknown.test:8080/")).Status);
        Assert.Equal(504, (await proxy.AskOnce("http://silent.test:8080/")).Status);
    }

    private int Asked(string name) => _dns.Questions.Count(question => question == name + " A udp");

    private ProxyConfig Config(params string[] lines) => ProxyConfig.Forward(lines).Resolver($"servers = [\"{_dns.EndPoint}\"]");
}
