using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Xunit;
using Xunit.Sdk;

namespace NativeProxy.EndToEnd.Harness;

/// <summary>
/// The published binary as a running process with a settings file of its own. On dispose it is asked to stop and must then have
/// finished everything, returned every buffer and ended with code 0; a test that ends it itself says so with <see cref="WaitForExit"/>.
/// </summary>
internal sealed class ProxyUnderTest : IAsyncDisposable
{
    private const int StartTries = 10;
    private readonly Dictionary<string, int> _ports = [];
    private readonly string _directory;
    private bool _isFrozen;
    private bool _endWasSeen;
    private int _successorId;

    private ProxyUnderTest(Process process, string directory, string configPath, IReadOnlyList<string> listeners, int[] ports)
    {
        Process = process;
        _directory = directory;
        ConfigPath = configPath;
        AdminPort = ports[^1];
        RecordPipe.KeepBare(AdminPort);
        for (int i = 0; i < listeners.Count; i++)
            _ports[listeners[i]] = ports[i];
        Output = new LineCollector(process.StandardOutput);
        Errors = new LineCollector(process.StandardError);
    }

    public Process Process { get; }

    /// <summary>Of the process that serves: the one that was started, or the one that has taken over last.</summary>
    public int Id => _successorId > 0 ? _successorId : Process.Id;

    public int AdminPort { get; }

    public string ConfigPath { get; }

    /// <summary>Lines of stdout: the access log.</summary>
    public LineCollector Output { get; }

    /// <summary>Lines of stderr: what the process says about itself.</summary>
    public LineCollector Errors { get; }

    /// <summary>Starts a proxy in front of these servers with default settings.</summary>
    public static Task<ProxyUnderTest> Start(params ScriptedOrigin[] origins) => Start(ProxyConfig.For(origins));

    /// <summary>Starts the binary and waits until it listens; tries other ports when one was taken meanwhile.</summary>
    public static async Task<ProxyUnderTest> Start(ProxyConfig config, params string[] options)
    {
        string directory = Directory.CreateTempSubdirectory("nativeproxy-test-").FullName;
        string path = Path.Combine(directory, "proxy.toml");
        for (int attempt = 1; ; attempt++)
        {
            int[] ports = FreePorts.Take(config.ListenerNames.Count + 1);
            await File.WriteAllTextAsync(path, config.ToToml(ports, ports[^1]));
            string[] arguments = ["run", "-c", path, .. options];
            Process process = config.Script.Length > 0 ? ProxyBinary.StartThrough(config.Script, arguments)
                : config.DescriptorsMax == 0 ? ProxyBinary.Start(arguments) : ProxyBinary.StartWithDescriptors(config.DescriptorsMax, arguments);
            var proxy = new ProxyUnderTest(process, directory, path, config.ListenerNames, ports);
            await Deadline.Until(() => proxy.HasStarted || proxy.Process.HasExited, () => "the proxy to start:\n" + proxy.Errors.Text);
            if (proxy.HasStarted)
                return proxy;
            await proxy.Errors.Ended;
            if (attempt == StartTries || !proxy.Errors.Text.Contains("is in use by another program", StringComparison.Ordinal))
                throw new XunitException($"the proxy did not start (exit code {proxy.Process.ExitCode}):\n{proxy.Errors.Text}");
        }
    }

    /// <summary>Starts the binary with a file as it is, which has an admin endpoint; null when a port was taken meanwhile.</summary>
    public static async Task<ProxyUnderTest?> TryStart(string toml, int adminPort)
    {
        string directory = Directory.CreateTempSubdirectory("nativeproxy-test-").FullName;
        string path = Path.Combine(directory, "proxy.toml");
        await File.WriteAllTextAsync(path, toml);
        var proxy = new ProxyUnderTest(ProxyBinary.Start("run", "-c", path), directory, path, [], [adminPort]);
        await Deadline.Until(() => proxy.HasStarted || proxy.Process.HasExited, () => "the proxy to start:\n" + proxy.Errors.Text);
        if (proxy.HasStarted)
            return proxy;
        await proxy.Errors.Ended;
        return proxy.Errors.Text.Contains("is in use by another program", StringComparison.Ordinal)
            ? null
            : throw new XunitException($"the proxy did not start (exit code {proxy.Process.ExitCode}):\n{proxy.Errors.Text}");
    }

    public int Port(string listener = "web") => _ports[listener];

    public Task<RawClient> Connect(string listener = "web", int receiveBufferBytes = 0, bool showsDate = false) =>
        RawClient.Connect(Port(listener), receiveBufferBytes, showsDate: showsDate);

    /// <summary>One GET on a connection of its own, which the client closes.</summary>
    public async Task<HttpResponse> AskOnce(string target = "/", string listener = "web")
    {
        await using RawClient client = await Connect(listener);
        return await client.Ask(target);
    }

    /// <summary>A counter of the admin endpoint, by its name with labels as /metrics prints it.</summary>
    public async Task<long> Metric(string name) => (await Metrics(name + " ")).Single();

    /// <summary>The sum of a counter over all its labels.</summary>
    public async Task<long> MetricSum(string name) => (await Metrics(name + "{")).Sum();

    /// <summary>A metric in seconds, in milliseconds.</summary>
    public async Task<long> MetricMs(string name) => (long)((await Samples())[name] * 1000);

    /// <summary>All metrics of one look at the admin endpoint, by name with labels; of those in seconds only the whole ones.</summary>
    public async Task<IReadOnlyDictionary<string, long>> AllMetrics() =>
        (await Samples()).ToDictionary(sample => sample.Key, sample => (long)sample.Value);

    /// <summary>The same with the fractions.</summary>
    public async Task<IReadOnlyDictionary<string, decimal>> Samples() =>
        (await MetricsText()).Split('\n').Where(line => line.Length > 0 && line[0] != '#').ToDictionary(
        line => line[..line.LastIndexOf(' ')],
        line => decimal.Parse(line.AsSpan(line.LastIndexOf(' ') + 1), NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint,
            CultureInfo.InvariantCulture));

    /// <summary>What a scraper gets.</summary>
    public async Task<string> MetricsText()
    {
        await using RawClient admin = await RawClient.Connect(AdminPort);
        return (await admin.Ask("/metrics", "Connection: close\r\n")).Body;
    }

    private async Task<long[]> Metrics(string start)
    {
        long[] values = [.. from metric in await AllMetrics() where (metric.Key + " ")
            .StartsWith(start, StringComparison.Ordinal) select metric.Value];
        return values.Length > 0 ? values : throw new XunitException($"/metrics does not show {start}");
    }

    public Task WaitForMetric(string name, long value) =>
        Deadline.Until(async () => await Metric(name) == value, () => $"{name} to be {value}");

    /// <summary>Waits until no client connection and no request is left.</summary>
    public async Task WaitUntilIdle()
    {
        await WaitForMetric("nativeproxy_client_connections_open", 0);
        await WaitForMetric("nativeproxy_requests_in_flight", 0);
    }

    public void Signal(int signal) => LinuxSignals.Send(Id, signal);

    /// <summary>
    /// After a first stop was heard: sends another one. What comes too soon after the one before counts as the same, so it is sent until the
    /// proxy says that it has heard it.
    /// </summary>
    public Task SignalAgain(int signal) => Deadline.Until(
        () =>
        {
            if (Process.HasExited || Errors.Text.Contains("stopped at once by a second signal", StringComparison.Ordinal))
                return true;
            Signal(signal);
            return false;
        },
        () => "the second signal to be heard:\n" + Errors.Text);

    /// <summary>Changes the settings file and has it read again; waits until the proxy says how that went.</summary>
    /// <param name="change">From the old text to the new one.</param>
    public async Task Reload(Func<string, string> change)
    {
        int Outcomes() => Errors.Lines.Count(line => line.Contains(" reloaded: ", StringComparison.Ordinal)
            || line.Contains("reload refused", StringComparison.Ordinal));
        int before = Outcomes();
        await File.WriteAllTextAsync(ConfigPath, change(await File.ReadAllTextAsync(ConfigPath)));
        Signal(LinuxSignals.HangUp);
        await Deadline.Until(() => Outcomes() > before, () => "the reload to end:\n" + Errors.Text);
    }

    /// <summary>Goes over to another configuration; listeners of the same name keep their ports, new ones get free ones.</summary>
    public async Task Reload(ProxyConfig config)
    {
        string[] added = [.. config.ListenerNames.Where(name => !_ports.ContainsKey(name))];
        for (int attempt = 1; attempt <= StartTries; attempt++)
        {
            foreach (string listener in added)
                _ports[listener] = FreePorts.Take(1)[0];
            await Reload(_ => config.ToToml([.. config.ListenerNames.Select(name => _ports[name])], AdminPort));
            if (!Errors.Lines[^1].Contains("reload refused", StringComparison.Ordinal))
                return;
        }
        throw new XunitException("the reload was refused:\n" + Errors.Text);
    }

    /// <summary>Has the program started anew, and waits until that process serves. False when it was refused.</summary>
    /// <param name="ask">How it is asked for; null = by the signal.</param>
    public async Task<bool> Upgrade(Func<Task>? ask = null)
    {
        int before = Errors.Lines.Count(IsUpgraded);
        if (ask is null)
            Signal(LinuxSignals.User2);
        else
            await ask();
        await Deadline.Until(() => Errors.Lines.Count(IsUpgraded) > before, () => "the upgrade to end:\n" + Errors.Text);
        string line = Errors.Lines.Last(IsUpgraded);
        if (line.Contains("upgrade refused", StringComparison.Ordinal))
            return false;
        string taken = $"took over from process {Id},";
        await Errors.WaitFor(taken);
        const string Mark = "upgrade: process ";
        string said = line[(line.IndexOf(Mark, StringComparison.Ordinal) + Mark.Length)..];
        _successorId = int.Parse(said[..said.IndexOf(' ', StringComparison.Ordinal)], CultureInfo.InvariantCulture);
        return true;
    }

    /// <summary>Stops the process in its tracks, so that several events can be laid before it in a known order.</summary>
    public async Task Freeze()
    {
        _isFrozen = true;
        Signal(LinuxSignals.Stop);
        await Deadline.Until(() => ProcessView.IsStopped(Id), () => "the proxy to be stopped");
    }

    public void Thaw()
    {
        _isFrozen = false;
        Signal(LinuxSignals.Continue);
    }

    /// <summary>Waits for the end that the test has caused. Returns the exit code.</summary>
    public async Task<int> WaitForExit()
    {
        _endWasSeen = true;
        await Deadline.For(Process.WaitForExitAsync(), () => "the proxy to end:\n" + Errors.Text);
        await Deadline.For(Task.WhenAll(Output.Ended, Errors.Ended), () => "the proxy's output to end");
        return Process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (_isFrozen)
                Thaw();
            if (!_endWasSeen)
                await StopProperly();
            Assert.DoesNotContain("buffers were not returned", Errors.Text, StringComparison.Ordinal);
        }
        finally
        {
            if (!Process.HasExited)
                Process.Kill();
            if (_successorId > 0 && !Errors.Ended.IsCompleted)
                LinuxSignals.TrySend(_successorId, LinuxSignals.Kill);
            Process.Dispose();
            RecordPipe.FreeBare(AdminPort);
            Directory.Delete(_directory, recursive: true);
        }
    }

    private bool HasStarted => Errors.Lines.Any(line => line.Contains(" started, ", StringComparison.Ordinal));

    private static bool IsUpgraded(string line) =>
        line.Contains("serves; this one leaves it", StringComparison.Ordinal) || line.Contains("upgrade refused", StringComparison.Ordinal);

    private async Task StopProperly()
    {
        Assert.False(_successorId == 0 && Process.HasExited, $"the proxy crashed: {Errors.Text}");
        Signal(LinuxSignals.Terminate);
        int code = await WaitForExit();
        Assert.True(code == 0, $"exit code {code}:\n{Errors.Text}");
        Assert.DoesNotContain("exchanges were cut", Errors.Text, StringComparison.Ordinal);
    }
}
