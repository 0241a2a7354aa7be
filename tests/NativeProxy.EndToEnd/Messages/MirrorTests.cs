using System;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Messages;

/// <summary>Copies of requests that go to other servers, whose answers nobody sees.</summary>
public sealed class MirrorTests
{
    private const string Copied = "nativeproxy_mirrored_requests_total{result=\"answered\"}";
    private const string Failed = "nativeproxy_mirrored_requests_total{result=\"failed\"}";
    private const string Refused = "nativeproxy_mirrored_requests_total{result=\"refused\"}";

    [Fact]
    public async Task Copy_IsTheRequest_AndItsAnswerIsThrownAway()
    {
        await using ScriptedOrigin shadow = ScriptedOrigin.Answering("HTTP/1.1 500 Oops\r\nContent-Length: 4\r\n\r\noops");
        await using AnsweringScene scene = await AnsweringScene.Start(change: config => config.AddUpstream("next", shadow.Address)
            .Route("path_prefix = [\"/api\"]", "upstream = \"app\"", "strip_prefix = \"/api\"", "mirror = { upstream = \"next\" }"));
        Assert.Equal("ok", (await scene.Client.Ask("/api/x?y=1", "X-A: b\r\n")).Body);
        await scene.Client.Send(RawClient.Post("/api/post", "hello"));
        Assert.Equal("ok", (await scene.Client.ReadResponse()).Body);
        await scene.Client.Send("POST /api/chunked HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
        Assert.Equal("ok", (await scene.Client.ReadResponse()).Body);
        Assert.Equal("ok", (await scene.Client.Ask("/other")).Body);
        await scene.Proxy.WaitForMetric(Copied, 3);
        Assert.Equal(
            scene.Origin.Requests.Select(static one => one.Request).Take(2).Order(), shadow.Requests.Select(static one => one.Request)
                .Where(static text => text.Contains(" HTTP/1.1", StringComparison.Ordinal) && !text.Contains("chunked", StringComparison.Ordinal))
                .Order());
        Assert.Contains(shadow.Requests, static one => one.Request.Contains("5\r\nabcde\r\n0\r\n\r\n", StringComparison.Ordinal));
    }

    [Fact]
    public async Task SilentShadow_HoldsNobodyUp()
    {
        await using ScriptedOrigin shadow = ScriptedOrigin.Driven();
        await using AnsweringScene scene = await AnsweringScene.Start(change: config => config.AddUpstream("next", shadow.Address)
            .Route("path_prefix = [\"/\"]", "upstream = \"app\"", "mirror = { upstream = \"next\" }"));
        for (int i = 0; i < 20; i++)
            Assert.Equal("ok", (await scene.Client.Ask($"/{i}")).Body);

        // More than the worker has under way are not copied.
        await scene.Client.Send(string.Concat(Enumerable.Range(0, 300).Select(static i => RawClient.Get($"/{i}"))));
        for (int i = 0; i < 300; i++)
            Assert.Equal("ok", (await scene.Client.ReadResponse()).Body);
        Assert.Equal(320 - 256, await scene.Proxy.Metric(Refused));
        Assert.Equal(0, await scene.Proxy.Metric(Failed));
    }

    [Fact]
    public async Task ShadowThatIsDown_IsNothingToTheClient()
    {
        using var dead = new DeadServer();
        await using AnsweringScene scene = await AnsweringScene.Start(change: config => config.AddUpstream("next", dead.Address)
            .Route("path_prefix = [\"/\"]", "upstream = \"app\"", "mirror = { upstream = \"next\" }"));
        for (int i = 0; i < 3; i++)
        {
            await scene.Client.Send(RawClient.Post($"/{i}", "hello"));
            Assert.Equal("ok", (await scene.Client.ReadResponse()).Body);
        }
        await scene.Proxy.WaitForMetric(Failed, 3);
    }

    [Fact]
    public async Task LongBody_IsNotCopied_HoweverItsEndIsTold()
    {
        await using ScriptedOrigin shadow = ScriptedOrigin.Answering();
        await using AnsweringScene scene = await AnsweringScene.Start(change: config => config.AddUpstream("next", shadow.Address)
            .Route("path_prefix = [\"/\"]", "upstream = \"app\"", "mirror = { upstream = \"next\", body_bytes = 10 }"));
        string[] requests =
        [
            RawClient.Post("/", new string('x', 11)),
            "POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nabcdefghijk\r\n0\r\n\r\n",
            RawClient.Post("/fits", new string('x', 10)),
        ];
        foreach (string request in requests)
        {
            await scene.Client.Send(request);
            Assert.Equal("ok", (await scene.Client.ReadResponse()).Body);
        }
        await scene.Proxy.WaitForMetric(Copied, 1);
        Assert.Equal(2, await scene.Proxy.Metric(Refused));
        Assert.StartsWith("POST /fits ", Assert.Single(shadow.Requests).Request, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RequestThatIsNeverWhole_IsNotCopied()
    {
        await using ScriptedOrigin shadow = ScriptedOrigin.Answering();
        await using AnsweringScene scene = await AnsweringScene.Start(change: config => config.AddUpstream("next", shadow.Address)
            .Route("path_prefix = [\"/\"]", "upstream = \"app\"", "mirror = { upstream = \"next\" }"));
        await scene.Client.Send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\nhello");
        scene.Client.Close();
        await scene.Proxy.WaitForMetric(Failed, 1);
        Assert.Empty(shadow.Requests);
    }

    [Fact]
    public async Task PartOfTheRequests_IsCopied()
    {
        await using ScriptedOrigin shadow = ScriptedOrigin.Answering();
        await using AnsweringScene scene = await AnsweringScene.Start(change: config => config.AddUpstream("next", shadow.Address)
            .Route("path_prefix = [\"/\"]", "upstream = \"app\"", "mirror = { upstream = \"next\", percent = 50 }"));
        for (int i = 0; i < 100; i++)
            await scene.Client.Ask($"/{i}");
        await Deadline.Until(async () => await scene.Proxy.Metric(Copied) >= 20, static () => "a fifth of the requests to be copied");
        Assert.InRange(shadow.Requests.Count, 20, 80);
    }
}
