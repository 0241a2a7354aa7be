using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>Logs to a syslog and to the journal, and that a reader who is gone costs nobody a request.</summary>
[Trait("promise", "B17")]
public sealed class LogPlaceTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"np-{Guid.NewGuid():N}.sock");

    public void Dispose() => File.Delete(_path);

    [Fact]
    public async Task EachLog_GoesToItsPlace_FromEveryProcess()
    {
        using SyslogReader udp = SyslogReader.Udp();
        using SyslogReader tcp = SyslogReader.Tcp(0);
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(2).Log(
            $"access = \"syslog:udp:127.0.0.1:{udp.Port}\"", $"connections = \"syslog:tcp:127.0.0.1:{tcp.Port}\"",
            "syslog = { facility = \"local3\", app_name = \"edge\", hostname = \"h1\" }"));
        await proxy.AskOnce("/one");

        await udp.WaitFor("\"GET /one HTTP/1.1\"");
        Match line = Regex.Match(udp.Text, @"^<158>1 (\S+) h1 edge (\d+) access - 127\.0\.0\.1:\d+ \[", RegexOptions.Multiline);
        Assert.True(line.Success, udp.Text);
        Assert.NotEqual($"{proxy.Id}", line.Groups[2].Value);
        await tcp.WaitFor("closed client web");
        await Deadline.Until(async () => await proxy.Metric("nativeproxy_log_lines_written_total") >= 2, () => "both lines counted");
        Assert.Equal(0, await proxy.Metric("nativeproxy_log_lines_lost_total"));
        string closed = Regex.Match(tcp.Text, @"\d+ (<158>1 .*? connection - (?<line>127\.0\.0\.1:\d+ \[[^]]*\] closed client web .*bytes=\d+/\d+))")
            .Groups["line"].Value;
        FinishedCommand command = await ProxyBinary.Run("log", "explain", closed);
        Assert.Contains("whose doing\n  the client's\n", command.Output, StringComparison.Ordinal);
    }

    /// <summary>Stderr then has nothing to say, unless the journal is not there.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task LinesOfTheProxyItself_GoToTheJournal(bool isThere)
    {
        using SyslogReader? journal = isThere ? SyslogReader.Unix(_path) : null;
        string log = $"[log]\naccess = \"off\"\nerrors = \"journal:{_path}\"\n";
        using var file = new SettingsText(log + SettingsText.Sound(FreePorts.Take(1)[0], "127.0.0.1:9001"));
        using Process process = ProxyBinary.Start("run", "-c", file.Path);
        var errors = new LineCollector(process.StandardError);
        if (journal is not null)
            await journal.WaitFor("PRIORITY=6\nSYSLOG_FACILITY=16\nSYSLOG_IDENTIFIER=nativeproxy\n");
        else
            await errors.WaitFor($"error log \"journal:{_path}\": it is not reached: there is no such socket; ");
        LinuxSignals.Send(process.Id, LinuxSignals.Terminate);
        await Deadline.For(process.WaitForExitAsync(), () => "the end");
        Assert.Equal(isThere, errors.Lines.Count == 0);
    }

    [Fact]
    public async Task SyslogThatIsGone_IsSaidOnce_AndGetsWhatWaitedWhenItIsBack()
    {
        SyslogReader first = SyslogReader.Tcp(0);
        int port = first.Port;
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Log($"access = \"syslog:tcp:127.0.0.1:{port}\""));
        await proxy.AskOnce("/before");
        await first.WaitFor("GET /before ");
        first.Dispose();
        for (int i = 0; i < 20; i++)
            Assert.Equal(200, (await proxy.AskOnce($"/gone/{i}")).Status);
        await proxy.Errors.WaitFor($"access log \"syslog:tcp:127.0.0.1:{port}\": it is not reached: ");

        using SyslogReader second = SyslogReader.Tcp(port);
        await second.WaitFor("GET /gone/19 ");
        await proxy.Errors.WaitFor("it takes lines again; 0 were dropped meanwhile");

        Assert.Single(proxy.Errors.Lines, static line => line.Contains("it is not reached", StringComparison.Ordinal));
        Assert.Equal(0, await proxy.Metric("nativeproxy_log_lines_lost_total"));
    }

    /// <summary>All processes find it by themselves, the supervisor, too.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task SyslogWithAName_GetsTheLinesOfAllProcesses(int workers)
    {
        using SyslogReader udp = SyslogReader.Udp();
        using SyslogReader tcp = SyslogReader.Tcp(0);
        string log = $"[log]\naccess = \"syslog:udp:localhost:{udp.Port}\"\nerrors = \"syslog:tcp:localhost:{tcp.Port}\"\n";
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        int port = FreePorts.Take(1)[0];
        using var file = new SettingsText(log + SettingsText.Sound(port, $"127.0.0.1:{origin.Port}", workers: workers));
        using Process process = ProxyBinary.Start("run", "-c", file.Path);
        var errors = new LineCollector(process.StandardError);
        await tcp.WaitFor(" started, ");
        await using (RawClient client = await RawClient.Connect(port))
            Assert.Equal(200, (await client.Ask("/named")).Status);
        await udp.WaitFor("GET /named ");
        LinuxSignals.Send(process.Id, LinuxSignals.Terminate);
        await Deadline.For(process.WaitForExitAsync(), () => "the end");
        await tcp.WaitFor("stopped: ");
        await errors.Ended;
        Assert.Equal("", errors.Text);
    }

    /// <summary>DNS that does not answer holds up neither the start nor a request.</summary>
    [Fact]
    public async Task NameThatCannotBeResolved_CostsLinesOnly_AndIsSaidOnceOfEachLog()
    {
        string[] places = ["access = \"syslog:udp:logs.test:514\"", "connections = \"syslog:tcp:logs.test:601\""];
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        using var silent = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        silent.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Log(places)
            .Resolver($"servers = [\"{silent.LocalEndPoint}\"]", "timeout = \"100ms\"", "attempts = 1"));
        for (int i = 0; i < 20; i++)
            Assert.Equal(200, (await proxy.AskOnce()).Status);
        await proxy.Errors.WaitFor("access log \"syslog:udp:logs.test:514\": it is not reached: the name \"logs.test\" cannot be resolved: ");
        await proxy.Errors.WaitFor("connection log \"syslog:tcp:logs.test:601\": it is not reached: the name \"logs.test\" cannot be resolved: ");
        Assert.Equal(2, proxy.Errors.Lines.Count(static line => line.Contains("it is not reached", StringComparison.Ordinal)));
        FinishedCommand check = await ProxyBinary.Run("check", "--full", "-c", proxy.ConfigPath);
        Assert.Contains("the name \"logs.test\" cannot be resolved now", check.Errors, StringComparison.Ordinal);
        Assert.Contains("lines go there once it can", check.Errors, StringComparison.Ordinal);

        // A reload to an address is as good as ever; what waited there is lost, and counted.
        using SyslogReader udp = SyslogReader.Udp();
        await proxy.Reload(toml => toml.Replace("udp:logs.test:514", $"udp:127.0.0.1:{udp.Port}", StringComparison.Ordinal));
        await proxy.AskOnce("/after");
        await udp.WaitFor("GET /after ");
        await Deadline.Until(async () => await proxy.Metric("nativeproxy_log_lines_lost_total") >= 20, () => "the lost lines to be counted");
    }

    [Fact]
    public async Task NobodyWhoReads_CostsLinesOnly_AlsoAtTheEnd()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Log($"access = \"syslog:unix:{_path}\""));

        Assert.All(await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => proxy.AskOnce())), static response => Assert.Equal(200, response.Status));

        await proxy.Errors.WaitFor("access log \"syslog:unix:");
        proxy.Signal(LinuxSignals.Terminate);
        Assert.Equal(0, await proxy.WaitForExit());
    }
}
