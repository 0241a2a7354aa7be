namespace NativeProxy.Toml;

/// <summary>
/// Where and why scanning stopped, in bytes of the text. The texts are constants, so that a fault costs no allocation;
/// <see cref="TomlError"/> is its form for people, with line and column.
/// </summary>
/// <param name="Offset">First byte of the offending stretch; the length of the text when it ended too early.</param>
/// <param name="Length">Bytes of the stretch; 0 when there is nothing to point at but a place.</param>
/// <param name="Problem">What is wrong; null exactly when there is no fault.</param>
/// <param name="Expected">What was expected instead; may be empty.</param>
internal readonly record struct TomlFault(int Offset, int Length, string? Problem, string Expected);
