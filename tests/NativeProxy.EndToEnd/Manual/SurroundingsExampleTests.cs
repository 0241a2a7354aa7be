using System;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Manual;

/// <summary>Scenes of the examples about what stands around the proxy: who is named to servers, who probes it, who takes over from it.</summary>
public sealed class SurroundingsExampleTests
{
    private const string App = "10.0.0.1:8080";

    [Fact]
    [Trait(ExampleFiles.Trait, "arch-04-client-address.toml")]
    [Trait("promise", "ARCH-4")]
    public async Task Servers_AreToldWhoAsks_AndWhatWasCalled()
    {
        await using ExampleScene scene = await ExampleScene.Start("arch-04-client-address.toml");
        await scene.Get(fields: "X-Original-To: 192.0.2.1\r\n", from: "10.0.9.5");
        string request = scene.Server(App).LastRequest;
        Assert.Equal(
            (ExampleText.AddressOf("10.0.9.5").ToString(), "127.0.0.1"),
            (HttpResponse.FieldOf(request, "X-Forwarded-For"), HttpResponse.FieldOf(request, "X-Original-To")));
    }

    [Fact]
    [Trait(ExampleFiles.Trait, "arch-09-balancer-in-front.toml")]
    [Trait("promise", "ARCH-9")]
    public async Task ProbesOfABalancer_AreAnsweredHere_AndToldWhenNobodyIsLeft()
    {
        await using ExampleScene scene = await ExampleScene.Start("arch-09-balancer-in-front.toml");
        Assert.Equal(200, (await scene.Get("/up")).Status);
        Assert.Equal(App, (await scene.Get("/page")).Body);
        Assert.Contains("\"GET /page ", await scene.Proxy.Output.WaitFor("/page"), StringComparison.Ordinal);
        await scene.Server(App).Die();
        await Deadline.Until(async () => (await scene.Get("/up")).Status == 503, () => "the probes to be told");
        Assert.DoesNotContain(scene.Proxy.Output.Lines, static line => line.Contains("/up ", StringComparison.Ordinal));
        Assert.Single(scene.Server(App).Requests);
    }

    [Fact]
    [Trait(ExampleFiles.Trait, "arch-17-another-process.toml")]
    [Trait("promise", "ARCH-17")]
    public async Task AnotherProcess_TakesOver_AndTheClientsThatAreThereStay()
    {
        await using ExampleScene scene = await ExampleScene.Start("arch-17-another-process.toml");
        await using RawClient client = await scene.Connect(80);
        Assert.Equal(App, (await client.Ask()).Body);
        scene.Proxy.Signal(LinuxSignals.PauseListening);
        await scene.Proxy.Errors.WaitFor(" paused: ");
        await using (ProxyUnderTest? next = await ProxyUnderTest.TryStart(scene.Text.Toml, scene.Text.AdminPort))
        {
            Assert.NotNull(next);
            Assert.Equal(App, (await scene.Get()).Body);
            Assert.Equal(App, (await client.Ask()).Body);
        }

        // It was not to be: back.
        scene.Proxy.Signal(LinuxSignals.ResumeListening);
        await scene.Proxy.Errors.WaitFor(" listening again");
        Assert.Equal(App, (await scene.Get()).Body);
        Assert.Equal(App, (await client.Ask()).Body);
    }
}
