using System;
using System.Net;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Tests.Config;
using NativeProxy.Upstreams;
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

    private static DestinationPolicy Policy(string lines) => new(Settings(lines));
}
