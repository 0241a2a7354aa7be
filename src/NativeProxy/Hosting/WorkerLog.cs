using System;
using System.IO;
using NativeProxy.Config;
using NativeProxy.Logging;

namespace NativeProxy.Hosting;

/// <summary>
/// The logs of one worker, as <c>[log]</c> says: one ring, one writer, one or two targets. Owner: the worker, which disposes it after its
/// loop has ended. Thread: any; the ring has its own rules.
/// </summary>
internal sealed class WorkerLog : IDisposable
{
    private const int RingBytes = 1024 * 1024;

    private WorkerLog(in LogSettings settings, ErrorLog errors)
    {
        LogTarget? access = Open("log.access", settings.AccessTarget);
        LogTarget? connections = settings.ConnectionsTarget == settings.AccessTarget ? access : Open("log.connections", settings.ConnectionsTarget);
        Style = StyleOf(settings.Format);
        Ring = new LogRing(RingBytes);
        LogsExchanges = access is not null;
        LogsConnections = connections is not null;
        Writer = new LogWriter(Ring, Names, Style, access, errors, connections);
    }

    public LogRing Ring { get; }

    public LogNames Names { get; } = new();

    public LogWriter Writer { get; }

    public AccessLogStyle Style { get; }

    public bool LogsExchanges { get; }

    public bool LogsConnections { get; }

    /// <summary>Null when nothing is to be logged. Throws <see cref="IOException"/>, which names the key, when a file cannot be opened.</summary>
    public static WorkerLog? Create(in LogSettings settings, ErrorLog errors) =>
        settings is { AccessTarget: LogSettings.Off, ConnectionsTarget: LogSettings.Off } ? null : new WorkerLog(settings, errors);

    public void Dispose()
    {
        Writer.Dispose();
        Ring.Dispose();
    }

    private static AccessLogStyle StyleOf(AccessLogFormat format) => format switch
    {
        AccessLogFormat.Combined => AccessLogStyle.Combined,
        AccessLogFormat.Json => AccessLogStyle.Json,
        _ => AccessLogStyle.Haproxy,
    };

    private static LogTarget? Open(string key, string target)
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
