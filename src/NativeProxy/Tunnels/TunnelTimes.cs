namespace NativeProxy.Tunnels;

/// <summary>How long nothing may move in a tunnel.</summary>
/// <param name="IdleMs">While both sides may still speak; 0 = no limit.</param>
/// <param name="HalfClosedMs">Once one side has sent FIN; 0 = no limit.</param>
internal readonly record struct TunnelTimes(long IdleMs, long HalfClosedMs);
