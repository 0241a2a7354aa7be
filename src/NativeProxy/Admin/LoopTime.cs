using System;

namespace NativeProxy.Admin;

/// <summary>The present by the clock of the workers' loops, whose moments stand on the boards. Stateless; any thread.</summary>
internal static class LoopTime
{
    /// <summary>Milliseconds since the machine has started.</summary>
    public static long NowMs => TimeProvider.System.GetTimestamp() / (TimeProvider.System.TimestampFrequency / 1000);
}
