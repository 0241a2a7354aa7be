namespace NativeProxy.Logging;

/// <summary>What became of what a <see cref="LogWriter"/> was given. Immutable.</summary>
internal readonly record struct LogFigures
{
    /// <summary>Lines that their targets took.</summary>
    public long LinesWritten { get; init; }

    /// <summary>Lines of batches that failed; part of such a batch may have been written.</summary>
    public long LinesLost { get; init; }

    /// <summary>Spans that their collectors took.</summary>
    public long SpansSent { get; init; }

    /// <summary>Spans that found no room, or that a collector did not want.</summary>
    public long SpansLost { get; init; }
}
