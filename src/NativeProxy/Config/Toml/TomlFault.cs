namespace NativeProxy.Config.Toml;

/// <summary>Where and why reading stopped, in UTF-16 units of the text; <see cref="TomlError"/> is its form with line and column.</summary>
/// <param name="Offset">First unit of the offending stretch; the length of the text when it ended too early.</param>
/// <param name="Length">Units of the stretch; 0 when there is nothing to point at but a place.</param>
/// <param name="Problem">What is wrong.</param>
/// <param name="Expected">What was expected instead; may be empty.</param>
internal readonly record struct TomlFault(int Offset, int Length, string Problem, string Expected);
