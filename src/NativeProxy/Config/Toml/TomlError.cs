namespace NativeProxy.Config.Toml;

/// <summary>Why a text is not TOML.</summary>
/// <param name="Position">Where.</param>
/// <param name="Problem">What is wrong, one line, without position ("a key is defined twice").</param>
/// <param name="Expected">What was expected instead and what to do, one line; may be empty.</param>
internal sealed record TomlError(TextPosition Position, string Problem, string Expected);
