using System;
using System.Net;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Tests.Config;
using NativeProxy.Upstreams.Origins;
using Xunit;

namespace NativeProxy.Tests.Upstreams;

public class DestinationPolicyTests
{
    private const string Here = "127.0.0.1";
    private const string Elsewhere = "192.168.1.9";

    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("192.168.255.255", true)]
    [InlineData("10.1.2.3", true)]
    [InlineData("::1", true)]
    [InlineData("fd00::7", true)]
    [InlineData("::ffff:10.1.2.3", true)]
    [InlineData("192.169.0.1", false)]
    [InlineData("203.0.113.7", false)]
    [InlineData("2001:db8::1", false)]
    [InlineData("::ffff:203.0.113.7", false)]
    public void ClientsOfPrivateNetworks_AreServedByDefault(string client, bool isServed) =>
        Assert.Equal(isServed, Policy("").AdmitsClient(Address(client)));

    [Fact]
    public void ClientWithoutAnAddress_IsNotServed() => Assert.False(Policy("clients = [\"0.0.0.0/0\", \"::/0\"]").AdmitsClient(default));

    [Theory]
    [InlineData(Elsewhere, true, 443, DestinationScope.Permitted)]
    [InlineData(Elsewhere, true, 80, DestinationScope.Refused)]
    [InlineData(Elsewhere, true, 22, DestinationScope.Refused)]
    [InlineData(Elsewhere, false, 80, DestinationScope.Permitted)]
    [InlineData(Elsewhere, false, 1024, DestinationScope.Permitted)]
    [InlineData(Elsewhere, false, 65535, DestinationScope.Permitted)]
    [InlineData(Elsewhere, false, 1023, DestinationScope.Refused)]
    [InlineData(Elsewhere, false, 25, DestinationScope.Refused)]
    [InlineData(Here, true, 443, DestinationScope.PermittedOrLocal)]
    [InlineData(Here, true, 22, DestinationScope.LocalOnly)]
    [InlineData(Here, false, 80, DestinationScope.PermittedOrLocal)]
    [InlineData(Here, false, 25, DestinationScope.LocalOnly)]
    [InlineData("127.200.0.1", true, 22, DestinationScope.LocalOnly)]
    [InlineData("::1", true, 22, DestinationScope.LocalOnly)]
    [InlineData("::ffff:127.0.0.1", true, 22, DestinationScope.LocalOnly)]
    internal void Scope_FollowsFromClientMethodAndPort(string client, bool isConnect, int port, DestinationScope expected) =>
        Assert.Equal(expected, Policy("").ScopeOf(Address(client), isConnect, port));

    [Theory]
    [InlineData(443, DestinationScope.Permitted)]
    [InlineData(22, DestinationScope.Refused)]
    internal void LocalAccessSwitchedOff_MakesAClientHereOneAsAnyOther(int port, DestinationScope expected) =>
        Assert.Equal(expected, Policy("local_access = false").ScopeOf(Address(Here), isConnect: true, port));

    [Fact]
    public void PortRanges_AreTakenFromTheSettings()
    {
        DestinationPolicy policy = Policy("connect_ports = [\"443\", \"8000-8999\"]\nhttp_ports = []");

        Assert.Equal(DestinationScope.Permitted, policy.ScopeOf(Address(Elsewhere), isConnect: true, 8999));
        Assert.Equal(DestinationScope.Refused, policy.ScopeOf(Address(Elsewhere), isConnect: true, 9000));
        Assert.Equal(DestinationScope.Refused, policy.ScopeOf(Address(Elsewhere), isConnect: false, 80));
    }

    [Theory]
    [InlineData("198.51.100.1", true, true, false)]
    [InlineData("10.0.0.1", true, true, false)]
    [InlineData("2001:db8::1", true, true, false)]
    [InlineData("223.255.255.255", true, true, false)]
    [InlineData("127.0.0.1", false, true, true)]
    [InlineData("127.255.0.1", false, true, true)]
    [InlineData("::1", false, true, true)]
    [InlineData("::ffff:127.0.0.1", false, true, true)]
    [InlineData("0.0.0.0", false, false, false)]
    [InlineData("::", false, false, false)]
    [InlineData("169.254.169.254", false, false, false)]
    [InlineData("::ffff:169.254.169.254", false, false, false)]
    [InlineData("fe80::1", false, false, false)]
    [InlineData("224.0.0.1", false, false, false)]
    [InlineData("255.255.255.255", false, false, false)]
    [InlineData("ff02::1", false, false, false)]
    public void Addresses_AreJudgedByTheirScope(string address, bool isPermitted, bool isPermittedOrLocal, bool isLocal)
    {
        DestinationPolicy policy = Policy("");
        PeerAddress ip = Address(address);

        Assert.Equal(
            (isPermitted, isPermittedOrLocal, isLocal, false),
            (policy.Admits(ip, DestinationScope.Permitted), policy.Admits(ip, DestinationScope.PermittedOrLocal),
                policy.Admits(ip, DestinationScope.LocalOnly), policy.Admits(ip, DestinationScope.Refused)));
    }

    /// <summary>Each way to write an IPv4 address into an IPv6 address, with 127.0.0.1 and with 8.8.8.8.</summary>
    [Theory]
    [InlineData("IPv4-mapped (RFC 4291)", "::ffff:127.0.0.1", "::ffff:8.8.8.8")]
    [InlineData("IPv4-compatible (RFC 4291)", "::127.0.0.1", "::8.8.8.8")]
    [InlineData("IPv4-translated (RFC 2765)", "::ffff:0:127.0.0.1", "::ffff:0:8.8.8.8")]
    [InlineData("NAT64 (RFC 6052)", "64:ff9b::7f00:1", "64:ff9b::808:808")]
    [InlineData("local NAT64 /48 (RFC 8215)", "64:ff9b:1:7f00:0:100::", "64:ff9b:1:808:8:800::")]
    [InlineData("local NAT64 /56", "64:ff9b:1:7f:0:1::", "64:ff9b:1:8:8:808::")]
    [InlineData("local NAT64 /64", "64:ff9b:1:0:7f:0:100:0", "64:ff9b:1:0:8:808:800:0")]
    [InlineData("local NAT64 /96", "64:ff9b:1::7f00:1", "64:ff9b:1::808:808")]
    [InlineData("local NAT64 of 0.0.0.0", "64:ff9b:1::", "64:ff9b:1::808:808")]
    [InlineData("6to4 (RFC 3056)", "2002:7f00:1::", "2002:808:808::")]
    [InlineData("6to4 with a host", "2002:7f00:1:1::7", "2002:808:808:1::7")]
    [InlineData("Teredo client (RFC 4380)", "2001:0:808:808:0:0:80ff:fffe", "2001:0:808:808:0:0:f7f7:f7f7")]
    [InlineData("Teredo server", "2001:0:7f00:1:0:0:f7f7:f7f7", "2001:0:808:808:0:0:f7f7:f7f7")]
    [InlineData("ISATAP (RFC 5214)", "2001:db8::5efe:127.0.0.1", "2001:db8::5efe:8.8.8.8")]
    [InlineData("ISATAP with a global address", "2001:db8::200:5efe:127.0.0.1", "2001:db8::200:5efe:8.8.8.8")]
    public void AddressInsideAnAddress_IsJudgedToo(string form, string forbidden, string allowed)
    {
        Assert.False(Policy("").Admits(Address(forbidden), DestinationScope.Permitted), form);
        Assert.True(Policy("").Admits(Address(allowed), DestinationScope.Permitted), form);

        // The same twins for what the settings name, and for this machine's own address.
        Assert.False(Policy("deny = [\"8.8.8.8\"]").Admits(Address(allowed), DestinationScope.Permitted), form);
        Assert.False(Policy("", "8.8.8.8").Admits(Address(allowed), DestinationScope.Permitted), form);
        Assert.True(Policy("allow = [\"0.0.0.0/0\"]").Admits(Address(forbidden), DestinationScope.Permitted), form);
        Assert.True(Policy("allow = [\"::/0\", \"127.0.0.1\"]").Admits(Address(forbidden), DestinationScope.Permitted), form);
    }

    [Theory]
    [InlineData("2001:db8::7f00:1")]
    [InlineData("64:ff9b:2::7f00:1")]
    [InlineData("2003:7f00:1::")]
    [InlineData("2001:1:808:808:0:0:80ff:fffe")]
    [InlineData("2001:db8::1:5efe:7f00:1")]
    [InlineData("::1:0:127.0.0.1")]
    public void AddressThatOnlyResemblesSuchAForm_IsItself(string address) =>
        Assert.True(Policy("").Admits(Address(address), DestinationScope.Permitted));

    [Theory]
    [InlineData("100.64.0.1", "100.63.255.255")]
    [InlineData("100.127.255.255", "100.128.0.0")]
    [InlineData("100.100.100.200", "101.100.100.200")]
    [InlineData("168.63.129.16", "168.63.129.17")]
    [InlineData("192.0.0.192", "192.0.1.192")]
    [InlineData("192.88.99.1", "192.88.98.1")]
    [InlineData("198.18.0.1", "198.17.255.255")]
    [InlineData("198.19.255.255", "198.20.0.0")]
    [InlineData("0.1.2.3", "1.1.2.3")]
    [InlineData("100::1", "100:0:0:1::1")]
    [InlineData("fd00:ec2::254", "fd00:ec3::254")]
    [InlineData("fd20:ce::254", "fd20:cf::254")]
    [InlineData("fd00:c1::a9fe:a9fe", "fd00:c2::1")]
    [InlineData("fec0::1", "fdff::1")]
    public void SpecialNetworks_AreDeniedByDefault_AndTheirNeighboursAreNot(string denied, string neighbour)
    {
        Assert.False(Policy("").Admits(Address(denied), DestinationScope.Permitted));
        Assert.True(Policy("").Admits(Address(neighbour), DestinationScope.Permitted));
    }

    [Fact]
    public void OwnAddresses_AreDenied_UnlessTheSettingsSayOtherwise_OrTheClientIsHere()
    {
        DestinationPolicy policy = Policy("", "10.1.2.3", "2001:db8::5");
        foreach (string own in (string[])["10.1.2.3", "2001:db8::5"])
        {
            Assert.False(policy.Admits(Address(own), DestinationScope.Permitted));
            Assert.True(policy.Admits(Address(own), DestinationScope.PermittedOrLocal));
            Assert.True(Policy($"allow = [\"{own}\"]", own).Admits(Address(own), DestinationScope.Permitted));
            Assert.True(Policy("deny_own_addresses = false", own).Admits(Address(own), DestinationScope.Permitted));
        }
        Assert.True(policy.Admits(Address("10.1.2.4"), DestinationScope.Permitted));
    }

    [Fact]
    public void InterfacesOfThisMachine_AreSeen()
    {
        var own = new OwnAddresses();
        Assert.False(own.IsFresh);
        own.Refresh();

        Assert.True(own.IsFresh);
        Assert.True(own.Contains(Address(Here)));
        Assert.False(own.Contains(Address("203.0.113.1")));
    }

    [Fact]
    public void Allow_IsStrongerThanDeny()
    {
        DestinationPolicy policy = Policy("deny = [\"0.0.0.0/0\", \"::/0\"]\nallow = [\"198.51.100.0/24\", \"2001:db8::7\"]");

        Assert.True(policy.Admits(Address("198.51.100.255"), DestinationScope.Permitted));
        Assert.True(policy.Admits(Address("2001:db8::7"), DestinationScope.Permitted));
        Assert.False(policy.Admits(Address("198.51.101.0"), DestinationScope.Permitted));
        Assert.False(policy.Admits(Address("2001:db8::8"), DestinationScope.Permitted));
    }

    internal static ForwardSettings Settings(string lines)
    {
        string listener = $"[[listener]]\nname = \"out\"\nbind = [\"127.0.0.1:3128\"]\nmode = \"forward\"\n[listener.forward]\n{lines}\n";
        return SettingsTrial.Parse(listener).Settings.Listeners[0].Forward;
    }

    [Fact]
    public void Judging_AllocatesNothing()
    {
        DestinationPolicy policy = Policy("");
        PeerAddress[] clients = [Address(Here), Address(Elsewhere), Address("2001:db8::1")];
        int admitted = 0;
        for (int round = 0; round < 2; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 1000; i++)
            {
                PeerAddress client = clients[i % clients.Length];
                if (policy.AdmitsClient(client) && policy.Admits(client, policy.ScopeOf(client, isConnect: true, 443)))
                    admitted++;
            }
            Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        }
        Assert.Equal(2 * 667, admitted);
    }

    private static PeerAddress Address(string text) => PeerAddress.Of(IPAddress.Parse(text), 1);

    private static DestinationPolicy Policy(string lines, params string[] own)
    {
        var addresses = new OwnAddresses();
        addresses.Set(Array.ConvertAll(own, Address));
        return new DestinationPolicy(Settings(lines), addresses);
    }
}
