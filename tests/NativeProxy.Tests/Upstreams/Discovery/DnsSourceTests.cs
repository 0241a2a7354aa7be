using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.Config;
using NativeProxy.Tests.Config;
using NativeProxy.Tests.Transport;
using NativeProxy.Tests.Upstreams.Naming;
using NativeProxy.Upstreams.Discovery;
using NativeProxy.Upstreams.Naming;
using Xunit;

namespace NativeProxy.Tests.Upstreams.Discovery;

/// <summary>Servers by the addresses of a name, from a DNS server that the test plays.</summary>
public sealed class DnsSourceTests : IDisposable
{
    private readonly ScriptedDns _dns = new();

    public void Dispose() => _dns.Dispose();

    /// <summary>Name servers turn their answers: which addresses are taken must not turn with them.</summary>
    [Fact]
    public async Task OfTooManyAddresses_ThoseThatAreServersAlreadyStay()
    {
        UpstreamDiscoverySettings settings = Discovery("max_servers = 2");
        var known = new KnownServers(settings.ServersMax);
        foreach (string[] turned in (string[][])[["1", "2", "3", "4"], ["3", "4", "1", "2"], ["2", "3", "4", "1"]])
        {
            _dns.Set("app.test", 1, [.. turned.Select(static last => "192.0.2." + last)]);
            known.Take(await Look(settings), default, out _, out _);
            Assert.Equal("192.0.2.1 192.0.2.2", string.Join(' ', known.Servers.Select(static server => server.EndPoint.Address)));
        }
    }

    [Theory]
    [InlineData("ipv4", "192.0.2.1:80", "app.test A udp")]
    [InlineData("ipv6", "[2001:db8::1]:80", "app.test AAAA udp")]
    public async Task AddressesOfOneFamily_AreAskedForAlone_AndNotCrowdedOutByOthers(string family, string expected, string asked)
    {
        _dns.Set("app.test", 1, "192.0.2.1", "2001:db8::1");

        SourceAnswer answer = await Look(Discovery($"max_servers = 1\nfamily = \"{family}\""));

        Assert.Equal([expected], answer.Servers!.Select(static server => server.Address));
        Assert.Equal([asked], _dns.Questions);
    }

    /// <summary>Some networks drop what they do not know: who has said that IPv4 is enough does not wait for that.</summary>
    [Fact]
    public async Task NameServerThatIsSilentAboutTheOtherFamily_HoldsNothingUp()
    {
        _dns.Feel("app.test", DnsMood.IsSilentForV6);
        _dns.Set("app.test", 1, "192.0.2.1");

        SourceAnswer answer = await Look(Discovery("family = \"ipv4\""));

        Assert.Equal("192.0.2.1:80", Assert.Single(answer.Servers!).Address);
        Assert.False(answer.IsPartial);
    }

    private static UpstreamDiscoverySettings Discovery(string lines) => SettingsTrial.Parse(
        SettingsTrial.WithUpstream($"[upstream.discovery]\ntype = \"dns\"\nname = \"app.test\"\nport = 80\n{lines}")).Settings.Upstreams[0].Discovery;

    private Task<SourceAnswer> Look(UpstreamDiscoverySettings settings)
    {
        ResolverSettings resolver = SettingsTrial.Parse(
            $"{SettingsTrial.Minimal}\n[resolver]\nservers = [\"{_dns.EndPoint}\"]\ntimeout = \"30s\"\n").Settings.Resolver;
        return new DnsSource(new NameFinder(resolver, hostsPath: Path.DirectorySeparatorChar + "nowhere"), settings).Find()
            .WaitAsync(LoopUnderTest.Deadline);
    }
}
