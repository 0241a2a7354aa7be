using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Text;
using NativeProxy.Config;
using NativeProxy.Tests.Config;
using NativeProxy.Upstreams.Discovery;
using NativeProxy.Upstreams.Naming;
using Xunit;

namespace NativeProxy.Tests.Upstreams.Discovery;

/// <summary>Lists of servers as others write them, and as the supervisor tells them to workers.</summary>
public class DiscoveryTextTests
{
    [Theory]
    [InlineData("[\"10.0.0.1:80\", {\"address\": \"app.test:81\", \"weight\": 0}]", "10.0.0.1:80*1 app.test:81*0")]
    [InlineData("[{\"address\": \"[2001:db8::1]:80\", \"weight\": 256, \"zone\": {\"a\": [1]}}]", "2001:db8::1:80*256")]
    [InlineData(" [ \"a:1\" ] ", "a:1*1")]
    public void List_NamesServers(string json, string expected)
    {
        Assert.True(ServerListText.TryRead(Encoding.UTF8.GetBytes(json), out List<ListedServer> servers, out string problem), problem);
        Assert.Equal(expected, string.Join(' ', servers.Select(static server => $"{server.Host}:{server.Port}*{server.Weight}")));
    }

    [Theory]
    [InlineData("", "it is no JSON: ")]
    [InlineData("[{\"address\": ", "it is no JSON: ")]
    [InlineData("[[[[[[[[[[[[[[[[[[[[", "it is no JSON: ")]
    [InlineData("[\"\\ud800:80\"]", "it is no JSON: ")]
    [InlineData("[{\"\\ud800\": 1}]", "item 1 has no \"address\"")]
    [InlineData("{\"address\": \"a:1\"}", "it is no list")]
    [InlineData("[]", "the list is empty")]
    [InlineData("[\"a:1\", {\"weight\": 1}]", "item 2 has no \"address\"")]
    [InlineData("[7]", "the address of item 1 is no text")]
    [InlineData("[\"10.0.0.1\"]", "the address of item 1 has no port")]
    [InlineData("[\"10.0.0.1:0\"]", "the address of item 1 has a wrong port")]
    [InlineData("[{\"address\": \"a:1\", \"weight\": 257}]", "the \"weight\" of item 1 is no number from 0 to 256")]
    [InlineData("[{\"address\": \"a:1\", \"weight\": \"1\"}]", "the \"weight\" of item 1 is no number from 0 to 256")]
    [InlineData("[{\"address\": \"a:1\", \"priority\": 16}]", "the \"priority\" of item 1 is no number from 0 to 15")]
    [InlineData("[{\"address\": \"a:1\", \"weight\": 1e99}]", "the \"weight\" of item 1 is no number from 0 to 256")]
    public void WrongList_SaysWhatIsWrong(string json, string expected)
    {
        Assert.False(ServerListText.TryRead(Encoding.UTF8.GetBytes(json), out _, out string problem));
        Assert.StartsWith(expected, problem, System.StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("10 30000 80 a|10 10000 80 b", "a*256^0 b*85^0")]
    [InlineData("20 5 80 c|10 0 81 a", "a*1^0 c*5^1")]
    [InlineData("0 0 0 ", "")]
    [InlineData("10 1 0 a", "")]
    [InlineData("10 65535 80 a|10 1 80 b|10 1 80 c", "a*256^0 b*1^0")]
    [InlineData("10 1 80 c|20 9 80 z|10 1 81 a|10 2 80 d|10 1 80 a", "d*2^0 a*1^0")]
    [InlineData("10 1 80 a|10 2 80 d|10 1 81 a|10 1 80 c|20 9 80 z", "d*2^0 a*1^0")]
    public void ServiceRecords_BecomeServers_OfTheirWeights(string records, string expected)
    {
        DnsService[] services = [.. records.Split('|').Select(static record => record.Split(' ')).Select(
            static words => new DnsService(int.Parse(words[0]), int.Parse(words[1]), int.Parse(words[2]), words[3]))];

        string found = string.Join(
            ' ', SrvSource.TargetsOf(services, serversMax: 2).Select(static one => $"{one.Host}*{one.Weight}^{one.Priority}"));
        Assert.Equal(expected, found);
    }

    [Fact]
    public void Line_GivesTheSameServersBack()
    {
        var sent = new DiscoveredServers(
            [[], [new FoundServer(IPEndPoint.Parse("[2001:db8::1]:80"), 3, 2), new FoundServer(IPEndPoint.Parse("10.0.0.1:81"), 1)]]);

        Assert.True(DiscoveredServers.TryParse(sent.ToLine(), out DiscoveredServers read));
        Assert.Equal((";[2001:db8::1]:80|3|2,10.0.0.1:81|1|0", sent.ToLine()), (sent.ToLine(), read.ToLine()));
    }

    [Theory]
    [InlineData("10.0.0.1:80")]
    [InlineData("10.0.0.1:80|1")]
    [InlineData("10.0.0.1:80||")]
    [InlineData("10.0.0.1:80|-1|0")]
    [InlineData("nobody|1|0")]
    [InlineData("10.0.0.1:80|1|1|1")]
    public void WrongLine_IsRefused(string line) => Assert.False(DiscoveredServers.TryParse(line, out _));

    [Fact]
    public void ServerThatTheFileHas_IsNotThereTwice()
    {
        ProxySettings settings = SettingsTrial.Parse(SettingsTrial.Minimal).Settings;
        string own = settings.Upstreams[0].Servers[0].Address;
        var found = new DiscoveredServers([[new FoundServer(IPEndPoint.Parse(own), 9), new FoundServer(IPEndPoint.Parse("10.9.9.9:1"), 2)]]);

        ProxySettings whole = found.AddTo(settings);

        Assert.Equal([own, "10.9.9.9:1"], whole.Upstreams[0].Servers.Select(static server => server.Address));
        Assert.Single(settings.Upstreams[0].Servers);
    }

    [Fact]
    public void NoMoreServersInAllThanTheBoardHolds_AreAdded()
    {
        ProxySettings settings = SettingsTrial.Parse(SettingsTrial.Minimal).Settings;
        FoundServer[] many = [.. Enumerable.Range(1, UpstreamSettings.ServersMax).Select(static port =>
            new FoundServer(new IPEndPoint(IPAddress.Parse("10.9.9.9"), port), 1))];

        Assert.Equal(UpstreamSettings.ServersMax, new DiscoveredServers([many]).AddTo(settings).Upstreams[0].Servers.Length);
    }

    [Theory]
    [InlineData("type = \"dns\"\nname = \"app.test\"", "discovery of type \"dns\" needs \"port\"")]
    [InlineData("type = \"dns\"\nport = 80", "discovery of type \"dns\" needs \"name\"")]
    [InlineData("type = \"dns\"\nname = \"app test\"\nport = 80", "\"app test\" cannot be looked up")]
    [InlineData("type = \"dns\"\nname = \"app..test\"\nport = 80", "\"app..test\" cannot be looked up")]
    [InlineData("type = \"dns\"\nname = \"app.test:80\"\nport = 80", "\"app.test:80\" cannot be looked up")]
    [InlineData("type = \"dns\"\nname = \"app.test.\"\nport = 80", "")]
    [InlineData("type = \"srv\"", "discovery of type \"srv\" needs \"name\"")]
    [InlineData("type = \"srv\"\nname = \"_http._tcp.*.test\"", "\"_http._tcp.*.test\" cannot be looked up")]
    [InlineData("type = \"srv\"\nname = \"_http._tcp.app.test\"", "")]
    [InlineData("type = \"file\"", "discovery of type \"file\" needs \"path\"")]
    [InlineData("type = \"http\"", "discovery of type \"http\" needs \"url\"")]
    [InlineData("type = \"http\"\nurl = \"https://10.0.0.1/\"", "\"https://10.0.0.1/\" cannot be asked for")]
    [InlineData("type = \"http\"\nurl = \"http://10.0.0.1:99999/\"", "\"http://10.0.0.1:99999/\" cannot be asked for")]
    [InlineData("type = \"http\"\nurl = \"http:///x\"", "\"http:///x\" cannot be asked for")]
    [InlineData("type = \"none\"", "no [[upstream.server]] is defined in [[upstream]]")]
    [InlineData("type = \"dns\"\nname = \"app.test\"\nport = \"8080\"", "")]
    [InlineData("type = \"http\"\nurl = \"http://sd.test/a?b=c\"", "")]
    public void Discovery_NeedsWhatItsTypeLooksFor(string lines, string problem)
    {
        string text = SettingsTrial.Minimal[..SettingsTrial.Minimal.IndexOf("[[upstream.server]]", System.StringComparison.Ordinal)];

        IEnumerable<string> problems = SettingsTrial.Problems(text + "[upstream.discovery]\n" + lines)
            .Select(static one => one[(one.IndexOf(' ') + 1)..]);
        Assert.Equal(problem, string.Join("; ", problems));
    }

    [Theory]
    [InlineData("http://sd.test", "sd.test 80 sd.test /")]
    [InlineData("http://sd.test:8500?x", "sd.test 8500 sd.test:8500 /?x")]
    [InlineData("http://[2001:db8::1]/a/b", "2001:db8::1 80 [2001:db8::1] /a/b")]
    public void Url_IsTakenApart(string text, string expected)
    {
        Assert.True(HttpUrl.TryParse(text, out HttpUrl url));
        Assert.Equal(expected, $"{url.Host} {url.Port} {url.Authority} {url.Target}");
    }
}
