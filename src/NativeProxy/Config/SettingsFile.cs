using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.IO;
using System.Linq;
using System.Security;
using System.Text;
using NativeProxy.Config.Toml;

namespace NativeProxy.Config;

/// <summary>
/// From a file to settings: read, parse TOML, bind, check the rules. Runs at start and at reload, on any thread.
/// Never throws for anything that a file or a path can be; everything wrong comes back as a list.
/// </summary>
internal static class SettingsFile
{
    /// <summary>Reads and checks a file and those that it includes.</summary>
    public static SettingsResult Load(string path) => TryRead(path, out SettingsText? text, out SettingsResult refused) ? Parse(text) : refused;

    /// <summary>
    /// Reads a file for the operator's endpoint in it, which may be sound though others are at work on the rest. Null when it is not to be had, or
    /// has errors itself.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="errors">What is wrong with the file, wherever.</param>
    public static AdminSettings? LoadAdmin(string path, out IReadOnlyList<ConfigError> errors)
    {
        SettingsResult result = TryRead(path, out SettingsText? text, out SettingsResult refused) ? Parse(text) : refused;
        errors = result.Errors;
        return result.IsOk ? result.Settings.Admin : text is not null && SoundTable.TryAdmin(text, out AdminSettings admin) ? admin : null;
    }

    /// <summary>
    /// Reads a file, a pipe or another descriptor (<c>/dev/stdin</c>) to its end, once, and what it includes. False when the file itself cannot be
    /// read, and then <paramref name="refused"/> says why.
    /// </summary>
    public static bool TryRead(string path, [NotNullWhen(true)] out SettingsText? text, out SettingsResult refused)
    {
        text = null;
        refused = SettingsResult.Refused(new SettingsErrors(path, ""));
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            byte[]? bytes = IncludeReader.ReadAll(file, IncludeReader.BytesMax);
            if (bytes is null)
            {
                refused = Unreadable(path, $"the file is larger than {Units.FormatSize(IncludeReader.BytesMax)}", "is this the settings file?");
                return false;
            }
            text = IncludeReader.Follow(path, bytes, canBeReadAgain: file.CanSeek);
            return true;
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            refused = Unreadable(path, "the file does not exist", "`nativeproxy config reference` prints a file to start from");
        }
        catch (UnauthorizedAccessException) when (Directory.Exists(path))
        {
            refused = Unreadable(path, "this is a directory, not a file", "");
        }
        catch (Exception failure)
            when (failure is IOException or UnauthorizedAccessException or SecurityException or ArgumentException or NotSupportedException)
        {
            refused = Unreadable(path, "the file cannot be read: " + ErrorExcerpt.Printable(failure.Message), "");
        }
        return false;
    }

    /// <summary>Checks the texts of a file and of those that it includes.</summary>
    public static SettingsResult Parse(SettingsText text)
    {
        SettingsErrors errors = ErrorsOf(text);
        if (TreeOf(text, errors) is not { } whole)
            return SettingsResult.Refused(errors);
        ProxySettings settings = ProxySettings.ReadFrom(SettingsTableReader.Root(whole, errors)).WithShortServers();
        new SettingsRules(settings, whole, errors).CheckAll();
        return SettingsResult.Of(settings.WithOnlyUpstream().WithEachBind(), errors, whole);
    }

    /// <summary>All texts as one tree, with variables filled in and all places; null, and told, when one of them is missing or no TOML.</summary>
    public static TomlTable? TreeOf(SettingsText text, SettingsErrors errors)
    {
        List<TomlTable> roots = [];
        foreach (SettingsPart part in text.Parts)
        {
            if (!TomlDocument.TryParse(part.Bytes, out TomlTable root, out TomlError? error, file: roots.Count))
                errors.Add(error!.Position, error.Problem, error.Expected);
            roots.Add(root);
        }
        foreach (IncludeFault fault in text.Faults.Where(static fault => fault.Problem.Length > 0))
            errors.Add(fault.Position, fault.Problem, fault.Expected);
        bool isWhole = errors.IsEmpty && text.Faults.Count == 0;
        foreach (TomlTable root in roots)
            VariableText.FillIn(root, errors);

        // Whatever is missing would be told as a mistake of what is there.
        return isWhole ? IncludedTables.Merge(roots, errors) : null;
    }

    /// <summary>Where errors of these texts go.</summary>
    public static SettingsErrors ErrorsOf(SettingsText text)
    {
        // Bytes that are not UTF-8 show as U+FFFD in the excerpts; the TOML reader refuses them with their place.
        SettingsErrors errors = new(text.Path, Encoding.UTF8.GetString(text.Parts[0].Bytes));
        foreach (SettingsPart part in text.Parts.Skip(1))
            errors.AddFile(part.Name, Encoding.UTF8.GetString(part.Bytes));
        return errors;
    }

    private static SettingsResult Unreadable(string path, string problem, string hint)
    {
        SettingsErrors errors = new(path, "");
        errors.Add(default, problem, "", hint);
        return SettingsResult.Refused(errors);
    }
}

/// <summary>What became of a settings file: settings, or errors; in both cases perhaps warnings. Immutable.</summary>
internal sealed class SettingsResult
{
    private readonly ProxySettings _settings;
    private readonly SettingsErrors _text;
    private readonly SettingPlaces _places;

    private SettingsResult(ProxySettings settings, SettingsErrors errors, TomlTable root)
    {
        _settings = settings;
        _text = errors;
        _places = new SettingPlaces(root);
        Errors = errors.InFileOrder();
        Warnings = errors.WarningsInFileOrder();
    }

    public bool IsOk => Errors.Count == 0;

    /// <summary>All errors in file order; empty when the settings may be used.</summary>
    public IReadOnlyList<ConfigError> Errors { get; }

    /// <summary>All warnings in file order.</summary>
    public IReadOnlyList<ConfigError> Warnings { get; }

    /// <summary>The settings; throws when there are errors (a bug of the caller).</summary>
    public ProxySettings Settings => IsOk ? _settings : throw new InvalidOperationException("settings with errors were used");

    public static SettingsResult Refused(SettingsErrors errors) => new(default, errors, new TomlTable());

    public static SettingsResult Of(ProxySettings settings, SettingsErrors errors, TomlTable root) => new(settings, errors, root);

    /// <summary>What is wrong with a value outside the file, as an error at its place in it.</summary>
    /// <param name="path">As <see cref="SettingPlaces"/> has them: `listener[0].bind[1]`, `log.access`.</param>
    /// <param name="problem">What is wrong, one line.</param>
    /// <param name="expected">What would be right; may be empty.</param>
    /// <param name="hint">A sentence that helps further; may be empty.</param>
    /// <param name="isWarning">It may go well all the same.</param>
    public ConfigError Finding(string path, string problem, string expected = "", string hint = "", bool isWarning = false) =>
        _text.At(_places.Of(path), problem, expected, hint, isWarning);
}
