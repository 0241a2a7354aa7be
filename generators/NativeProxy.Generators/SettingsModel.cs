namespace NativeProxy.Generators;

/// <summary>Kind of value of a setting: decides how it is read, shown and described.</summary>
internal enum SettingKind
{
    Boolean,
    AutoBoolean,
    Integer,
    AutoInteger,
    Duration,
    Size,
    Text,
    Choice,
    TextList,
    ChoiceList,
    MatchMap,
    ShareMap,
    TextMap,
    Table,
    TableArray,
}

/// <summary>One settings table as the emitters see it: plain values only, compared by content, no symbol and no syntax.</summary>
/// <param name="Namespace">Namespace of the struct.</param>
/// <param name="Name">Name of the struct.</param>
/// <param name="Doc">Meaning of the table.</param>
/// <param name="IsRoot">The table is the whole file.</param>
/// <param name="Settings">In order of declaration.</param>
internal sealed record TableModel(string Namespace, string Name, string Doc, bool IsRoot, EquatableArray<SettingModel> Settings)
{
    /// <summary>Name as <see cref="SettingModel.ElementType"/> of a parent spells it.</summary>
    public string FullName => Namespace.Length == 0 ? "global::" + Name : $"global::{Namespace}.{Name}";
}

/// <summary>One key of a settings table.</summary>
/// <param name="Property">Name of the property.</param>
/// <param name="Key">Name in the file.</param>
/// <param name="Kind">Kind of value.</param>
/// <param name="Type">C# type of the property, fully qualified.</param>
/// <param name="ElementType">C# type of an item of a list; for the other kinds the type itself.</param>
/// <param name="Accessibility">C# words in front of `partial`.</param>
/// <param name="HasInit">The property has an init accessor.</param>
/// <param name="Doc">Meaning.</param>
/// <param name="IsRequired">The key must be present; <paramref name="Value"/> is then an example, not a default.</param>
/// <param name="IsConditional">A required key that other keys can make superfluous: the rules check it, not the binder.</param>
/// <param name="MayBeQuoted">An integer that may also stand in quotes.</param>
/// <param name="Value">Default value, or the example of a required key.</param>
/// <param name="Min">Smallest value: integer, milliseconds or bytes.</param>
/// <param name="Max">Largest value; the maximum of the type when open.</param>
/// <param name="DefaultAtMost">Earlier property that limits the default, or empty.</param>
/// <param name="Pattern">Regular expression of strings, or empty.</param>
/// <param name="Choices">Members of the enum.</param>
internal sealed record SettingModel(
    string Property,
    string Key,
    SettingKind Kind,
    string Type,
    string ElementType,
    string Accessibility,
    bool HasInit,
    string Doc,
    bool IsRequired,
    bool IsConditional,
    bool MayBeQuoted,
    SettingValue Value,
    long Min,
    long Max,
    string DefaultAtMost,
    string Pattern,
    string Word,
    EquatableArray<ChoiceModel> Choices)
{
    public bool IsInt32 => Type == "int";

    public bool IsTable => Kind is SettingKind.Table or SettingKind.TableArray;

    public bool HasOpenMax => Max is int.MaxValue or long.MaxValue;
}

/// <summary>
/// A value of the schema. <paramref name="Number"/> serves booleans (0, 1), integers, milliseconds and bytes; <paramref name="Texts"/> the value as
/// written: one spelling, or the items of a list.
/// </summary>
internal sealed record SettingValue(long Number, EquatableArray<string> Texts)
{
    public static readonly SettingValue None = new(0, default);

    /// <summary>The one spelling; empty when the schema gives no value.</summary>
    public string Text => Texts.Count > 0 ? Texts[0] : "";
}

/// <summary>One member of an enum: its name in the file, its C# expression, its meaning (may be empty).</summary>
internal sealed record ChoiceModel(string Name, string Member, string Doc);
