namespace NativeProxy.Logging;

/// <summary>Where lines go and how they look. Whoever has it owns the targets; a <see cref="LogWriter"/> takes it over.</summary>
/// <param name="Style">Shape of a line.</param>
/// <param name="Access">Where lines of exchanges go; null = nowhere.</param>
/// <param name="Connections">Where lines of closed connections go, perhaps the same target; null = nowhere.</param>
internal sealed record LogDestinations(AccessLogStyle Style, LogTarget? Access, LogTarget? Connections)
{
    /// <summary>Where spans of sampled exchanges go; null = nowhere.</summary>
    public SpanPlace? Spans { get; init; }

    /// <summary>Of <see cref="AccessLogStyle.Custom"/>.</summary>
    public LineTemplate? Template { get; init; }

    /// <summary>Fields that records take along for the lines; null = none.</summary>
    public CaptureList? Captures { get; init; }

    /// <summary>What no line shows; null = nothing is secret.</summary>
    public LineRedaction? Redaction { get; init; }
}
