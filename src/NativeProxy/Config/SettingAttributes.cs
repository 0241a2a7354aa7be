using System;

namespace NativeProxy.Config;

/// <summary>
/// Marks a top-level `readonly partial struct` as one table of the settings file; the generator writes its fields, its binder and its
/// part of the reference document and of the JSON Schema. Read at compile time only.
/// </summary>
[AttributeUsage(AttributeTargets.Struct)]
internal sealed class SettingsTableAttribute : Attribute
{
    /// <summary>What the table is about, for the user. Mandatory.</summary>
    public string Doc { get; set; } = "";

    /// <summary>The whole file: `SettingsReference` is generated for this type.</summary>
    public bool IsRoot { get; set; }
}

/// <summary>
/// One key of a settings table. The kind of value follows from the property: bool; int or long (an integer); long named ...Ms (a duration);
/// int or long named ...Bytes (a size); string; an enum (one of its names); ImmutableArray of string or of an enum (a list); ImmutableArray
/// of MatchSettings, NamedText or ShareSettings (a table of free names, empty by default); another settings table;
/// ImmutableArray of one (an array of tables). Read at compile time only.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class SettingAttribute(string key) : Attribute
{
    /// <summary>Name in the file, snake_case.</summary>
    public string Key { get; } = key;

    /// <summary>Meaning, for the user. Mandatory, except for tables, whose type has it.</summary>
    public string Doc { get; set; } = "";

    /// <summary>
    /// Value when the key is absent, written as in the file: true, 128, "75s", "32KiB", "text", new[] { "a" }; an enum by its name in the file.
    /// </summary>
    public object? Default { get; set; }

    /// <summary>Smallest value (integer, duration, size), written as in the file. 0 when not given.</summary>
    public object? Min { get; set; }

    /// <summary>Largest value, written as in the file. No bound but that of the type when not given.</summary>
    public object? Max { get; set; }

    /// <summary>The key must be present and not empty. For strings, lists and arrays of tables.</summary>
    public bool Required { get; set; }

    /// <summary>
    /// With Required: other keys can make this one superfluous. `SettingsRules` then asks for it, and its Doc says when it is needed.
    /// </summary>
    public bool Conditional { get; set; }

    /// <summary>Value shown for a required key in the reference document.</summary>
    public object? Example { get; set; }

    /// <summary>An integer that may also be "auto", which binds 0; or a bool? that may, which binds null.</summary>
    public bool Auto { get; set; }

    /// <summary>An integer that may also stand in quotes, as ports do wherever templates of other tools write them.</summary>
    public bool MayBeQuoted { get; set; }

    /// <summary>A word that an integer may be instead; it binds -1.</summary>
    public string Word { get; set; } = "";

    /// <summary>Name of an earlier property of the same struct: the default of this key is lowered to that value when that is smaller.</summary>
    public string DefaultAtMost { get; set; } = "";

    /// <summary>
    /// Regular expression (ECMA 262) for editors, for strings and the items of lists. The program itself checks in `SettingsRules`.
    /// </summary>
    public string Pattern { get; set; } = "";
}

/// <summary>How one enum member is called in the file, and what it means. Without it: its name in snake_case. Read at compile time only.</summary>
[AttributeUsage(AttributeTargets.Field)]
internal sealed class SettingChoiceAttribute(string name) : Attribute
{
    public string Name { get; } = name;

    /// <summary>Meaning, for the user.</summary>
    public string Doc { get; set; } = "";
}
