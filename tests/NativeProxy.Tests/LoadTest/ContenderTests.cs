using System;
using System.Linq;
using System.Net;
using System.Text.Json;
using NativeProxy.Config;
using NativeProxy.LoadTest.CommandLine;
using NativeProxy.LoadTest.Compare;
using NativeProxy.LoadTest.Compare.Contenders;
using NativeProxy.Tests.Config;
using Xunit;

namespace NativeProxy.Tests.LoadTest;

/// <summary>Configurations of the contenders are fair: reuse everywhere, a log only where all have one.</summary>
public sealed class ContenderTests
{
    private static readonly Contender[] Proxies =
    [
        new Haproxy("/nowhere/haproxy"), new Nginx("/nowhere/nginx"), new Squid("/nowhere/squid"),
        new Yarp("/nowhere/dotnet", "/nowhere/yarppeer.dll"),
        new NativeProxyContender("/nowhere/nativeproxy", "saea"), new NativeProxyContender("/nowhere/nativeproxy", "epoll"),
    ];

    private static ContenderSetup Setup(bool hasAccessLog) =>
        new(new IPEndPoint(IPAddress.Loopback, 8080), new IPEndPoint(IPAddress.Loopback, 9001), 500, "/folder", hasAccessLog);

    private static ProxySettings Accepted(string configuration)
    {
        SettingsResult result = SettingsTrial.Parse(configuration);
        Assert.Empty(result.Errors);
        Assert.Empty(result.Warnings);
        return result.Settings;
    }

    [Fact]
    public void EveryConfiguration_NamesItsAddressesAndLogsOnlyWhenAsked()
    {
        foreach (Contender proxy in Proxies)
        {
            string silent = proxy.Configuration(Setup(hasAccessLog: false)), logging = proxy.Configuration(Setup(hasAccessLog: true));
            Assert.Contains("8080", silent, StringComparison.Ordinal);
            Assert.Contains("9001", silent, StringComparison.Ordinal);
            Assert.NotEqual(silent, logging);
            Assert.DoesNotContain("access.log", silent, StringComparison.Ordinal);
            Assert.DoesNotContain("option httplog", silent, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("saea", false)]
    [InlineData("epoll", true)]
    public void ConfigurationOfNativeProxy_IsAccepted(string engine, bool hasAccessLog)
    {
        SettingsResult result = SettingsTrial.Parse(new NativeProxyContender("/nowhere", engine).Configuration(Setup(hasAccessLog)));
        Assert.Empty(result.Errors);
        Assert.Empty(result.Warnings);
    }

    [Theory]
    [InlineData("saea")]
    [InlineData("epoll")]
    public void ConfigurationOfNativeProxyWithTls_IsAcceptedAndNamesTheCertificate(string engine)
    {
        ContenderSetup setup = Setup(hasAccessLog: false) with { IsTls = true };
        ProxySettings settings = Accepted(new NativeProxyContender("/nowhere", engine).Configuration(setup));
        Assert.True(settings.Listeners[0].Tls.Enabled);
        Assert.Equal([setup.CertificatePath], settings.Listeners[0].Tls.Certificates.Select(static one => one.File));
    }

    [Fact]
    public void ConfigurationOfNativeProxyWithAdmin_IsAcceptedAndNamesIt()
    {
        ContenderSetup setup = Setup(hasAccessLog: false) with { Admin = new IPEndPoint(IPAddress.Loopback, 9901) };
        SettingsResult result = SettingsTrial.Parse(new NativeProxyContender("/nowhere", "epoll").Configuration(setup));
        Assert.Empty(result.Errors);
        Assert.Equal("127.0.0.1:9901", result.Settings.Admin.Bind);
    }

    [Fact]
    public void KeepAlivePair_IsOurOwnProxyConfiguredInFourWays_EachAgainstTheOneWithBothOn()
    {
        Scenario scenario = Scenario.All.Single(one => one.Kind == ScenarioKind.Persistence);
        Assert.Equal(["nativeproxy-saea", "nativeproxy-epoll"],
            Proxies.Append(new Limit()).Where(one => one.TakesPart(scenario)).Select(one => one.Name));
        var variants = new NativeProxyContender("/nowhere", "epoll").VariantsFor(scenario);
        Assert.Equal(
            ["client=on server=on", "client=on server=off", "client=off server=on", "client=off server=off"],
            variants.Select(one => one.Name.Replace("nativeproxy-epoll ", "", StringComparison.Ordinal)));
        Assert.Equal([false, false, true, true], variants.Select(one => one.PlanOf(scenario).IsConnectionPerRequest));
        ProxySettings[] settings = [.. variants.Select(one => Accepted(one.Configuration(Setup(hasAccessLog: false))))];
        Assert.Equal([true, true, false, false], settings.Select(one => one.Listeners[0].Keepalive.Enabled));
        Assert.Equal([true, false, true, false], settings.Select(one => one.Upstreams[0].Keepalive.Enabled));
    }

    [Fact]
    public void PipeliningToTheServer_IsForThoseThatCanDoIt_AndHaproxyIsTheirMeasure()
    {
        Scenario scenario = Scenario.All.Single(one => one.ServerPipelining > 1);
        Assert.Equal(["haproxy", "nativeproxy-saea", "nativeproxy-epoll"],
            Proxies.Append(new Limit()).Where(one => one.TakesPart(scenario)).Select(one => one.Name));
        ContenderSetup setup = Setup(hasAccessLog: false) with { ServerPipelining = scenario.ServerPipelining };
        Assert.Equal(Proxies[0].Configuration(Setup(hasAccessLog: false)), Proxies[0].Configuration(setup));
        ProxySettings settings = Accepted(new NativeProxyContender("/nowhere", "epoll").Configuration(setup));
        Assert.Equal((16, 16, 16), (scenario.Plan.Pipeline, settings.Listeners[0].Pipelining, settings.Upstreams[0].Keepalive.Pipelining));
    }

    [Theory]
    [InlineData("routes", 1000, 101, 0)]
    [InlineData("limit", 0, 1, 1)]
    public void Feature_IsOurOwnProxyWithItAgainstItselfWithout(string name, int routes, int upstreams, int limits)
    {
        Scenario scenario = Scenario.All.Single(one => one.Name == name);
        Assert.Equal(["nativeproxy-saea", "nativeproxy-epoll"],
            Proxies.Append(new Limit()).Where(one => one.TakesPart(scenario)).Select(one => one.Name));
        var variants = new NativeProxyContender("/nowhere", "epoll").VariantsFor(scenario);
        Assert.Equal(["nativeproxy-epoll without", "nativeproxy-epoll with"], variants.Select(static one => one.Name));
        ContenderSetup setup = Setup(hasAccessLog: false) with { Use = scenario.Use };
        Assert.Equal(new NativeProxyContender("/nowhere", "epoll").Configuration(Setup(hasAccessLog: false)), variants[0].Configuration(setup));
        ProxySettings settings = Accepted(variants[1].Configuration(setup));
        Assert.Equal((routes, upstreams, limits), (settings.Routes.Length, settings.Upstreams.Length, settings.RateLimits.Length));
    }

    [Fact]
    public void Relay_IsForThoseThatCanDoIt_AndForTheLimit_AndHaproxyIsTheirMeasure()
    {
        Scenario[] scenarios = [.. Scenario.All.Where(static one => one.Use == ProxyUse.Relay)];
        Assert.Equal(2, scenarios.Length);
        Assert.All(scenarios, static scenario => Assert.Equal(["haproxy", "nativeproxy-saea", "nativeproxy-epoll", Limit.LimitName],
            Proxies.Append(new Limit()).Where(one => one.TakesPart(scenario)).Select(one => one.Name)));
        ContenderSetup setup = Setup(hasAccessLog: false) with { Use = ProxyUse.Relay };
        Assert.Contains("mode tcp", Proxies[0].Configuration(setup), StringComparison.Ordinal);
        Assert.DoesNotContain("http", Proxies[0].Configuration(setup), StringComparison.Ordinal);
        Assert.Equal(ListenerMode.Tcp, Accepted(new NativeProxyContender("/nowhere", "epoll").Configuration(setup)).Listeners[0].Mode);
    }

    [Theory]
    [InlineData("slots", 2, 3)]
    [InlineData("farm", 4, 8)]
    public void Slots_AreForThoseThatKeepALine_EachInAllWays(string name, int ways, int serversMax)
    {
        Scenario scenario = Scenario.All.Single(one => one.Name == name);
        Assert.Equal(["haproxy", "nativeproxy-saea", "nativeproxy-epoll"],
            Proxies.Where(proxy => proxy.TakesPart(scenario)).Select(proxy => proxy.Name));
        foreach (Contender proxy in Proxies.Where(proxy => proxy.TakesPart(scenario)))
        {
            Contender[] variants = [.. proxy.VariantsFor(scenario)];
            Assert.Equal(ways, variants.Select(one => one.Name).Distinct().Count());
            Assert.Equal(serversMax, variants.Max(one => one.Way.Servers));
            foreach (Contender variant in variants)
            {
                string text = variant.Configuration(Setup(hasAccessLog: false) with
                {
                    Use = scenario.Use,
                    Servers = [.. Enumerable.Range(1, variant.Way.Servers).Select(port => new IPEndPoint(IPAddress.Loopback, port))],
                });
                if (proxy is not NativeProxyContender)
                    Assert.Equal(variant.Way.Servers, text.Split(" maxconn 4").Length - 1);
                else
                    Assert.All(Accepted(text).Upstreams[0].Servers, static server => Assert.Equal(4, server.MaxConnections));
            }
        }
    }

    [Fact]
    public void Tls_IsForThoseThatAreComparedInIt_WithTheSameCertificateVersionCipherAndGroup()
    {
        Scenario[] scenarios = [.. Scenario.All.Where(static one => one.Plan.IsTls)];
        Assert.Equal(["tls-get64", "tls-get512", "tls-connect", "tls-resume", "tls-large", "tls-idle"], scenarios.Select(static one => one.Name));
        Contender[] speakers = [.. Proxies.Append(new Limit()).Where(one => one.TakesPart(scenarios[0]))];
        Assert.Equal(["haproxy", "nginx", "nativeproxy-saea", "nativeproxy-epoll"], speakers.Select(static one => one.Name));
        Assert.All(scenarios, scenario => Assert.Equal(speakers, Proxies.Append(new Limit()).Where(one => one.TakesPart(scenario))));
        ContenderSetup plain = Setup(hasAccessLog: false), secure = plain with { IsTls = true };
        foreach (Contender speaker in speakers)
        {
            string text = speaker.Configuration(secure);
            Assert.All(["/folder/certificate.pem", "1.3", "TLS_AES_128_GCM_SHA256", "X25519"],
                part => Assert.Contains(part, text, StringComparison.Ordinal));
            Assert.DoesNotContain("X25519", speaker.Configuration(plain), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void OtherScenarios_AreForEveryContenderAsItIs()
    {
        Scenario[] scenarios = [.. Scenario.All.Where(one => one.Kind is not (ScenarioKind.Persistence or ScenarioKind.Allocation)
            && one.ServerPipelining == 1 && one.Use == ProxyUse.Plain && !one.Plan.IsTls)];
        Assert.All(Proxies.Append(new Limit()), proxy => Assert.All(scenarios, scenario =>
        {
            Assert.True(proxy.TakesPart(scenario));
            Assert.Equal([proxy], proxy.VariantsFor(scenario));
            Assert.Equal(scenario.Plan, proxy.PlanOf(scenario));
        }));
        Scenario allocation = Scenario.All.Single(one => one.Kind == ScenarioKind.Allocation);
        Assert.Equal(["nativeproxy-saea", "nativeproxy-epoll"], Proxies.Where(one => one.TakesPart(allocation)).Select(one => one.Name));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ConfigurationOfYarp_IsJson(bool hasAccessLog)
    {
        using JsonDocument document = JsonDocument.Parse(new Yarp("/nowhere", "/nowhere").Configuration(Setup(hasAccessLog)));
        Assert.Equal(hasAccessLog, document.RootElement.GetProperty("AccessLog").GetBoolean());
    }

    [Fact]
    public void Limit_RefusesWhatAForwarderCannotDoAndRunsTheRest()
    {
        var limit = new Limit();
        string[] refused = [.. Scenario.All.Where(scenario => limit.TakesPart(scenario) && limit.Refusal(scenario) is not null)
            .Select(scenario => scenario.Name)];
        Assert.Equal(["connect", "log", "idle"], refused);
    }

    [Fact]
    public void EveryScenario_HasAPlanThatCanBeCarriedOutAndANameOfItsOwn()
    {
        Assert.All(Scenario.All, scenario => Assert.Null(scenario.Plan.Refusal()));
        Assert.Equal(Scenario.All.Length, Scenario.All.Select(scenario => scenario.Name).Distinct().Count());
    }

    [Fact]
    public void ScenarioBeyondTheDescriptors_IsRefusedWithTheNumbers()
    {
        Scenario scenario = Scenario.All[0];
        Assert.Null(scenario.Refusal());
        string? refusal = (scenario with { Plan = scenario.Plan with { Connections = int.MaxValue } }).Refusal();
        Assert.Contains("descriptors", refusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.1:8080", "127.0.0.1:8080")]
    [InlineData("localhost:8080", "127.0.0.1:8080")]
    [InlineData("8080", "127.0.0.1:8080")]
    [InlineData("10.0.0.1", null)]
    [InlineData("[::1]:8080", null)]
    [InlineData("web", null)]
    public void EndPointText_IsAnIPv4AddressWithAPortOrNone(string text, string? expected) =>
        Assert.Equal(expected, EndPoints.Parse(text)?.ToString());
}
