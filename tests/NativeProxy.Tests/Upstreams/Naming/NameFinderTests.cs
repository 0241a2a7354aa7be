using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Threading.Tasks;
using NativeProxy.Config;
using NativeProxy.Tests.Config;
using NativeProxy.Tests.Transport;
using NativeProxy.Upstreams.Naming;
using NativeProxy.Upstreams.Origins;
using Xunit;

namespace NativeProxy.Tests.Upstreams.Naming;

/// <summary>Look-ups against a DNS server that the test plays, and files of the test's own.</summary>
public sealed class NameFinderTests : IDisposable
{
    private readonly ScriptedDns _dns = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("names").FullName;

    public void Dispose()
    {
        _dns.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Name_HasAllItsAddresses_V4First_ForTheShorterTime()
    {
        _dns.Set("app.test", 7, "2001:db8::1", "192.0.2.2", "192.0.2.1");

        NameAnswer answer = await Find("app.test");

        Assert.Equal((NameOutcome.Found, "192.0.2.2 192.0.2.1 2001:db8::1", 7000, false),
            (answer.Outcome, Text(answer), answer.TtlMs, answer.IsPartial));
        Assert.Equal(["app.test A udp", "app.test AAAA udp"], _dns.Questions.Order());
    }

    [Fact]
    public async Task Aliases_AreFollowed_AndTheShortestTimeHolds()
    {
        _dns.Set("www.test", 100, "= cdn.test");
        _dns.Set("cdn.test", 3, "= edge.test");
        _dns.Set("edge.test", 50, "192.0.2.9");

        NameAnswer answer = await Find("WWW.test");

        Assert.Equal(("192.0.2.9", 3000), (Text(answer), answer.TtlMs));
    }

    [Theory]
    [InlineData(0, 1_000)]
    [InlineData(100, 60_000)]
    [InlineData(4_000_000_000, 1_000)]
    public async Task TimeOfAnAnswer_IsKeptWithinBounds(uint ttl, long expectedMs)
    {
        _dns.Set("app.test", ttl, "192.0.2.1");

        Assert.Equal(expectedMs, (await Find("app.test", "max_ttl = \"60s\"")).TtlMs);
    }

    [Fact]
    public async Task ManyAddresses_AreBounded()
    {
        _dns.Feel("many.test", DnsMood.TruncatesOverUdp);
        _dns.Set("many.test", 60, [.. Enumerable.Range(1, 40).Select(static i => "192.0.2." + i)]);

        Assert.Equal(NameAnswer.AddressesMax, (await Find("many.test")).Addresses.Length);
        Assert.Contains("many.test A tcp", _dns.Questions);
    }

    [Fact]
    public async Task AliasesInACircle_AreNoAddress()
    {
        _dns.Set("a.test", 60, "= b.test");
        _dns.Set("b.test", 60, "= a.test");

        Assert.Equal(NameOutcome.NoSuchName, (await Find("a.test")).Outcome);
    }

    [Theory]
    [InlineData(DnsMood.Answers, NameOutcome.NoSuchName, "there is no such name, or it has no address")]
    [InlineData(DnsMood.Fails, NameOutcome.NoAnswer, "127.0.0.1:PORT answers that it cannot tell")]
    [InlineData(DnsMood.Refuses, NameOutcome.NoAnswer, "127.0.0.1:PORT answers that it cannot tell")]
    [InlineData(DnsMood.Silent, NameOutcome.NoAnswer, "no answer from 127.0.0.1:PORT")]
    internal async Task NameWithoutAnAnswer_SaysWhy(DnsMood mood, NameOutcome outcome, string why)
    {
        _dns.Feel("none.test", mood);

        NameAnswer answer = await Find("none.test", $"timeout = \"{(mood == DnsMood.Silent ? "20ms" : "5s")}\"\nnegative_ttl = \"3s\"");

        Assert.Equal((outcome,
            why.Replace("PORT", _dns.EndPoint.Port.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal)),
            (answer.Outcome, answer.Why));
        Assert.Equal((3000, 0), (answer.TtlMs, answer.Addresses.Length));
    }

    [Fact]
    public async Task SilentServer_IsAskedAsOftenAsTheSettingsSay_AndTheNextOneAnswers()
    {
        using var second = new ScriptedDns();
        second.Set("app.test", 60, "192.0.2.5");
        _dns.Feel("app.test", DnsMood.Silent);
        _dns.Feel("none.test", DnsMood.Silent);

        Assert.Equal("192.0.2.5", Text(await Find("app.test", "timeout = \"500ms\"", second)));
        await Find("none.test", "timeout = \"20ms\"\nattempts = 2");
        Assert.Equal(2, _dns.Questions.Count(static question => question == "none.test A udp"));
    }

    [Fact]
    public async Task PortThatNobodyHas_IsPassedOverAtOnce()
    {
        using System.Net.Sockets.Socket refusing = Peers.RefusingPort();
        _dns.Set("app.test", 60, "192.0.2.5");

        NameAnswer answer = await new NameFinder(Settings($"servers = [\"{refusing.LocalEndPoint}\", \"{_dns.EndPoint}\"]\ntimeout = \"30s\""))
            .Find("app.test");

        Assert.Equal("192.0.2.5", Text(answer));
    }

    [Theory]
    [InlineData(DnsMood.DoesNotUnderstandSizes)]
    [InlineData(DnsMood.TruncatesOverUdp)]
    [InlineData(DnsMood.AnswersAnotherQuestionFirst)]
    internal async Task OddServers_AreUnderstood(DnsMood mood)
    {
        _dns.Feel("app.test", mood);
        _dns.Set("app.test", 60, "192.0.2.5");

        Assert.Equal("192.0.2.5", Text(await Find("app.test")));
    }

    [Theory]
    [InlineData(DnsMood.FailsForV6)]
    [InlineData(DnsMood.IsSilentForV6)]
    internal async Task OneFamilyWithoutAnAnswer_LeavesTheOther_ForAShortTime(DnsMood mood)
    {
        _dns.Feel("app.test", mood);
        _dns.Set("app.test", 60, "192.0.2.5", "2001:db8::1");

        NameAnswer answer = await Find("app.test", "timeout = \"500ms\"\nnegative_ttl = \"2s\"");

        Assert.Equal(("192.0.2.5", true, 2000), (Text(answer), answer.IsPartial, answer.TtlMs));
    }

    [Fact]
    public async Task HostsFile_ComesBeforeDns_AndIsReadAgainWhenItChanges()
    {
        string hosts = File("hosts", "192.0.2.1 app.test other # app.test\n2001:db8::1\tAPP.test\n");
        var finder = new NameFinder(Settings($"servers = [\"{_dns.EndPoint}\"]"), hosts);

        Assert.Equal("192.0.2.1 2001:db8::1", Text(await finder.Find("app.test")));
        System.IO.File.WriteAllText(hosts, "192.0.2.77 app.test\n");
        Assert.Equal("192.0.2.77", Text(await finder.Find("App.Test.")));
        Assert.Empty(_dns.Questions);
    }

    [Theory]
    [InlineData("localhost", "127.0.0.1 ::1")]
    [InlineData("db.localhost.", "127.0.0.1 ::1")]
    [InlineData("nobody.invalid", "")]
    [InlineData("192.0.2.7", "192.0.2.7")]
    [InlineData("2001:db8::7", "2001:db8::7")]
    public async Task NamesThatDnsMustNotBeAskedFor_AreKnown(string name, string addresses)
    {
        NameAnswer answer = await new NameFinder(Settings($"servers = [\"{_dns.EndPoint}\"]"), File("hosts", "")).Find(name);

        Assert.Equal(addresses, Text(answer));
        Assert.Empty(_dns.Questions);
    }

    [Fact]
    public async Task SystemFiles_NameTheServers_AndCompleteShortNames()
    {
        // The file can name no port, so that the search list alone can be seen.
        var file = new ResolverFile("nameserver 10.0.0.53\nnameserver fe80::1%lo\nsearch a.test b.test.\noptions rotate ndots:2\n");

        Assert.Equal("10.0.0.53:53", file.Servers[0].ToString());
        Assert.Equal(["app.a.test", "app.b.test", "app"], file.Candidates("app"));
        Assert.Equal(["x.y.z", "x.y.z.a.test", "x.y.z.b.test"], file.Candidates("x.y.z"));
        Assert.Equal(["app"], file.Candidates("app."));
        Assert.Equal("127.0.0.1:53", Assert.Single(new ResolverFile("# nothing\n").Servers).ToString());
        await Task.CompletedTask;
    }

    [Theory]
    [InlineData("hosts: files dns", false)]
    [InlineData("hosts:\tfiles [NOTFOUND=return] dns\n", false)]
    [InlineData("hosts: files mdns4_minimal [NOTFOUND=return] dns", true)]
    [InlineData("passwd: ldap\nhosts: files myhostname dns", true)]
    [InlineData("", false)]
    public void FurtherSources_AreSeen(string nsswitch, bool hasFurther) => Assert.Equal(hasFurther, SystemLookup.HasFurtherSources(nsswitch));

    /// <summary>
    /// The hosts file that the finder reads here does not have the name, and nobody answers as DNS: the system's own resolver, which reads the real
    /// one, is the only one to know it.
    /// </summary>
    [SystemNameFact]
    public async Task NameThatOnlyTheSystemKnows_IsFound_WhereTheSystemHasFurtherSources()
    {
        string name = SystemNameFactAttribute.Name!;

        NameAnswer answer = await OfSystemFiles("hosts: files myhostname dns\n").Find(name).WaitAsync(LoopUnderTest.Deadline);

        Assert.Equal((NameOutcome.Found, "the system", 30_000), (answer.Outcome, answer.Why, answer.TtlMs));
        Assert.Equal((await Dns.GetHostAddressesAsync(name)).Select(static address => address.ToString()).Distinct().Order(),
            answer.Addresses.Select(static address => address.ToString()).Order());
    }

    [SystemNameFact]
    public async Task NameThatOnlyTheSystemKnows_IsNotAskedFor_WhereThereAreFilesAndDnsAlone_OrServersOfTheSettings()
    {
        string name = SystemNameFactAttribute.Name!;

        Assert.NotEqual(NameOutcome.Found, (await OfSystemFiles("hosts: files dns\n").Find(name).WaitAsync(LoopUnderTest.Deadline)).Outcome);
        Assert.Equal(
            NameOutcome.NoSuchName,
            (await new NameFinder(Settings($"servers = [\"{_dns.EndPoint}\"]"), File("hosts", ""), File("resolv.conf", ""),
                File("nsswitch.conf", "hosts: myhostname\n"))
                    .Find(name).WaitAsync(LoopUnderTest.Deadline)).Outcome);
    }

    [Fact]
    public async Task SlowNames_DoNotHoldOthersUp()
    {
        var finder = new NameFinder(Settings($"servers = [\"{_dns.EndPoint}\"]\ntimeout = \"30s\""));
        for (int i = 0; i < 64; i++)
            _dns.Feel($"n{i}.test", DnsMood.Silent);
        _dns.Set("good.test", 60, "192.0.2.5");
        List<Task<NameAnswer>> slow = [.. Enumerable.Range(0, 64).Select(i => finder.Find($"n{i}.test"))];

        Assert.Equal("192.0.2.5", Text(await finder.Find("good.test").WaitAsync(LoopUnderTest.Deadline)));
        Assert.DoesNotContain(slow, static task => task.IsCompleted);
    }

    private Task<NameAnswer> Find(string name, string settings = "", ScriptedDns? second = null)
    {
        string servers = second is null ? $"\"{_dns.EndPoint}\"" : $"\"{_dns.EndPoint}\", \"{second.EndPoint}\"";
        return new NameFinder(Settings($"servers = [{servers}]\n{settings}"), File("hosts", "")).Find(name).WaitAsync(LoopUnderTest.Deadline);
    }

    /// <summary>Without servers in the settings, with a DNS server that is not there.</summary>
    private NameFinder OfSystemFiles(string nsswitch) =>
        new(Settings("attempts = 1\ntimeout = \"1s\""), File("hosts", ""), File("resolv.conf", "nameserver 127.255.255.254\n"),
            File("nsswitch.conf", nsswitch));

    private string File(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        System.IO.File.WriteAllText(path, text);
        return path;
    }

    private static string Text(NameAnswer answer) => string.Join(' ', (object[])answer.Addresses);

    private static ResolverSettings Settings(string lines) =>
        SettingsTrial.Parse(SettingsTrial.Minimal + "\n[resolver]\n" + lines + "\n").Settings.Resolver;
}
