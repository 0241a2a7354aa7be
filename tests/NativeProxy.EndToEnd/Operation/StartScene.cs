using System;
using System.Diagnostics;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;
using Xunit.Sdk;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>
/// A start of the binary of which neither standard output nor an admin endpoint tells anything: that it serves is seen by asking. Ends the process on
/// dispose.
/// </summary>
internal sealed class StartScene : IAsyncDisposable
{
    private readonly SettingsText _settings;
    private readonly Process _process;

    private StartScene(SettingsText settings, Process process, int port) => (_settings, _process, Port) = (settings, process, port);

    public int Port { get; }

    /// <summary>Starts it.</summary>
    /// <param name="script">The line of shell that does.</param>
    /// <param name="origin">Its server.</param>
    /// <param name="workers">How many workers it has.</param>
    /// <param name="more">More lines of [runtime].</param>
    public static StartScene Through(string script, ScriptedOrigin origin, int workers, string more = "")
    {
        int port = FreePorts.Take(1)[0];
        SettingsText settings = Settings(workers, origin.Address, more, port);
        return new StartScene(settings, ProxyBinary.StartThrough(script, "run", "-c", settings.Path), port);
    }

    /// <summary>Runs a start that is expected to fail.</summary>
    /// <param name="workers">How many workers it would have.</param>
    /// <param name="more">Lines of [runtime], and tables before the listener.</param>
    /// <param name="limit">A line of shell before it.</param>
    public static async Task<FinishedCommand> Failed(int workers, string more = "", string limit = "true")
    {
        using SettingsText settings = Settings(workers, "127.0.0.1:1", more, FreePorts.Take(1)[0]);
        return await ProxyBinary.RunThrough($"{limit}; exec \"$0\" \"$@\"", "run", "-c", settings.Path);
    }

    /// <summary>A client, once somebody listens.</summary>
    public async Task<RawClient> Connect()
    {
        await Deadline.Until(
            () => _process.HasExited
            ? throw new XunitException($"the proxy ended with code {_process.ExitCode}")
            : ProcessView.ListensOn(_process.Id, Port), () => "the proxy to listen");
        return await RawClient.Connect(Port);
    }

    /// <summary>A request is served.</summary>
    public async Task ExpectService()
    {
        await using RawClient client = await Connect();
        Assert.Equal(200, (await client.Ask()).Status);
    }

    public void Signal(int signal)
    {
        if (!_process.HasExited)
            LinuxSignals.Send(_process.Id, signal);
    }

    public bool IsListening => ProcessView.ListensOn(_process.Id, Port);

    public bool HasExited => _process.HasExited;

    /// <summary>It ends with this code.</summary>
    public async Task ExpectExit(int code)
    {
        await Deadline.For(_process.WaitForExitAsync(), () => "the end");
        Assert.Equal(code, _process.ExitCode);
    }

    public ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
        _settings.Dispose();
        return ValueTask.CompletedTask;
    }

    private static SettingsText Settings(int workers, string server, string more, int port) => new(SettingsText.Sound(port, server, more, workers));
}
