using System;

namespace NativeProxy.Toml;

/// <summary>Reads a whole TOML 1.0.0 text into a tree. Stateless, thread-safe; bad input is an error value, never an exception.</summary>
internal static class TomlDocument
{
    /// <summary>Parses a text in UTF-8 and enforces the rules that keys and tables are defined once.</summary>
    /// <param name="root">The tree; when false is returned, what was understood before the error.</param>
    /// <param name="error">null exactly when true is returned; otherwise the first error of the text.</param>
    public static bool TryParse(ReadOnlySpan<byte> utf8, out TomlTable root, out TomlError? error) =>
        new TomlDocumentBuilder(utf8).TryBuild(out root, out error);
}
