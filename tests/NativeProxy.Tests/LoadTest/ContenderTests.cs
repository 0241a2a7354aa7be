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

    [Fact]
    public void ConfigurationOfNativeProxyWithAdmin_IsAcceptedAndNamesIt()
    {
        ContenderSetup setup = Setup(hasAccessLog: false) with { Admin = new IPEndPoint(IPAddress.Loopback, 9901) };
        SettingsResult result = SettingsTrial.Parse(new NativeProxyContender("/nowhere", "epoll").Configuration(setup));
        Assert.Empty(result.Errors);
        Assert.Equal("127.0.0.1:9901", result.Settings.Admin.Bind);
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
        string[] refused = [.. Scenario.All.Where(scenario => limit.Refusal(scenario) is not null).Select(scenario => scenario.Name)];
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
    public void EndPointText_IsAnIPv4AddressWithAPortOrNone(string text, string? expected) => Assert.Equal(expected, EndPoints.Parse(text)?.ToString());
}
