using NativeProxy.Foundation;

namespace NativeProxy.Upstreams.Connections;

/// <summary>What the access log, or an operator, is told about the server connection of an exchange; id 0 = none was used.</summary>
/// <param name="Id">Number of the connection.</param>
/// <param name="UseCount">Exchanges that it was lent for, this one included.</param>
/// <param name="IdleAgeMs">How long it had idled when it was taken.</param>
/// <param name="Address">Where it goes, or was to go.</param>
/// <param name="DueMs">When what is awaited of it is too late, in loop time; -1 = never.</param>
internal readonly record struct ServerConnectionFacts(long Id, int UseCount, long IdleAgeMs, PeerAddress Address, long DueMs);
