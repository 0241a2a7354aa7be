namespace NativeProxy.Logging;

/// <summary>Where lines go and how they look. Whoever has it owns the targets; a <see cref="LogWriter"/> takes it over.</summary>
/// <param name="Style">Shape of a line.</param>
/// <param name="Access">Where lines of exchanges go; null = nowhere.</param>
/// <param name="Connections">Where lines of closed connections go, perhaps the same target; null = nowhere.</param>
internal sealed record LogDestinations(AccessLogStyle Style, LogTarget? Access, LogTarget? Connections);
