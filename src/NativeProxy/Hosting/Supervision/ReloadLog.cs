using System;
using System.Collections.Generic;
using NativeProxy.Admin;
using NativeProxy.Config;
using NativeProxy.Hosting.Processes;
using NativeProxy.Logging;
using NativeProxy.Metrics;

namespace NativeProxy.Hosting.Supervision;

/// <summary>
/// What became of each reading of the configuration: counted, told to log and service manager, and remembered with all that was said of it for
/// whoever asks afterwards. Lines may come on any thread; the rest is called by who reloads.
/// </summary>
internal sealed class ReloadLog
{
    /// <summary>Longer texts are cut: a file can have any number of errors.</summary>
    private const int CharsMax = 16 * 1024;

    private readonly CounterBoard _counters;
    private readonly ServiceState _service;
    private readonly ServiceManager? _manager;
    private readonly Queue<string> _lines = new();
    private int _chars;

    /// <param name="log">Where the lines go besides.</param>
    /// <param name="counters">Where readings are counted.</param>
    /// <param name="service">Where they are remembered.</param>
    /// <param name="manager">Who has started the process; null when nobody wants to hear of it.</param>
    public ReloadLog(ErrorLog log, CounterBoard counters, ServiceState service, ServiceManager? manager = null)
    {
        Log = new ErrorLog(log, Hear);
        (_counters, _service, _manager) = (counters, service, manager);
    }

    /// <summary>To be used for all that is said about a reading.</summary>
    public ErrorLog Log { get; }

    /// <summary>A reading begins.</summary>
    public void Begin()
    {
        Take();
        _service.Loads.Begin();
        _manager?.Reloading();
    }

    /// <summary>The settings are in force.</summary>
    /// <param name="line">What has changed.</param>
    /// <param name="settings">The settings.</param>
    public void Taken(string line, in ProxySettings settings)
    {
        _counters.Row(0).Add(CounterId.Reloads);
        _counters.ConfigurationTaken(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
        Log.Info(line);
        _service.Loads.Ended(isTaken: true, Take());
        _manager?.Ready(StartText.Traffic(settings));
    }

    /// <summary>The settings before stay in force. It is counted before it is told.</summary>
    /// <param name="line">The last word about it.</param>
    public void Refused(string line)
    {
        _counters.Row(0).Add(CounterId.ReloadFailures);
        _counters.ConfigurationRefused();
        Log.Error(line);
        _service.Loads.Ended(isTaken: false, Take());
        _manager?.Ready(Reload.Refusal);
    }

    /// <summary>All lines since the last time.</summary>
    private string Take()
    {
        lock (_lines)
        {
            string text = string.Join('\n', _lines);
            _lines.Clear();
            _chars = 0;
            return text;
        }
    }

    private void Hear(string line)
    {
        lock (_lines)
        {
            if ((_chars += line.Length) <= CharsMax)
                _lines.Enqueue(line);
        }
    }
}
