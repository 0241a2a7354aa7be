using System;
using System.Collections.Generic;
using System.IO;
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
    /// <summary>No settings file of a person is larger; a device or a log given by mistake is not read to its end.</summary>
    private const int FileBytesMax = 4 * 1024 * 1024;

    /// <summary>Reads and checks a file.</summary>
    public static SettingsResult Load(string path) =>
        TryRead(path, out SettingsText text, out SettingsResult result) ? Parse(path, text.Bytes) : result;

    /// <summary>
    /// Reads a file, a pipe or another descriptor (<c>/dev/stdin</c>) to its end, once. False when that cannot be, and then
    /// <paramref name="refused"/> says why.
    /// </summary>
    public static bool TryRead(string path, out SettingsText text, out SettingsResult refused)
    {
        text = default;
        refused = SettingsResult.Refused(new SettingsErrors(path, ""));
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            byte[]? bytes = ReadAll(file);
            if (bytes is null)
            {
                refused = Unreadable(path, $"the file is larger than {Units.FormatSize(FileBytesMax)}", "is this the settings file?");
                return false;
            }
            text = new SettingsText(path, bytes, CanBeReadAgain: file.CanSeek);
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

    /// <summary>Checks the text of a file; the name is only shown in messages.</summary>
    public static SettingsResult Parse(string fileName, ReadOnlySpan<byte> utf8)
    {
        // Bytes that are not UTF-8 show as U+FFFD in the excerpts; the TOML reader refuses them with their place.
        SettingsErrors errors = new(fileName, Encoding.UTF8.GetString(utf8));
        if (!TomlDocument.TryParse(utf8, out TomlTable root, out TomlError? error))
        {
            errors.Add(error!.Position, error.Problem, error.Expected);
            return SettingsResult.Refused(errors);
        }

        ProxySettings settings = ProxySettings.ReadFrom(SettingsTableReader.Root(root, errors)).WithShortServers();
        new SettingsRules(settings, root, errors).CheckAll();
        return SettingsResult.Of(settings.WithOnlyUpstream().WithEachBind(), errors, root);
    }

    /// <summary>The whole file, or null when it is larger than <see cref="FileBytesMax"/>.</summary>
    private static byte[]? ReadAll(FileStream file)
    {
        using MemoryStream bytes = new();
        byte[] block = new byte[64 * 1024];
        while (true)
        {
            int count = file.Read(block);
            if (count == 0)
                return bytes.ToArray();
            bytes.Write(block, 0, count);
            if (bytes.Length > FileBytesMax)
                return null;
        }
    }

    private static SettingsResult Unreadable(string path, string problem, string hint)
    {
        SettingsErrors errors = new(path, "");
        errors.Add(default, problem, "", hint);
        return SettingsResult.Refused(errors);
    }
}

/// <summary>The text of a settings file as it was read.</summary>
/// <param name="Path">What the user called it.</param>
/// <param name="Bytes">The whole text; not checked.</param>
/// <param name="CanBeReadAgain">False for a pipe, which is empty afterwards.</param>
internal readonly record struct SettingsText(string Path, byte[] Bytes, bool CanBeReadAgain);

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
