using System.Collections.Generic;
using System.Linq;
using NativeProxy.Config.Toml;

namespace NativeProxy.Config;

/// <summary>
/// A whole table of settings whose files have errors elsewhere: read, filled in and judged by itself. For commands to a proxy that runs, which must
/// not wait until somebody has finished with the file. Stateless.
/// </summary>
internal static class SoundTable
{
    /// <summary>The operator's endpoint. False when no file has it, or several have, or something is wrong in it.</summary>
    public static bool TryAdmin(SettingsText text, out AdminSettings admin)
    {
        const string Key = "admin";
        SettingsErrors errors = SettingsFile.ErrorsOf(text);
        List<TomlEntry> found = [.. text.Parts.Select(static (part, index) => TomlSoundTables.Of(part.Bytes, index).Find(Key)).OfType<TomlEntry>()];
        TomlTable root = new();
        if (found.Count == 1)
            root.TryAdd(found[0]);
        VariableText.FillIn(root, errors);
        admin = AdminSettings.ReadFrom(SettingsTableReader.Root(root, errors).Table(Key));
        if (admin.Bind.Length > 0)
            new BindRules(new SettingPlaces(root), errors).CheckAdmin(admin);
        return found.Count == 1 && errors.IsEmpty;
    }
}
