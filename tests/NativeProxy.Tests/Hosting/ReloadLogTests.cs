using System;
using System.IO;
using System.Text;
using NativeProxy.Admin;
using NativeProxy.Foundation;
using NativeProxy.Hosting.Supervision;
using NativeProxy.Logging;
using NativeProxy.Metrics;
using NativeProxy.Tests.Metrics;
using Xunit;

namespace NativeProxy.Tests.Hosting;

/// <summary>What is counted, told and remembered of each reading of the configuration.</summary>
public sealed class ReloadLogTests : IDisposable
{
    private readonly MemoryStream _messages = new();
    private readonly CounterBoard _counters = LastingCounters.CreateBoard();
    private readonly ServiceState _service = new();
    private readonly ReloadLog _reloads;

    public ReloadLogTests() => _reloads = new ReloadLog(new ErrorLog(_messages, TimeProvider.System), _counters, _service);

    private string Messages => Encoding.UTF8.GetString(_messages.ToArray());

    public void Dispose() => _messages.Dispose();

    [Fact]
    public void Refusal_IsRememberedWithAllThatWasSaid_AndNothingOfTheOneBefore()
    {
        _reloads.Begin();
        _reloads.Log.Warn("something of the first one");
        _reloads.Taken("reloaded: nothing has changed", default);
        _reloads.Begin();
        _reloads.Log.Text(LogLevel.Error, "my.toml:3:1: error: a key that there is not");
        _reloads.Refused(Reload.Refusal);

        Assert.Equal((1, 1), (_counters.Sum(CounterId.Reloads), _counters.Sum(CounterId.ReloadFailures)));
        Assert.Equal(0, _counters.Sum(CounterId.LastReloadSucceeded));
        Assert.Equal((2, false, "my.toml:3:1: error: a key that there is not\n" + Reload.Refusal),
            (_service.Loads.Newest[0].Number, _service.Loads.Newest[0].IsTaken, _service.Loads.Newest[0].Text));
        Assert.Equal((1, true, "something of the first one\nreloaded: nothing has changed"),
            (_service.Loads.Newest[1].Number, _service.Loads.Newest[1].IsTaken, _service.Loads.Newest[1].Text));
        Assert.EndsWith($"error {Reload.Refusal}\n", Messages, StringComparison.Ordinal);
    }

    [Fact]
    public void LongTexts_AreCut_ButToldWhole()
    {
        _reloads.Begin();
        for (int i = 0; i < 1000; i++)
            _reloads.Log.Error(new string('x', 100));
        _reloads.Refused("at last");
        Assert.InRange(_service.Loads.Newest[0].Text.Length, 1, 17 * 1024);
        Assert.Equal(1001, Messages.Split('\n').Length - 1);
    }
}
