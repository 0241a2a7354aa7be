namespace NativeProxy.Toml;

/// <summary>Where something stands in a text: 1-based line, 1-based column (in Unicode code points) and its width in code points.</summary>
internal readonly record struct TextPosition(int Line, int Column, int Width);
