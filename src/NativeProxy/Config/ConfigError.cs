using System.Text;
using NativeProxy.Config.Toml;

namespace NativeProxy.Config;

/// <summary>
/// One thing that is wrong (or, as a warning, doubtful) in a settings file: where, what, and what to do.
/// An immutable value; <see cref="ToString"/> is the text a user sees.
/// </summary>
/// <param name="File">Name of the file as the user gave it.</param>
/// <param name="Line">1-based line; 0 = the error has no place in the file (no line is shown then).</param>
/// <param name="Column">1-based column in code points.</param>
/// <param name="Width">Code points to underline.</param>
/// <param name="Problem">What is wrong, one line.</param>
/// <param name="Expected">What would be right, to be read after the word "expected"; may be empty.</param>
/// <param name="Hint">A sentence that helps further ("did you mean ..."); may be empty.</param>
/// <param name="LineText">The offending line without its line end; empty when there is none.</param>
/// <param name="IsWarning">The settings are usable all the same.</param>
internal sealed record ConfigError(
    string File, int Line, int Column, int Width, string Problem, string Expected, string Hint, string LineText, bool IsWarning)
{
    /// <summary>Number of the file among those that were read together.</summary>
    public int FileIndex { get; init; }

    /// <summary>Two to four lines without a final line end: place and problem, the line with a caret, what was expected.</summary>
    public override string ToString()
    {
        StringBuilder text = new();
        text.Append(ErrorExcerpt.Printable(File));
        if (Line > 0)
            text.Append(':').Append(Line).Append(':').Append(Column);
        text.Append(": ").Append(IsWarning ? "warning: " : "").Append(Problem);
        if (Line > 0)
            ErrorExcerpt.AppendLine(text, Line, Column, Width, LineText);
        if (Expected.Length > 0)
            text.Append("\n  expected ").Append(Expected);
        if (Hint.Length > 0)
            text.Append(Expected.Length > 0 ? "; " : "\n  ").Append(Hint);
        return text.ToString();
    }
}
