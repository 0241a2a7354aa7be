using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security;
using Microsoft.Win32.SafeHandles;
using NativeProxy.Config.Toml;
using NativeProxy.Foundation;

namespace NativeProxy.Config;

/// <summary>Why what a file includes cannot be had.</summary>
/// <param name="Position">Where it is named.</param>
/// <param name="Problem">One line; empty when it is told elsewhere.</param>
/// <param name="Expected">What would be right; may be empty.</param>
internal readonly record struct IncludeFault(TextPosition Position, string Problem, string Expected);

/// <summary>
/// Reads the files that a settings file includes, and those that they include, with bounds for all. Lives for one reading; whatever is wrong is
/// noted, and the rest is read.
/// </summary>
internal sealed class IncludeReader
{
    /// <summary>Key of a file that includes others.</summary>
    public const string Key = "include";

    /// <summary>Most files of one load.</summary>
    public const int FilesMax = 1000;

    /// <summary>Most files that include one another.</summary>
    public const int DepthMax = 10;

    /// <summary>Most bytes of all files; no settings of a person are larger, and a device or a log given by mistake is not read to its end.</summary>
    public const int BytesMax = 4 * 1024 * 1024;

    private readonly List<SettingsPart> _parts = [];
    private readonly List<IncludeFault> _faults = [];

    /// <summary>Where each was named first.</summary>
    private readonly Dictionary<string, TextPosition> _seen = new(StringComparer.Ordinal);

    /// <summary>The files around the one that is read, by their full paths and as they are called.</summary>
    private readonly List<(string Full, string Name)> _around = [];
    private int _bytes;
    private bool _isFull;

    private IncludeReader()
    {
    }

    /// <summary>The file and all that it includes.</summary>
    public static SettingsText Follow(string path, byte[] bytes, bool canBeReadAgain)
    {
        IncludeReader reader = new();
        reader._bytes = bytes.Length;

        // A pipe has no directory of its own: what it includes is looked for where the program runs.
        reader.Add(canBeReadAgain ? path : Path.GetFileName(path), new SettingsPart(path, bytes));
        return new SettingsText(reader._parts, canBeReadAgain) { Faults = reader._faults };
    }

    /// <summary>The whole file, or null when it is larger than what is left.</summary>
    public static byte[]? ReadAll(FileStream file, int bytesMax)
    {
        using MemoryStream bytes = new();
        byte[] block = new byte[64 * 1024];
        while (true)
        {
            int count = file.Read(block);
            if (count == 0)
                return bytes.ToArray();
            bytes.Write(block, 0, count);
            if (bytes.Length > bytesMax)
                return null;
        }
    }

    private void Add(string place, SettingsPart part)
    {
        int index = _parts.Count;
        _parts.Add(part);

        // Most files include nothing, and are not read as TOML twice.
        if (part.Bytes.AsSpan().IndexOf("include"u8) < 0)
            return;
        _around.Add((Path.GetFullPath(place), part.Name));
        TomlTable root = TomlSoundTables.Of(part.Bytes, index);
        List<TomlNode> items = root.Find(Key)?.Value is { Kind: TomlKind.Array } list ? list.Items : [];
        foreach (TomlNode item in items.Where(static item => item.Kind == TomlKind.String))
        {
            if (VariableText.TryFill(item, errors: null, out TomlNode filled))
                Include(place, filled);
            else
                Fault(item, problem: "", "");
        }
        _around.RemoveAt(_around.Count - 1);
    }

    private void Include(string including, TomlNode item)
    {
        string[] files = IncludePattern.Files(including, item.Text, out string problem);
        if (problem.Length > 0)
            Fault(item, $"{ErrorExcerpt.Quoted(item.Text)} {problem}", IncludePattern.Expected);
        foreach (string file in files)
            IncludeFile(file, item);
    }

    private void IncludeFile(string file, TomlNode item)
    {
        string full = Path.GetFullPath(file);
        int around = _around.FindIndex(one => one.Full == full);
        if (around >= 0)
        {
            IEnumerable<string> circle = [.. _around.Skip(around).Select(static one => one.Name), _around[around].Name];
            Fault(item, $"{Name(file)} includes itself: {ErrorExcerpt.Printable(string.Join(" -> ", circle))}", "files without a circle");
        }
        else if (_seen.TryGetValue(full, out TextPosition first))
        {
            string place = $"{ErrorExcerpt.Printable(_parts[first.File].Name)}:{first.Line}:{first.Column}";
            Fault(item, $"{Name(file)} is included twice, first by {place}", "each file once");
        }
        else if (_around.Count >= DepthMax)
        {
            Fault(item, $"{Name(file)} is too deep", $"at most {DepthMax} files that include one another");
        }
        else if (_parts.Count >= FilesMax)
        {
            FaultOnce(item, "there are too many files", $"at most {FilesMax} in all");
        }
        else if (ReadFile(file, item) is { } bytes)
        {
            _seen.Add(full, item.Position);
            _bytes += bytes.Length;
            Add(file, new SettingsPart(file, bytes));
        }
    }

    private byte[]? ReadFile(string path, TomlNode item)
    {
        try
        {
            using SafeFileHandle handle = PromptFile.OpenToRead(path);
            using FileStream file = new(handle, FileAccess.Read, bufferSize: 0);
            if (!file.CanSeek)
                Fault(item, $"{Name(path)} is no file", "");
            else if (ReadAll(file, BytesMax - _bytes) is { } bytes)
                return bytes;
            else
                FaultOnce(item, $"with {Name(path)} the files are larger than {Units.FormatSize(BytesMax)}", "settings files only");
        }
        catch (Exception failure)
            when (failure is IOException or UnauthorizedAccessException or SecurityException or ArgumentException or NotSupportedException)
        {
            Fault(item, $"{Name(path)} cannot be read: {ErrorExcerpt.Printable(failure.Message)}", "");
        }
        return null;
    }

    private static string Name(string path) => ErrorExcerpt.Printable(path);

    private void Fault(TomlNode item, string problem, string expected) => _faults.Add(new IncludeFault(item.Position, problem, expected));

    /// <summary>Of a bound that all share: what comes after it is beyond it, too.</summary>
    private void FaultOnce(TomlNode item, string problem, string expected)
    {
        if (!_isFull)
            Fault(item, problem, expected);
        _isFull = true;
    }
}
