using System;
using System.Collections.Generic;
using NativeProxy.Config.Toml;

namespace NativeProxy.Config;

/// <summary>
/// Collects everything that is wrong with one settings file, so that all of it is shown at once. Knows the file's name and text
/// (for the excerpts). Lives for one load; never decides whether a value is right.
/// </summary>
internal sealed class SettingsErrors
{
    private readonly string _fileName;
    private readonly string[] _lines;
    private readonly List<ConfigError> _errors = [];
    private readonly List<ConfigError> _warnings = [];

    /// <param name="fileName">Name shown in front of each message.</param>
    /// <param name="text">Whole text of the file; lines end with LF or CR LF.</param>
    public SettingsErrors(string fileName, string text)
    {
        _fileName = fileName;
        // Positions do not count a byte order mark.
        _lines = text.TrimStart('\uFEFF').Split('\n');
    }

    public string FileName => _fileName;

    /// <summary>Adds an error. A position with line 0 means: nowhere in particular.</summary>
    public void Add(TextPosition position, string problem, string expected = "", string hint = "") =>
        _errors.Add(At(position, problem, expected, hint, isWarning: false));

    /// <summary>Adds a warning: the settings can be used, but probably not with the effect that was meant.</summary>
    public void Warn(TextPosition position, string problem, string hint = "") =>
        _warnings.Add(At(position, problem, "", hint, isWarning: true));

    /// <summary>Whether an error at exactly this place is known; a rule does not judge a value that could not be read.</summary>
    public bool HasErrorAt(TextPosition position)
    {
        foreach (ConfigError error in _errors)
        {
            if (error.Line == position.Line && error.Column == position.Column)
                return true;
        }

        return false;
    }

    /// <summary>The errors in order of their place in the file.</summary>
    public IReadOnlyList<ConfigError> InFileOrder() => Sorted(_errors);

    /// <summary>The warnings in order of their place in the file.</summary>
    public IReadOnlyList<ConfigError> WarningsInFileOrder() => Sorted(_warnings);

    /// <summary>A finding at this place that is not added: what is wrong is not the file.</summary>
    public ConfigError At(TextPosition position, string problem, string expected, string hint, bool isWarning)
    {
        string line = position.Line >= 1 && position.Line <= _lines.Length ? _lines[position.Line - 1].TrimEnd('\r') : "";
        return new ConfigError(_fileName, position.Line, position.Column, position.Width, problem, expected, hint, line, isWarning);
    }

    private static ConfigError[] Sorted(List<ConfigError> errors)
    {
        // The number of arrival keeps errors of one place in the order in which they were found: Array.Sort is not stable.
        (int Line, int Column, int Arrival)[] keys = new (int, int, int)[errors.Count];
        for (int i = 0; i < keys.Length; i++)
            keys[i] = (errors[i].Line, errors[i].Column, i);
        ConfigError[] sorted = [.. errors];
        Array.Sort(keys, sorted);
        return sorted;
    }
}
