using System;

namespace NativeProxy.Upstreams.Health;

/// <summary>How the last check of a server went. Immutable.</summary>
/// <param name="At">When it ended.</param>
/// <param name="Passed">Whether it was passed.</param>
/// <param name="Text">In words.</param>
internal sealed record LastCheck(DateTimeOffset At, bool Passed, string Text);
