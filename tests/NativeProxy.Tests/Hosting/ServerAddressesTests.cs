using System.Collections.Generic;
using System.Net;
using NativeProxy.Config;
using NativeProxy.Hosting;
using NativeProxy.Tests.Config;
using NativeProxy.Upstreams.Naming;
using Xunit;

namespace NativeProxy.Tests.Hosting;

public class ServerAddressesTests
{
    [Theory]
    [InlineData("192.0.2.7:81", "192.0.2.7", 81)]
    [InlineData("[2001:db8::1]:82", "2001:db8::1", 82)]
    public void IpAddresses_NeedNoResolver(string address, string ip, int port)
    {
        ServerEndPoints found = Resolve(address, out List<string> errors);

        Assert.Empty(errors);
        Assert.Equal(new IPEndPoint(IPAddress.Parse(ip), port), found.Of(0, 0)[0]);
    }

    [Fact]
    public void Name_IsResolvedToIpv4First()
    {
        ServerEndPoints found = Resolve("localhost:83", out List<string> errors);

        Assert.Empty(errors);
        Assert.Equal(new IPEndPoint(IPAddress.Loopback, 83), found.Of(0, 0)[0]);
    }

    [Fact]
    public void UnknownName_IsAnErrorThatNamesServerAndUpstream()
    {
        // RFC 6761 keeps this top-level domain free of names.
        Resolve("nobody.invalid:84", out List<string> errors);

        Assert.StartsWith(
            "server \"a\" of upstream \"app\": the name \"nobody.invalid\" cannot be resolved", Assert.Single(errors), System.StringComparison.Ordinal);
    }

    [Fact]
    public void ServersOfEachUpstream_StandInTheOrderOfTheSettings()
    {
        ProxySettings settings = SettingsTrial.Parse(SettingsTrial.Minimal + """
            [[upstream.server]]
            name = "b"
            address = "127.0.0.1:9002"
            [[upstream]]
            name = "other"
            [[upstream.server]]
            name = "c"
            address = "127.0.0.1:9003"

            """).Settings;
        var errors = new List<string>();

        ServerEndPoints found = ServerAddresses.Resolve(settings, errors);

        Assert.Equal([9001, 9002], [found.Of(0, 0)[0].Port, found.Of(0, 1)[0].Port]);
        Assert.Equal([9003], [found.Of(1, 0)[0].Port]);
    }

    private static ServerEndPoints Resolve(string address, out List<string> errors)
    {
        ProxySettings settings = SettingsTrial.Parse(SettingsTrial.Minimal.Replace("127.0.0.1:9001", address, System.StringComparison.Ordinal)).Settings;
        errors = [];
        return ServerAddresses.Resolve(settings, errors);
    }
}
