using System;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>Which route a request has taken, and which policy or route has refused its client, as the access log says it.</summary>
public sealed class RouteLogTests
{
    private static readonly (string Target, string End, string? Route, string? Reject)[] Requests =
    [
        ("/api/x", " why=- route=api", "api", null),
        ("/plain", " why=- route=route-2", "route-2", null),
        ("/office", " why=access_denied:office route=route-3", "route-3", "access_denied:office"),
        ("/own", " why=access_denied:own route=own", "own", "access_denied:own"),
        ("/both", " why=access_denied:office route=both", "both", "access_denied:office"),
        ("/none", " why=access_denied:route-6 route=route-6", "route-6", "access_denied:route-6"),
        ("/gone", " why=- route=gone", "gone", null),
        ("/elsewhere", " why=-", null, null),
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task EachLine_NamesTheRoute_AndWhoHasRefused(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Routed(origin).WithWorkers(workers));
        foreach ((string target, string end, _, _) in Requests)
        {
            int status = end.Contains("denied", StringComparison.Ordinal) ? 403 : target == "/gone" ? 410 : 200;
            Assert.Equal(status, (await proxy.AskOnce(target)).Status);
            Assert.EndsWith(end, await proxy.Output.WaitFor($"\"GET {target} "), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Json_HasThemByName()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Routed(origin).Log("format = \"json\""));
        foreach ((string target, _, string? route, string? reject) in Requests)
        {
            await proxy.AskOnce(target);
            using JsonDocument line = JsonDocument.Parse(await proxy.Output.WaitFor($"\"target\":\"{target}\""));
            Assert.Equal((route, reject),
                (line.RootElement.GetProperty("route").GetString(), line.RootElement.GetProperty("reject").GetString()));
        }
    }

    [Fact]
    public async Task RouteThatAReloadRenames_HasItsNewNameInTheNextLine()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Routed(origin));
        await using RawClient client = await proxy.Connect();
        await client.Ask("/api/first");
        await proxy.Reload(static text => text.Replace("name = \"api\"", "name = \"v2\"", StringComparison.Ordinal));
        await Deadline.Until(
            async () =>
            {
                await client.Ask("/api/second");
                return proxy.Output.Lines.Any(static line => line.EndsWith(" route=v2", StringComparison.Ordinal));
            },
            () => "the new name in the log");
        Assert.EndsWith(" route=api", await proxy.Output.WaitFor("/api/first"), StringComparison.Ordinal);
    }

    /// <summary>Nobody comes from 10.9.9.0/24.</summary>
    private static ProxyConfig Routed(ScriptedOrigin origin) => ProxyConfig.For(origin)
        .Policy("name = \"office\"", "access = { allow = [\"10.9.9.0/24\"] }")
        .Route("name = \"api\"", "path_prefix = [\"/api\"]")
        .Route("path = [\"/plain\"]")
        .Route("path = [\"/office\"]", "policies = [\"office\"]")
        .Route("name = \"own\"", "path = [\"/own\"]", "access = { deny = [\"127.0.0.0/8\"] }")
        .Route("name = \"both\"", "path = [\"/both\"]", "policies = [\"office\"]", "access = { deny = [\"127.0.0.0/8\"] }")
        .Route("path = [\"/none\"]", "access = { allow = [\"10.9.9.0/24\"] }")
        .Route("name = \"gone\"", "path = [\"/gone\"]", "deny = 410");
}
