using System;

namespace NativeProxy.Logging;

/// <summary>
/// The one or two logs that a <see cref="LogWriter"/> writes at a time, which may share a target, and what those before them took. Owner: the writer;
/// its thread, but for the figures.
/// </summary>
/// <param name="destinations">Targets, which it takes over, and the shape of a line.</param>
/// <param name="errors">Hears of lines that cannot be written.</param>
/// <param name="linesWrittenBefore">Lines that earlier targets took.</param>
/// <param name="linesLostBefore">Lines that earlier targets did not take.</param>
internal sealed class LogOutputs(LogDestinations destinations, ErrorLog errors, long linesWrittenBefore, long linesLostBefore) : IDisposable
{
    /// <summary>How lines look.</summary>
    public LogDestinations Layout => destinations;

    /// <summary>Where lines of exchanges go; null = nowhere.</summary>
    public LogOutput? Access { get; } = destinations.Access is null ? null : new LogOutput(destinations.Access, "access", errors);

    /// <summary>Where lines of closed connections go, when that is not <see cref="Access"/>; null = nowhere.</summary>
    private LogOutput? OwnConnections { get; } =
        destinations.Connections is null || destinations.Connections == destinations.Access
            ? null
            : new LogOutput(destinations.Connections, "connection", errors);

    /// <summary>Where lines of closed connections go; null = nowhere.</summary>
    public LogOutput? Connections => OwnConnections ?? (destinations.Connections is null ? null : Access);

    /// <summary>Lines that targets took, those before included; any thread.</summary>
    public long LinesWritten => linesWrittenBefore + (Access?.LinesWritten ?? 0) + (OwnConnections?.LinesWritten ?? 0);

    /// <summary>Lines of batches that failed, those before included; any thread.</summary>
    public long LinesLost => linesLostBefore + (Access?.LinesLost ?? 0) + (OwnConnections?.LinesLost ?? 0);

    /// <summary>In how many milliseconds <see cref="Write"/> has something to do without lines; -1 = nothing.</summary>
    public int NextMs
    {
        get
        {
            int access = Access?.NextMs ?? -1;
            int connections = OwnConnections?.NextMs ?? -1;
            return access < 0 ? connections : connections < 0 ? access : Math.Min(access, connections);
        }
    }

    /// <summary>Writes what is gathered.</summary>
    public void Write()
    {
        long nowMs = Environment.TickCount64;
        Access?.Write(nowMs);
        OwnConnections?.Write(nowMs);
    }

    /// <summary>Opens files anew.</summary>
    public void Reopen()
    {
        Access?.Reopen();
        OwnConnections?.Reopen();
    }

    public void Dispose()
    {
        Access?.Dispose();
        OwnConnections?.Dispose();
    }
}
