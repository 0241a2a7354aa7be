using System;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Forward;

/// <summary>Who may use a forward proxy, and where it connects to.</summary>
public sealed class DestinationRuleTests
{
    /// <summary>A balancer in front of us says that the client is elsewhere.</summary>
    private const string Remote = "PROXY TCP4 192.0.2.33 198.51.100.1 40000 80\r\n";

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    [InlineData("127.1")]
    [InlineData("2130706433")]
    [InlineData("0.0.0.0")]
    [InlineData("[::1]")]
    [InlineData("[::ffff:127.0.0.1]")]
    [InlineData("[::]")]
    [InlineData("[::127.0.0.1]")]
    [InlineData("[::ffff:0:127.0.0.1]")]
    [InlineData("[64:ff9b::7f00:1]")]
    [InlineData("[64:ff9b:1::7f00:1]")]
    [InlineData("[2002:7f00:1::]")]
    [InlineData("[2001:0:808:808:0:0:80ff:fffe]")]
    [InlineData("[2001:db8::5efe:7f00:1]")]
    public async Task ThisMachine_IsNotReachedFromElsewhere_ByWhateverName(string host)
    {
        await using ForwardScene scene = await ForwardScene.Answering("proxy_protocol = true", "forward.clients = [\"192.0.2.0/24\"]");
        await scene.Client.Send(Remote + RawClient.Get($"http://{host}:{scene.Origin.Port}/"));
        HttpResponse response = await scene.Client.ReadResponse();
        Assert.Equal((403, "This proxy does not connect to that address or port.\n"), (response.Status, response.Body));
        Assert.Equal(0, await scene.Proxy.Metric("nativeproxy_server_connects_total"));
    }

    [Theory]
    [InlineData("GET http://169.254.169.254:8080/ HTTP/1.1\r\nHost: h\r\n\r\n")]
    [InlineData("CONNECT 169.254.169.254:443 HTTP/1.1\r\nHost: h\r\n\r\n")]
    [InlineData("CONNECT [::ffff:0:169.254.169.254]:443 HTTP/1.1\r\nHost: h\r\n\r\n")]
    [InlineData("POST http://169.254.169.254/ HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n")]
    public async Task DeniedAddress_IsCountedAndLoggedAsDenied_WhereTheConnectionEnds(string request)
    {
        await using ForwardScene scene = await ForwardScene.Answering();
        await scene.Client.Send(request);
        HttpResponse response = await scene.Client.ReadResponse(request[..request.IndexOf(' ', StringComparison.Ordinal)]);

        bool ends = !request.StartsWith("GET", StringComparison.Ordinal);
        Assert.Equal((403, ends ? "close" : null), (response.Status, response.Connection));
        string line = (await scene.Proxy.Output.WaitForCount(1))[0];
        Assert.Contains($" da=- rt=none rs={(ends ? "denied" : "-")} ", line, StringComparison.Ordinal);
        Assert.Equal(ends ? 1 : 0, await scene.Proxy.Metric("nativeproxy_client_closes_total{reason=\"denied\"}"));
        Assert.Equal(1, await scene.Proxy.Metric("nativeproxy_bad_requests_total{reason=\"denied\"}"));
    }

    [Fact]
    public async Task ThisMachine_IsReachedFromElsewhere_WhenAllowed()
    {
        await using ForwardScene scene = await ForwardScene.Answering(
            "proxy_protocol = true", "forward = { clients = [\"192.0.2.33\"], allow = [\"127.0.0.1\"], connect_ports = [\"1-65535\"] }");
        await scene.Client.Send(Remote + RawClient.Get(scene.Url));
        Assert.Equal(200, (await scene.Client.ReadResponse()).Status);
        await scene.Client.Send(ForwardScene.Connect(scene.Origin.Address));
        Assert.Equal("HTTP/1.1 200 Connection established\r\n\r\n", await scene.Client.ReadHead());
    }

    [Theory]
    [InlineData("169.254.169.254:80")]
    [InlineData("224.0.0.1:8080")]
    [InlineData("255.255.255.255:8080")]
    [InlineData("[fe80::1]:8080")]
    public async Task LinkLocalAndMulticast_AreRefused_EvenToClientsOfThisMachine(string authority)
    {
        await using ForwardScene scene = await ForwardScene.Answering();
        Assert.Equal(403, (await scene.Client.Ask($"http://{authority}/")).Status);
    }

    [Theory]
    [InlineData("CONNECT 198.51.100.1:25 HTTP/1.1\r\nHost: h\r\n\r\n")]
    [InlineData("CONNECT 198.51.100.1:80 HTTP/1.1\r\nHost: h\r\n\r\n")]
    [InlineData("GET http://198.51.100.1:25/ HTTP/1.1\r\nHost: h\r\n\r\n")]
    [InlineData("GET http://198.51.100.1:443/ HTTP/1.1\r\nHost: h\r\n\r\n")]
    public async Task PortsThatAreNotForThis_AreRefused(string request)
    {
        await using ForwardScene scene = await ForwardScene.Answering();
        await scene.Client.Send(request);
        Assert.Equal(403, (await scene.Client.ReadResponse(request.Split(' ')[0])).Status);
        Assert.Contains(" 403 ", (await scene.Proxy.Output.WaitForCount(1))[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task ClientOfThisMachine_ReachesItAtAnyPort_UnlessThatIsSwitchedOff()
    {
        await using ForwardScene scene = await ForwardScene.Answering("forward.connect_ports = [\"443\"]");
        Assert.Equal(200, (await scene.Client.Ask(scene.Url)).Status);
        await scene.Proxy.Reload(text => text.Replace("forward.connect_ports = [\"443\"]", "forward.local_access = false", StringComparison.Ordinal));
        Assert.Equal(403, (await scene.Client.Ask(scene.Url)).Status);
        await scene.Client.Send(ForwardScene.Connect(scene.Origin.Address));
        Assert.Equal(403, (await scene.Client.ReadResponse("CONNECT")).Status);
        Assert.Equal([1], scene.Origin.RequestConnections);
    }

    [Fact]
    public async Task ClientsOfOtherNetworks_AreRefused()
    {
        await using ForwardScene scene = await ForwardScene.Answering("proxy_protocol = true");
        await scene.Client.Send(Remote + RawClient.Get("http://203.0.113.1/"));
        HttpResponse response = await scene.Client.ReadResponse();
        Assert.Equal((403, "This proxy does not serve clients of this network.\n"), (response.Status, response.Body));
        Assert.Equal(1, await scene.Proxy.Metric("nativeproxy_bad_requests_total{reason=\"denied\"}"));
    }
}
