namespace NativeProxy.Clients;

/// <summary>A time that is running for a client connection, or for its present request, and ends it when it is over. Immutable.</summary>
/// <param name="Key">The key of the configuration that says how long it is.</param>
/// <param name="AtMs">When it is over, in loop time; whoever has taken a little of what was sent meanwhile has the same time again.</param>
internal readonly record struct SessionDeadline(string Key, long AtMs);
