using System;
using System.IO;
using NativeProxy.Config;
using NativeProxy.Logging;

namespace NativeProxy.Hosting.Workers;

/// <summary>
/// The logs of one worker, as <c>[log]</c> says: one ring, one writer, no, one or two targets, which a reload may change. Owner: the worker,
/// which disposes it after its loop has ended. Thread: any; the ring has its own rules.
/// </summary>
internal sealed class WorkerLog : IDisposable
{
    private const int RingBytes = 1024 * 1024;

    private readonly ErrorLog _errors;
    private LogSettings _settings;

    /// <summary>Throws <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/> when a file cannot be opened.</summary>
    public WorkerLog(in LogSettings settings, ErrorLog errors)
    {
        _settings = settings;
        _errors = errors;
        Ring = new LogRing(RingBytes);
        Writer = new LogWriter(Ring, Names, Open(settings), errors);
    }

    public LogRing Ring { get; }

    public LogNames Names { get; } = new();

    public LogWriter Writer { get; }

    /// <summary>
    /// The thread that reloads: opens what other settings name. Null when they name the same, or cannot be opened, which the error log then says;
    /// what is in use stays in use.
    /// </summary>
    public LogDestinations? Prepare(in LogSettings settings)
    {
        bool isSame = settings.AccessTarget == _settings.AccessTarget && settings.ConnectionsTarget == _settings.ConnectionsTarget
            && settings.Format == _settings.Format;
        if (isSame)
            return null;
        try
        {
            LogDestinations destinations = Open(settings);
            _settings = settings;
            return destinations;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _errors.Error($"the log cannot be opened, the old one stays in use: {e.Message}");
            return null;
        }
    }

    public void Dispose()
    {
        Writer.Dispose();
        Ring.Dispose();
    }

    private static LogDestinations Open(in LogSettings settings)
    {
        LogTarget? access = OpenTarget("log.access", settings.AccessTarget);
        try
        {
            return new LogDestinations(StyleOf(settings.Format), access,
                settings.ConnectionsTarget == settings.AccessTarget ? access : OpenTarget("log.connections", settings.ConnectionsTarget));
        }
        catch
        {
            access?.Dispose();
            throw;
        }
    }

    private static AccessLogStyle StyleOf(AccessLogFormat format) => format switch
    {
        AccessLogFormat.Combined => AccessLogStyle.Combined,
        AccessLogFormat.Json => AccessLogStyle.Json,
        _ => AccessLogStyle.Haproxy,
    };

    private static LogTarget? OpenTarget(string key, string target)
    {
        try
        {
            return target switch
            {
                LogSettings.Off => null,
                "stdout" => LogTarget.Stdout(),
                "stderr" => LogTarget.Stderr(),
                _ => LogTarget.ToFile(target),
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"{key}: \"{target}\" cannot be opened: {e.Message}", e);
        }
    }
}
