namespace NativeProxy.Upstreams.Discovery;

/// <summary>What one look for servers came to. Immutable.</summary>
/// <param name="Servers">What was found; null when the look has failed.</param>
/// <param name="HoldsMs">When to look again.</param>
/// <param name="Why">For people: where the servers come from, or why there are none.</param>
internal sealed record SourceAnswer(FoundServer[]? Servers, long HoldsMs, string Why)
{
    /// <summary>Some of it could not be found out: servers that are known stay beside these.</summary>
    public bool IsPartial { get; init; }

    /// <summary>The look has failed.</summary>
    public static SourceAnswer Failed(string why) => new(null, 0, why);
}
