using System;
using System.Linq;
using NativeProxy.Config;
using Xunit;

namespace NativeProxy.Tests.Config;

/// <summary>What a listener in mode "tcp" and its routes may say. The listener's lines begin in line 5.</summary>
public sealed class ModeRulesTests
{
    private const string Tcp = "mode = \"tcp\"\n";
    private const string Web = "[[listener]]\nname = \"www\"\nbind = [\"127.0.0.1:8081\"]\nupstream = \"app\"\n";
    private const string L4 = "[[listener]]\nname = \"l4\"\nbind = [\"127.0.0.1:8081\"]\nmode = \"tcp\"\nupstream = \"app\"\n";

    [Theory]
    [InlineData("")]
    [InlineData("proxy_protocol = true\nlimits.max_connections = 10\ntimeouts.send = \"1s\"\ntcp_keepalive.enabled = true")]
    [InlineData("tcp.idle_timeout = \"8h\"\ntcp.half_close_timeout = \"0s\"\ntcp.inspect_timeout = \"1s\"")]
    public void ProperTcpListeners_AreAccepted(string lines)
    {
        SettingsResult result = SettingsTrial.Parse(SettingsTrial.WithListener(Tcp + lines));
        Assert.Empty(result.Errors);
        Assert.Empty(result.Warnings);
    }

    [Theory]
    [InlineData("upgrade = [\"websocket\"]", "6: \"upgrade\" means nothing to a listener in mode \"tcp\", which passes bytes on as they are")]
    [InlineData("keepalive.timeout = \"1s\"", "6: \"keepalive\" means nothing to a listener in mode \"tcp\", which passes bytes on as they are")]
    [InlineData("timeouts.tunnel = \"1s\"",
        "6: \"timeouts.tunnel\" means nothing to a listener in mode \"tcp\", which passes bytes on as they are")]
    [InlineData("defer_accept = true", "6: \"defer_accept\" means nothing to a listener in mode \"tcp\", which passes bytes on as they are")]
    public void KeysOfRequests_AreRefusedInATcpListener(string lines, string problem) =>
        Assert.Equal([problem], SettingsTrial.Problems(SettingsTrial.WithListener(Tcp + lines)));

    [Fact]
    public void KeysOfConnections_AreRefusedInAnHttpListener() => Assert.Equal(
        ["5: [listener.tcp] is for a listener in mode \"tcp\""], SettingsTrial.Problems(SettingsTrial.WithListener("tcp.idle_timeout = \"1s\"")));

    [Theory]
    [InlineData("sni = [\"a.example\", \"*.b.example\"]\nport = [\"443\", \"8000-8999\"]\nsource = [\"10.0.0.0/8\"]\nupstream = \"app\"")]
    [InlineData("source = [\"10.0.0.0/8\"]")]
    public void ProperRoutesOfConnections_AreAccepted(string lines)
    {
        SettingsResult result = SettingsTrial.Parse(SettingsTrial.WithListener(Tcp) + "[[route]]\n" + lines);
        Assert.Empty(result.Errors);
        Assert.Empty(result.Warnings);
    }

    [Theory]
    [InlineData("host = [\"a\"]", "12: \"host\" means nothing here: the listener \"web\" is in mode \"tcp\", whose routes look at connections")]
    [InlineData("deny = 403", "12: \"deny\" means nothing here: the listener \"web\" is in mode \"tcp\", whose routes look at connections")]
    [InlineData("sni = [\"[::1]\"]", "12: \"[::1]\" cannot be the server name of a route")]
    [InlineData("sni = [\"*\"]", "12: \"*\" cannot be the server name of a route")]
    [InlineData("port = [\"0\"]", "12: \"0\" is no port")]
    [InlineData("port = [\"90-80\"]", "12: \"90-80\" is no port")]
    public void WrongRoutesOfConnections_AreRefused(string lines, string problem) =>
        Assert.Equal([problem], SettingsTrial.Problems(SettingsTrial.WithListener("mode = \"tcp\"") + "[[route]]\n" + lines));

    [Fact]
    public void NamesOfTls_AreRefusedWhereNoListenerHasThem() => Assert.Equal(
        ["11: \"sni\" is for connections, and no listener is in mode \"tcp\""],
        SettingsTrial.Problems(SettingsTrial.Minimal + "[[route]]\nsni = [\"a\"]"));

    [Fact]
    public void NamedHttpListener_TakesNoRouteOfConnections() => Assert.Equal(
        ["12: \"port\" means nothing here: the listener \"web\" is in mode \"http\", whose routes look at requests"],
        SettingsTrial.Problems(SettingsTrial.Minimal + "[[route]]\nlistener = [\"web\"]\nport = [\"80\"]").Select(static line =>
            line.Replace("13:", "12:", StringComparison.Ordinal)));

    /// <summary>A route for requests must not swallow the connections of a database beside them.</summary>
    [Theory]
    [InlineData("", "web")]
    [InlineData("source = [\"10.0.0.0/8\"]", "web")]
    [InlineData("sni = [\"a.example\"]", "l4")]
    [InlineData("port = [\"1\"]", "l4")]
    [InlineData("listener = [\"l4\"]", "l4")]
    [InlineData("listener = [\"web\", \"l4\"]", "web l4")]
    public void RouteWithoutListeners_LooksAtThoseOfItsMode(string lines, string listeners)
    {
        ProxySettings settings = SettingsTrial.Parse(SettingsTrial.Minimal + L4 + "[[route]]\nupstream = \"app\"\n" + lines).Settings;
        Assert.Equal(listeners, string.Join(' ', settings.ListenersOf(settings.Routes[0]).Select(static listener => listener.Name)));
    }

    /// <summary>Connections that go nowhere are no configuration.</summary>
    [Fact]
    public void TcpListenerWithoutUpstreamAndRoutes_IsRefused() => Assert.Equal(
        ["1: required key \"upstream\" is missing in [[listener]]"],
        SettingsTrial.Problems((SettingsTrial.WithListener("mode = \"tcp\"") + Web + "[[route]]\nhost = [\"a\"]\nupstream = \"app\"\n")
            .Replace("bind = [\"127.0.0.1:8080\"]\nupstream = \"app\"", "bind = [\"127.0.0.1:8080\"]", StringComparison.Ordinal)));

    [Theory]
    [InlineData("sni = [\"*.example\"]", "sni = [\"a.example\"]", 1)]
    [InlineData("port = [\"8000-8080\"]", "port = [\"8080\", \"8001-8002\"]", 1)]
    [InlineData("port = [\"8000-8080\"]", "port = [\"8080-8081\"]", 0)]
    [InlineData("source = [\"10.0.0.0/8\"]", "source = [\"10.1.0.0/16\"]", 1)]
    public void RouteOfConnectionsThatAnEarlierOneCovers_IsWarnedOf(string earlier, string later, int warnings) => Assert.Equal(
        warnings, SettingsTrial.Warnings(SettingsTrial.WithListener("mode = \"tcp\"") + $"[[route]]\n{earlier}\n[[route]]\n{later}\n").Length);
}
