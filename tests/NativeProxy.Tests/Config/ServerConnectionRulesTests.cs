using System;
using System.Linq;
using NativeProxy.Config;
using Xunit;

namespace NativeProxy.Tests.Config;

/// <summary>Server addresses whose port is the client's, and PROXY headers to servers. The server's address stands in line 9, or behind.</summary>
public sealed class ServerConnectionRulesTests
{
    private const string Tcp = "mode = \"tcp\"";

    [Theory]
    [InlineData("10.0.0.1", 0, 0)]
    [InlineData("db.example", 0, 0)]
    [InlineData("[::1]", 0, 0)]
    [InlineData("10.0.0.1:+1000", 0, 1000)]
    [InlineData("[::1]:-5", 0, -5)]
    [InlineData("10.0.0.1:80", 80, 0)]
    public void Addresses_AreRead(string text, int port, int offset)
    {
        Assert.True(ServerAddressText.TryParse(text, out HostPort address, out int read, out _));
        Assert.Equal((port, offset), (address.Port, read));
    }

    [Theory]
    [InlineData("balance = \"source_hash\"", null)]
    [InlineData("balance = \"hash\"", null)]
    [InlineData("hash_key = \"path\"", null)]
    [InlineData("balance = \"hash\"\nhash_key = \"path\"", "a part of the request")]
    [InlineData("cookie = { mode = \"insert\", name = \"S\" }", "a cookie")]
    [InlineData("stick.learn_cookie = \"S\"", "a cookie")]
    [InlineData("stick.key = \"client_ip\"", "a table of requests")]
    [Trait("promise", "S2.14")]
    public void Connections_AreKeptWithTheirServerByTheirAddressOnly(string line, string? what)
    {
        string[] expected = what is null ? [] : [$"keeps no client of a listener in mode \"tcp\", which passes bytes on as they are"];
        string[] problems = SettingsTrial.Problems(SettingsTrial.WithListener(Tcp).Replace(
            "[[upstream]]\nname = \"app\"\n", $"[[upstream]]\nname = \"app\"\n{line}\n", StringComparison.Ordinal));
        Assert.Equal(expected.Select(text => $"{what} {text}"), problems.Select(static problem => problem[(problem.IndexOf(' ') + 1)..]));
        Assert.DoesNotContain("mode = \"tcp\"", string.Concat(SettingsTrial.Problems(SettingsTrial.WithUpstream(line))), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData(":80")]
    [InlineData(":+1")]
    [InlineData("a:+0")]
    [InlineData("a:+")]
    [InlineData("a:+65535")]
    [InlineData("a:+999999999999")]
    [InlineData("a:+ 1")]
    [InlineData("a:1-2")]
    [InlineData("a:0")]
    [InlineData("::1")]
    [InlineData("10.0.0.256")]
    public void WrongAddresses_AreRefused(string text) => Assert.False(ServerAddressText.TryParse(text, out _, out _, out _));

    [Theory]
    [InlineData("10.0.0.1")]
    [InlineData("10.0.0.1:+5")]
    public void PortOfTheClient_IsForTcpAlone(string address)
    {
        Assert.Empty(SettingsTrial.Problems(With(SettingsTrial.WithListener(Tcp), address)));
        Assert.StartsWith($"9: the address \"{address}\" has ", Assert.Single(SettingsTrial.Problems(With(SettingsTrial.Minimal, address))),
            StringComparison.Ordinal);
        Assert.EndsWith(", and a health check has no client whose port it could be",
            Assert.Single(SettingsTrial.Problems(With(SettingsTrial.With(Tcp, "health.type = \"tcp\""), address))), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("unix:/run/app.sock", "/run/app.sock")]
    [InlineData("unix:/a", "/a")]
    public void UnixSockets_AreRead(string text, string path)
    {
        Assert.Matches(ServerAddressText.Pattern, text);
        Assert.True(ServerAddressText.TryParse(text, out HostPort address, out _, out _));
        Assert.Equal((path, false), (address.UnixPath, address.IsName));
        Assert.Empty(SettingsTrial.Problems(With(SettingsTrial.Minimal, text)));
    }

    [Theory]
    [InlineData("unix:")]
    [InlineData("unix:/")]
    [InlineData("unix:app.sock")]
    [InlineData("unix:/run/app sock")]
    [InlineData("unix:/run/a|b")]
    [InlineData("unix:/run/a,b;c")]
    [InlineData("unix:/run/\u00e9")]
    [InlineData("unix:/run/a\n")]
    public void WrongUnixSockets_AreRefused(string text) => Assert.False(ServerAddressText.TryParse(text, out _, out _, out _));

    [Fact]
    public void PathOfASocket_HasTheSystemsLength()
    {
        string longest = "unix:/" + new string('a', 106);
        Assert.True(ServerAddressText.TryParse(longest, out _, out _, out _));
        Assert.False(ServerAddressText.TryParse(longest + "a", out _, out _, out string problem));
        Assert.Equal("has a path that is too long (at most 107 characters)", problem);
    }

    [Theory]
    [InlineData("health.type = \"http\"", "")]
    [InlineData("health.type = \"http\"\nhealth.port = 80", "address")]
    [InlineData("health.type = \"http\"\nhealth.address = \"10.0.0.1\"", "port")]
    [InlineData("health.type = \"http\"\nhealth.address = \"10.0.0.1\"\nhealth.port = 80", "")]
    public void ChecksOfAUnixSocket_GoToIt_OrToAWholeAddress(string lines, string missing)
    {
        string toml = With(SettingsTrial.WithUpstream(lines), "unix:/run/a");
        Assert.Equal(missing.Length == 0 ? [] : [$"\"unix:/run/a\" has no {missing} for its health checks"],
            SettingsTrial.Problems(toml).Select(static problem => problem[(problem.IndexOf(' ', StringComparison.Ordinal) + 1)..]));
    }

    [Theory]
    [InlineData("", ProxyHeaderVersion.V2)]
    [InlineData("proxy_protocol = \"upstream\"", ProxyHeaderVersion.V2)]
    [InlineData("proxy_protocol = \"off\"", ProxyHeaderVersion.Off)]
    [InlineData("proxy_protocol = \"v1\"", ProxyHeaderVersion.V1)]
    internal void ServerSaysItself_WhatItExpects(string server, ProxyHeaderVersion version)
    {
        UpstreamSettings upstream = SettingsTrial.Parse(SettingsTrial.With(Tcp, "proxy_protocol = \"v2\"", server)).Settings.Upstreams[0];
        Assert.Equal(version, upstream.Servers[0].ProxyHeaderOf(upstream));
    }

    [Theory]
    [InlineData("10.0.0.5", true)]
    [InlineData("2001:db8::5", true)]
    [InlineData("10.0.0.0/8", false)]
    [InlineData("0.0.0.0", false)]
    [InlineData("::", false)]
    [InlineData("10", false)]
    [InlineData("[::1]", false)]
    [InlineData("db.example", false)]
    [InlineData("10.0.0.5:10000-20000", true)]
    [InlineData("10.0.0.5:10000", true)]
    [InlineData("[2001:db8::5]:1-65535", true)]
    [InlineData("2001:db8::5:10000-20000", false)]
    [InlineData("[2001:db8::5]", false)]
    [InlineData("[10.0.0.5]:10000-20000", false)]
    [InlineData("10.0.0.5:", false)]
    [InlineData("10.0.0.5:20000-10000", false)]
    [InlineData("10.0.0.5:0-10", false)]
    [InlineData("10.0.0.5:1-65536", false)]
    [InlineData("10.0.0.5:1-99999999999", false)]
    [InlineData("10.0.0.5:1-2-3", false)]
    [InlineData("10.0.0.5:-5", false)]
    [InlineData(":1-2", false)]
    [InlineData("[]:1-2", false)]
    [InlineData("[::]:1-2", false)]
    [InlineData("0.0.0.0:1-2", false)]
    [InlineData("-", false)]
    [InlineData("[", false)]
    public void SourceAddress_IsOneAddress(string text, bool isSound)
    {
        string line = $"source_address = \"{text}\"";
        string problem = $"connections cannot come from \"{text}\"";
        Assert.Equal(isSound ? [] : ["7: " + problem], SettingsTrial.Problems(SettingsTrial.WithUpstream(line)));
        Assert.Equal(isSound ? [] : ["10: " + problem],
            SettingsTrial.Problems(SettingsTrial.With(server: line).Replace("\n\n", "\n", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("10.0.0.5", "10.0.0.5", 0, 0)]
    [InlineData("2001:db8::5", "2001:db8::5", 0, 0)]
    [InlineData("10.0.0.5:80", "10.0.0.5", 80, 80)]
    [InlineData("[2001:db8::5]:10000-20000", "2001:db8::5", 10000, 20000)]
    public void SourceAddress_IsRead(string text, string address, int first, int last)
    {
        SourceAddress source = SourceAddressText.Of(text)!;
        Assert.Equal(address, source.Address.ToString());
        Assert.Equal(first == 0 ? null : new PortRange(first, last), source.Ports);
    }

    /// <summary>What is said for connections that nobody opens would be thought to hold.</summary>
    [Fact]
    public void IdleTimeout_IsForTcp()
    {
        const string Line = "timeouts.idle = \"8h\"";
        Assert.Empty(SettingsTrial.Problems(SettingsTrial.With(Tcp, Line)));
        Assert.Equal(["7: no listener in mode \"tcp\" sends connections there"], SettingsTrial.Problems(SettingsTrial.WithUpstream(Line)));
        Assert.Equal(["4: a forward proxy has no connections of mode \"tcp\""],
            SettingsTrial.Problems("[[listener]]\nname = \"f\"\nbind = [\"127.0.0.1:1\"]\nforward.timeouts.idle = \"8h\"\nmode = \"forward\"\n"));
    }

    /// <summary>Copies do the same, but not what was asked for.</summary>
    [Theory]
    [InlineData("saea", "on", true)]
    [InlineData("saea", "auto", false)]
    [InlineData("epoll", "on", false)]
    public void SpliceThatTheEngineCannot_IsWarnedOf(string engine, string policy, bool isWarned)
    {
        string toml = SettingsTrial.WithListener($"{Tcp}\ntcp.splice = \"{policy}\"") + $"\n[runtime]\nengine = \"{engine}\"\n";
        Assert.Equal(isWarned ? ["bytes are copied all the same: only engine \"epoll\" can pass them on without reading"] : [],
            SettingsTrial.Warnings(toml).Select(static warning => warning[(warning.IndexOf(' ', StringComparison.Ordinal) + 1)..]));
        Assert.Equal(["5: [listener.tcp] is for a listener in mode \"tcp\""],
            SettingsTrial.Problems(SettingsTrial.WithListener("tcp.splice = \"on\"")).Take(1));
    }

    private static string With(string toml, string address) => toml.Replace("127.0.0.1:9001", address, StringComparison.Ordinal);
}
