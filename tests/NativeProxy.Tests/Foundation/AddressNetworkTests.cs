using System.Linq;
using System.Net;
using NativeProxy.Foundation;
using Xunit;

namespace NativeProxy.Tests.Foundation;

/// <summary>Networks hold what the library's own networks hold, a mapped IPv4 address being the IPv4 address.</summary>
public class AddressNetworkTests
{
    private static readonly string[] Networks =
    [
        "0.0.0.0/0", "10.0.0.0/8", "127.0.0.0/8", "128.0.0.0/1", "192.168.1.0/24", "192.168.1.128/25", "198.51.100.7/32", "255.255.255.255/32",
            "0.0.0.0/32",
        "::/0", "::/1", "8000::/1", "::1/128", "::/128", "fd00::/8", "2001:db8::/32", "2001:db8::/63", "2001:db8::/64", "2001:db8::/65",
        "::ffff:0:0/96", "::ffff:10.0.0.0/104",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128",
    ];

    private static readonly string[] Addresses =
    [
        "0.0.0.0", "0.0.0.1", "9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0", "126.255.255.255", "127.0.0.1", "127.255.255.255",
            "128.0.0.0", "192.168.1.0",
        "192.168.1.127", "192.168.1.128", "192.168.2.0", "198.51.100.6", "198.51.100.7", "255.255.255.255",
        "::", "::1", "::2", "::127.0.0.1", "::ffff:0.0.0.0", "::ffff:10.1.2.3", "::ffff:127.0.0.1", "::ffff:198.51.100.7", "::fffe:10.1.2.3", "1::1",
        "7fff::", "8000::",
        "fc00::1", "fd00::1", "fe00::1", "2001:db7:ffff::", "2001:db8::", "2001:db8:0:1::", "2001:db8:0:2::", "2001:db8::8000:0:0:0",
        "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    ];

    [Fact]
    public void Contains_IsWhatTheLibrarySaysOfThePlainAddress()
    {
        var differing = from text in Networks
                        let network = IPNetwork.Parse(text)
                        let ours = new AddressNetwork(network)
                        from address in Addresses.Select(IPAddress.Parse)
                        let plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address
                        where network.Contains(plain) != ours.Contains(PeerAddress.Of(address, 80))
                        select $"{text} {address}";

        Assert.Empty(differing);
    }

    [Fact]
    public void EveryPrefixLength_HoldsItsLastAddressAndNotTheNext()
    {
        foreach ((string text, int bits) in new[] { ("203.0.113.77", 32), ("2001:db8:1234:5678:9abc:def0:1234:5677", 128) })
        {
            byte[] address = IPAddress.Parse(text).GetAddressBytes();
            for (int length = 1; length <= bits; length++)
            {
                AddressNetwork network = Network(address, length);
                Assert.True(network.Contains(PeerAddress.Of(IPAddress.Parse(text), 1)));
                byte[] other = [.. address];
                other[(length - 1) / 8] ^= (byte)(0x80 >> ((length - 1) % 8));
                Assert.False(network.Contains(PeerAddress.Of(new IPAddress(other), 1)), $"/{length}");
                if (length == bits)
                    continue;
                byte[] inside = [.. address];
                inside[length / 8] ^= (byte)(0x80 >> (length % 8));
                Assert.True(network.Contains(PeerAddress.Of(new IPAddress(inside), 1)), $"/{length}");
            }
        }
    }

    [Fact]
    public void NoAddress_IsInNoNetwork_AndNoNetworkHoldsAnAddress()
    {
        Assert.All(Networks, text => Assert.False(new AddressNetwork(IPNetwork.Parse(text)).Contains(default)));
        Assert.All(Addresses, text => Assert.False(default(AddressNetwork).Contains(PeerAddress.Of(IPAddress.Parse(text), 1))));
        Assert.False(default(AddressNetwork).Contains(default));
    }

    [Fact]
    public void Loopback_IsWhatTheLibrarySaysOfThePlainAddress()
    {
        Assert.All(Addresses.Select(IPAddress.Parse), address =>
            Assert.Equal(IPAddress.IsLoopback(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address), PeerAddress.Of(address, 1).IsLoopback));
        Assert.False(default(PeerAddress).IsLoopback);
    }

    /// <summary>The network of that prefix length around an address.</summary>
    private static AddressNetwork Network(byte[] address, int length)
    {
        byte[] prefix = [.. address];
        for (int bit = length; bit < address.Length * 8; bit++)
            prefix[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        return new AddressNetwork(new IPNetwork(new IPAddress(prefix), length));
    }
}
