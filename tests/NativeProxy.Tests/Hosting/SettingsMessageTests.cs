using System;
using System.Net;
using System.Text;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Hosting.Channels;
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
        var sent = new SettingsMessage("/etc/a proxy.toml", ["*:80", "[::1]:81"], "127.0.0.1:1,;", Encoding.UTF8.GetBytes("b = 2"),
            text) { Round = 12, LogLevel = LogLevel.Warn };

        SettingsMessage read = SettingsMessage.Decode(sent.Encode());

        Assert.Equal((sent.Path, sent.Servers, 12, LogLevel.Warn), (read.Path, read.Servers, read.Round, read.LogLevel));
        Assert.Equal(sent.Binds, read.Binds);
        Assert.Equal("b = 2"u8.ToArray(), read.StartText);
        Assert.Equal(text, read.Text);
    }

    [Fact]
    public void FilesOfTls_ArriveByteForByte_AndAreZeroedInTheMessage()
    {
        byte[] text = Encoding.UTF8.GetBytes(Settings);
        byte[] file = [0, 10, 13, 10, 255, 0];
        TlsFiles files = TlsFiles.Decode([1, 0, 0, 0, (byte)file.Length, 0, 0, 0, (byte)'k', .. file]);
        byte[] payload = new SettingsMessage("proxy.toml", [], "127.0.0.1:9001;", text, text) { Files = files }.Encode();

        SettingsMessage read = SettingsMessage.Decode(payload);

        Assert.Equal(file, read.Files.Of("k").ToArray());
        Assert.Equal(text, read.Text);
        Assert.Equal(new byte[file.Length], payload[^file.Length..]);
    }

    [Fact]
    public void ServersHaveTheAddressesOfTheMessage_AndNoNameIsResolved()
    {
        var message = new SettingsMessage("proxy.toml", [], "192.0.2.1:9001|192.0.2.2:9001;", TextOf(Settings), TextOf(Settings));

        Assert.True(message.TryParse(out ProxySettings settings, out ServersInForce servers));

        Assert.Equal("nobody.invalid:9001", settings.Upstreams[0].Servers[0].Address);
        Assert.Equal([IPEndPoint.Parse("192.0.2.1:9001"), IPEndPoint.Parse("192.0.2.2:9001")], servers.EndPoints.Of(0, 0));
    }

    [Fact]
    public void DiscoveredServers_StandBehindThoseOfTheFile()
    {
        byte[] text = TextOf(Settings);
        var sent = new SettingsMessage("proxy.toml", [], "192.0.2.1:9001,192.0.2.7:80;", text, text) { Found = "192.0.2.7:80|3|1", Round = 2 };

        Assert.True(SettingsMessage.Decode(sent.Encode()).TryParse(out ProxySettings file, out ServersInForce servers));

        Assert.Single(file.Upstreams[0].Servers);
        UpstreamServerSettings found = servers.Settings.Upstreams[0].Servers[1];
        Assert.Equal(("192.0.2.7:80", 3, 1, true), (found.Address, found.Weight, found.Priority, found.Health));
        Assert.Equal([IPEndPoint.Parse("192.0.2.7:80")], servers.EndPoints.Of(0, 1));
    }

    [Fact]
    public void UpstreamWithoutServers_CanBeTold()
    {
        byte[] text = TextOf(Settings[..Settings.IndexOf("[[upstream.server]]", StringComparison.Ordinal)]
            + "[upstream.discovery]\ntype = \"dns\"\nname = \"app.test\"\nport = 80\n");

        Assert.True(new SettingsMessage("proxy.toml", [], ";", text, text).TryParse(out _, out ServersInForce servers));
        Assert.Empty(servers.Settings.Upstreams[0].Servers);
    }

    /// <summary>A worker that starts after a reload works by the same engine as its siblings, whatever the file says meanwhile.</summary>
    [Fact]
    public void KeysThatAReloadDoesNotChange_AreThoseOfTheStart()
    {
        byte[] With(string engine, int drainSeconds) =>
            TextOf($"[runtime]\nengine = \"{engine}\"\ndrain_timeout = \"{drainSeconds}s\"\n" + SettingsTrial.Minimal);

        Assert.True(new SettingsMessage("proxy.toml", [], "127.0.0.1:9001;", With("epoll", 1), With("saea", 2))
            .TryParse(out ProxySettings settings, out _));

        Assert.Equal((EngineKind.Epoll, 2000), (settings.Runtime.Engine, settings.Runtime.DrainTimeoutMs));
    }

    [Theory]
    [InlineData("")]
    [InlineData("192.0.2.1:9001,192.0.2.2:9001;")]
    public void AddressesThatDoNotBelongToTheSettings_AreRefused(string servers) =>
        Assert.False(new SettingsMessage("proxy.toml", [], servers, TextOf(Settings), TextOf(Settings))
            .TryParse(out _, out _));

    private static byte[] TextOf(string toml) => SettingsTrial.Text(Encoding.UTF8.GetBytes(toml)).Bytes;
}
