using System.Net;
using System.Text;
using NativeProxy.Sessions;
using Xunit;

namespace NativeProxy.Tests.Sessions;

public class ClientAddressTests
{
    [Theory]
    [InlineData("192.0.2.1", "192.0.2.1")]
    [InlineData("::ffff:192.0.2.1", "192.0.2.1")]
    [InlineData("2001:db8::1", "2001:db8::1")]
    [InlineData("2001:db8:1111:2222:3333:4444:5555:6666", "2001:db8:1111:2222:3333:4444:5555:6666")]
    public void Address_IsKeptAndWritten_AMappedOneAsIPv4(string given, string expected)
    {
        var address = new ClientAddress();
        address.Set(new IPEndPoint(IPAddress.Parse("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"), 1));
        address.Set(new IPEndPoint(IPAddress.Parse(given), 7));

        Assert.Equal(new IPEndPoint(IPAddress.Parse(expected), 7), address.EndPoint);
        Assert.Equal(expected, Encoding.ASCII.GetString(address.Text));
    }

    [Fact]
    public void PeerWithoutAnAddress_HasATextAllTheSame()
    {
        var address = new ClientAddress();
        address.Set(null);

        Assert.Null(address.EndPoint);
        Assert.Equal("255.255.255.255", Encoding.ASCII.GetString(address.Text));
    }
}
