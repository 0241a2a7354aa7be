using System.Net;
using System.Text;
using NativeProxy.Config;
using NativeProxy.Hosting;
using NativeProxy.Tests.Config;
using NativeProxy.Upstreams.Naming;
using Xunit;

namespace NativeProxy.Tests.Hosting;

public class SettingsMessageTests
{
    private static readonly string Settings = SettingsTrial.Minimal.Replace("127.0.0.1:9001", "nobody.invalid:9001", System.StringComparison.Ordinal);

    [Fact]
    public void Message_ArrivesAsItWasSent()
    {
        byte[] text = Encoding.UTF8.GetBytes("a = 1\n\nb = \"\u00e4\"\n");
        var sent = new SettingsMessage("/etc/a proxy.toml", ["*:80", "[::1]:81"], "127.0.0.1:1,;", text);

        SettingsMessage read = SettingsMessage.Decode(sent.Encode());

        Assert.Equal((sent.Path, sent.Servers), (read.Path, read.Servers));
        Assert.Equal(sent.Binds, read.Binds);
        Assert.Equal(text, read.Text);
    }

    [Fact]
    public void ServersHaveTheAddressesOfTheMessage_AndNoNameIsResolved()
    {
        var message = new SettingsMessage("proxy.toml", [], "192.0.2.1:9001|192.0.2.2:9001;", Encoding.UTF8.GetBytes(Settings));

        Assert.True(message.TryParse(out ProxySettings settings, out ServerEndPoints endPoints));

        Assert.Equal("nobody.invalid:9001", settings.Upstreams[0].Servers[0].Address);
        Assert.Equal([IPEndPoint.Parse("192.0.2.1:9001"), IPEndPoint.Parse("192.0.2.2:9001")], endPoints.Of(0, 0));
    }

    [Theory]
    [InlineData("")]
    [InlineData("192.0.2.1:9001,192.0.2.2:9001;")]
    public void AddressesThatDoNotBelongToTheSettings_AreRefused(string servers) =>
        Assert.False(new SettingsMessage("proxy.toml", [], servers, Encoding.UTF8.GetBytes(Settings)).TryParse(out _, out _));
}
