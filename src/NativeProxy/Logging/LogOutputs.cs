using System;

namespace NativeProxy.Logging;

/// <summary>
/// The one or two logs that a <see cref="LogWriter"/> writes at a time, which may share a target, the spans, and what those before them took. Owner:
/// the writer; its thread, but for the figures.
/// </summary>
/// <param name="destinations">Targets, which it takes over, and the shape of a line.</param>
/// <param name="names">Names that records mention.</param>
/// <param name="errors">Hears of lines that cannot be written.</param>
/// <param name="before">What earlier targets took.</param>
internal sealed class LogOutputs(LogDestinations destinations, LogNames names, ErrorLog errors, LogFigures before) : IDisposable
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

    /// <summary>Where spans go; null = nowhere.</summary>
    public SpanOutput? Spans { get; } = destinations.Spans is null ? null : new SpanOutput(destinations.Spans, names, errors);

    /// <summary>What all took and did not take, those before included; any thread.</summary>
    public LogFigures Figures => new()
    {
        LinesWritten = before.LinesWritten + (Access?.LinesWritten ?? 0) + (OwnConnections?.LinesWritten ?? 0),
        LinesLost = before.LinesLost + (Access?.LinesLost ?? 0) + (OwnConnections?.LinesLost ?? 0),
        SpansSent = before.SpansSent + (Spans?.SpansSent ?? 0),
        SpansLost = before.SpansLost + (Spans?.SpansLost ?? 0),
    };

    /// <summary>In how many milliseconds <see cref="Write"/> has something to do without lines; -1 = nothing.</summary>
    public int NextMs
    {
        get
        {
            int lines = Sooner(Access?.NextMs ?? -1, OwnConnections?.NextMs ?? -1);
            return Sooner(lines, Spans?.NextMs(Environment.TickCount64) ?? -1);
        }
    }

    /// <summary>Writes what is gathered.</summary>
    public void Write()
    {
        long nowMs = Environment.TickCount64;
        Access?.Write(nowMs);
        OwnConnections?.Write(nowMs);
        Spans?.Pump(nowMs);
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
        Spans?.Dispose();
    }

    private static int Sooner(int oneMs, int otherMs) => oneMs < 0 ? otherMs : otherMs < 0 ? oneMs : Math.Min(oneMs, otherMs);
}
