using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;
using Xunit.Sdk;

namespace NativeProxy.EndToEnd.Manual;

/// <summary>
/// Follows a page like a reader: in a directory of its own that holds my.toml, with the binary in the path and as out/nativeproxy, and with
/// run.sh, which finds it built. A line that runs the proxy is left running, as in another terminal, until the page has another
/// configuration or ends; it must then end with code 0 and have taken over each reload.
/// </summary>
internal sealed class PageSession : IAsyncDisposable
{
    private const int Tries = 10;
    private const string InUse = "is in use by another program";
    private static readonly Regex RunsTheProxy = new(@"^(nativeproxy run |\./run\.sh -c )", RegexOptions.CultureInvariant);

    private readonly string _directory = Directory.CreateTempSubdirectory("nativeproxy-manual-").FullName;
    private readonly ScriptedOrigin _origin = ScriptedOrigin.Answering();
    private string? _configuration;
    private ExchangedAddresses? _addresses;
    private Process? _proxy;
    private LineCollector? _output;
    private LineCollector? _errors;

    public PageSession()
    {
        Directory.CreateDirectory(Path.Combine(_directory, "out"));
        File.CreateSymbolicLink(Path.Combine(_directory, "out", "nativeproxy"), ProxyBinary.Path);
        string script = Path.Combine(_directory, "run.sh");
        File.Copy(Path.Combine(ProxyBinary.RepositoryRoot, "run.sh"), script);

        // Older than the binary: there is nothing to build.
        File.SetLastWriteTimeUtc(script, DateTime.UnixEpoch);

        // A status that says "no" fails the command, and so does an answer that never comes.
        File.WriteAllText(Path.Combine(_directory, ".curlrc"), $"fail\nmax-time = {Deadline.Limit.TotalSeconds}\n");
    }

    /// <summary>The page shows a configuration: it is my.toml from now on.</summary>
    public async Task Configure(string toml)
    {
        await Stop();
        _configuration = toml;
        ExchangeAddresses();
    }

    /// <summary>Runs a line of a page; it must succeed.</summary>
    public async Task Run(string line)
    {
        if (_configuration is null)
            throw new XunitException("no configuration stands above: " + line);
        for (int attempt = 1; ; attempt++)
        {
            string? failure = RunsTheProxy.IsMatch(line) ? await StartProxy(line) : await RunCommand(line);
            if (failure is null)
                break;
            if (attempt == Tries || !failure.Contains(InUse, StringComparison.Ordinal))
                throw new XunitException($"{line}\n{failure}");
            ExchangeAddresses();
        }
        await AwaitWhatItAskedFor(line);
    }

    /// <summary>Ends the proxy, if it runs, with the signal that a service manager sends.</summary>
    public async Task Stop()
    {
        if (_proxy is null)
            return;
        if (!_proxy.HasExited)
            LinuxSignals.Send(_proxy.Id, LinuxSignals.Terminate);
        await AwaitEnd();
        _proxy.Dispose();
        _proxy = null;
    }

    public async ValueTask DisposeAsync()
    {
        if (_proxy is { HasExited: false })
            _proxy.Kill();
        _proxy?.Dispose();
        await _origin.DisposeAsync();
        Directory.Delete(_directory, true);
    }

    private void ExchangeAddresses()
    {
        _addresses = new ExchangedAddresses(_configuration!, _origin.Address);
        File.WriteAllText(Path.Combine(_directory, "my.toml"), _addresses.Configuration);
    }

    /// <summary>Null when it listens, else what it said.</summary>
    private async Task<string?> StartProxy(string line)
    {
        await Stop();
        _proxy = Start("exec " + _addresses!.Command(line));
        _output = new LineCollector(_proxy.StandardOutput);
        _errors = new LineCollector(_proxy.StandardError);
        await Deadline.Until(() => HasSaid(" started, ") || _proxy.HasExited, () => "the proxy to start:\n" + _errors.Text);
        if (HasSaid(" started, "))
            return null;
        await _errors.Ended;
        _proxy.Dispose();
        _proxy = null;
        return _errors.Text;
    }

    /// <summary>Null when it ended with code 0, else what it said.</summary>
    private async Task<string?> RunCommand(string line)
    {
        using Process process = Start(_addresses!.Command(line));
        try
        {
            var output = new LineCollector(process.StandardOutput);
            var errors = new LineCollector(process.StandardError);
            await Deadline.For(Task.WhenAll(process.WaitForExitAsync(), output.Ended, errors.Ended), () => "the end of: " + line);
            return process.ExitCode == 0 ? null : $"exit code {process.ExitCode}\n{output.Text}\n{errors.Text}\nthe proxy:\n{_errors?.Text}";
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
        }
    }

    /// <summary>A signal is sent before it is heard: what follows on the page finds it done.</summary>
    private async Task AwaitWhatItAskedFor(string line)
    {
        if (line.StartsWith("kill -HUP", StringComparison.Ordinal))
            await _errors!.WaitFor(" reloaded: ");
        if (line.StartsWith("kill -USR1", StringComparison.Ordinal))
            await Deadline.Until(() => File.Exists(Path.Combine(_directory, "access.log")), () => "the new access log");
        if (line.StartsWith("kill -TTOU", StringComparison.Ordinal))
            await _errors!.WaitFor(" paused: ");
        if (line.StartsWith("kill -TTIN", StringComparison.Ordinal))
            await _errors!.WaitFor(" listening again");
        if (line.StartsWith("kill -TERM", StringComparison.Ordinal))
            await AwaitEnd();
    }

    private async Task AwaitEnd()
    {
        await Deadline.For(Task.WhenAll(_proxy!.WaitForExitAsync(), _output!.Ended, _errors!.Ended), () => "the proxy to end:\n" + _errors!.Text);
        Assert.True(_proxy.ExitCode == 0, $"exit code {_proxy.ExitCode}\n{_errors.Text}");
        Assert.DoesNotContain("reload refused", _errors.Text, StringComparison.Ordinal);
    }

    private bool HasSaid(string part) => _errors!.Lines.Any(line => line.Contains(part, StringComparison.Ordinal));

    private Process Start(string command)
    {
        var info = new ProcessStartInfo("bash", ["-o", "pipefail", "-c", command])
        {
            WorkingDirectory = _directory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        info.Environment["PATH"] = Path.Combine(_directory, "out") + Path.PathSeparator + Environment.GetEnvironmentVariable("PATH");
        info.Environment["CURL_HOME"] = _directory;
        foreach (string name in info.Environment.Keys.Where(name => name.EndsWith("_proxy", StringComparison.OrdinalIgnoreCase)).ToArray())
            info.Environment.Remove(name);
        return Process.Start(info)!;
    }
}
