using System;

namespace NativeProxy.Admin;

/// <summary>One reading of the configuration file. Immutable.</summary>
/// <param name="Number">From 1, which is the start.</param>
/// <param name="At">When it ended.</param>
/// <param name="IsTaken">It came into force; else the one before stays.</param>
/// <param name="Text">What was said of it: what has changed, or what is wrong.</param>
internal sealed record ConfigLoad(int Number, DateTimeOffset At, bool IsTaken, string Text)
{
    /// <summary>So many are remembered.</summary>
    public const int KeptMax = 20;
}
