using System;
using System.Collections.Generic;
using NativeProxy.Config.Toml;

namespace NativeProxy.Config;

/// <summary>
/// Collects everything that is wrong with a settings file and those that it includes, so that all of it is shown at once. Knows the files' names and
/// texts (for the excerpts). Lives for one load; never decides whether a value is right.
/// </summary>
internal sealed class SettingsErrors
{
    private readonly List<(string Name, string[] Lines)> _files = [];
    private readonly List<ConfigError> _errors = [];
    private readonly List<ConfigError> _warnings = [];
    private readonly HashSet<TextPosition> _unknown = [];

    /// <param name="fileName">Name shown in front of each message.</param>
    /// <param name="text">Whole text of the file; lines end with LF or CR LF.</param>
    public SettingsErrors(string fileName, string text) => AddFile(fileName, text);

    /// <summary>A file more; its number is how many there were.</summary>
    public void AddFile(string fileName, string text) =>
        // Positions do not count a byte order mark.
        _files.Add((fileName, text.TrimStart('\uFEFF').Split('\n')));

    /// <summary>Adds an error. A position with line 0 means: nowhere in particular.</summary>
    public void Add(TextPosition position, string problem, string expected = "", string hint = "")
    {
        if (!_unknown.Contains(position))
            _errors.Add(At(position, problem, expected, hint, isWarning: false));
    }

    /// <summary>Adds an error of a value that nobody knows: whatever else may be wrong with it is none.</summary>
    public void AddUnknown(TextPosition position, string problem, string expected)
    {
        Add(position, problem, expected);
        _unknown.Add(position);
    }

    /// <summary>Adds a warning: the settings can be used, but probably not with the effect that was meant.</summary>
    public void Warn(TextPosition position, string problem, string hint = "") =>
        _warnings.Add(At(position, problem, "", hint, isWarning: true));

    /// <summary>Whether an error at exactly this place is known; a rule does not judge a value that could not be read.</summary>
    public bool HasErrorAt(TextPosition position)
    {
        foreach (ConfigError error in _errors)
        {
            if (error.FileIndex == position.File && error.Line == position.Line && error.Column == position.Column)
                return true;
        }

        return false;
    }

    /// <summary>There is none.</summary>
    public bool IsEmpty => _errors.Count == 0;

    /// <summary>The errors in order of their place in the files.</summary>
    public IReadOnlyList<ConfigError> InFileOrder() => Sorted(_errors);

    /// <summary>The warnings in order of their place in the files.</summary>
    public IReadOnlyList<ConfigError> WarningsInFileOrder() => Sorted(_warnings);

    /// <summary>A finding at this place that is not added: what is wrong is not the file.</summary>
    public ConfigError At(TextPosition position, string problem, string expected, string hint, bool isWarning)
    {
        // A list that nobody reads has no files.
        (string name, string[] lines) = _files[position.File < _files.Count ? position.File : 0];
        string line = position.Line >= 1 && position.Line <= lines.Length ? lines[position.Line - 1].TrimEnd('\r') : "";
        return new ConfigError(name, position.Line, position.Column, position.Width, problem, expected, hint, line, isWarning)
        {
            FileIndex = position.File,
        };
    }

    /// <summary>For the middle of a sentence: "line 3", and of which file, where there are several.</summary>
    public string LineOf(TextPosition position) =>
        $"line {position.Line}" + (_files.Count > 1 ? $" of {ErrorExcerpt.Printable(_files[position.File].Name)}" : "");

    /// <summary>As errors begin: "proxy.toml:3:1".</summary>
    public string PlaceOf(TextPosition position) =>
        $"{ErrorExcerpt.Printable(_files[position.File].Name)}:{position.Line}:{position.Column}";

    private static ConfigError[] Sorted(List<ConfigError> errors)
    {
        // The number of arrival keeps errors of one place in the order in which they were found: Array.Sort is not stable.
        (int File, int Line, int Column, int Arrival)[] keys = new (int, int, int, int)[errors.Count];
        for (int i = 0; i < keys.Length; i++)
            keys[i] = (errors[i].FileIndex, errors[i].Line, errors[i].Column, i);
        ConfigError[] sorted = [.. errors];
        Array.Sort(keys, sorted);
        return sorted;
    }
}
