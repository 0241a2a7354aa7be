using System.Net;
using NativeProxy.Upstreams.Naming;
using Xunit;

namespace NativeProxy.Tests.Upstreams.Naming;

public class ServerEndPointsTests
{
    [Fact]
    public void Line_HasAllAddressesOfAllServers_InTheirOrder()
    {
        var sent = new ServerEndPoints([[[At("127.0.0.1", 80), At("::1", 80)], [], [At("10.0.0.1", 1)]], [[At("2001:db8::7", 65535)]]]);

        Assert.True(ServerEndPoints.TryParse(sent.ToLine(), [3, 1], out ServerEndPoints read));

        Assert.Equal([At("127.0.0.1", 80), At("::1", 80)], read.Of(0, 0));
        Assert.Empty(read.Of(0, 1));
        Assert.Equal([At("10.0.0.1", 1)], read.Of(0, 2));
        Assert.Equal([At("2001:db8::7", 65535)], read.Of(1, 0));
    }

    [Fact]
    public void NoUpstreams_AreAnEmptyLine()
    {
        Assert.Equal("", new ServerEndPoints([]).ToLine());
        Assert.True(ServerEndPoints.TryParse("", [], out _));
    }

    [Theory]
    [InlineData("127.0.0.1:80;")]
    [InlineData("127.0.0.1:80,,;")]
    [InlineData("127.0.0.1:80,localhost:80;")]
    [InlineData("127.0.0.1:80,;;")]
    [InlineData("127.0.0.1:80,")]
    [InlineData("")]
    public void LineForOtherServers_IsRefused(string line) => Assert.False(ServerEndPoints.TryParse(line, [2], out _));

    private static IPEndPoint At(string address, int port) => new(IPAddress.Parse(address), port);
}
