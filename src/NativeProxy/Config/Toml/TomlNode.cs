using System;
using System.Collections.Generic;

namespace NativeProxy.Config.Toml;

/// <summary>The kinds of value that settings tell apart; the four kinds of dates and times of TOML are one, because no setting is one.</summary>
internal enum TomlKind
{
    String,
    Integer,
    Float,
    Boolean,
    DateOrTime,
    Array,
    Table,
}

/// <summary>
/// One value of a parsed document with its position. Immutable once the document is complete.
/// Only the accessor that fits <see cref="Kind"/> may be read; another one throws <see cref="InvalidOperationException"/> (a bug of the caller).
/// </summary>
internal sealed class TomlNode
{
    private readonly object _value;

    /// <param name="kind">Kind of the value.</param>
    /// <param name="value">string (of a date or time: as written), long, double, bool, List&lt;TomlNode&gt; or TomlTable, as the kind says.</param>
    /// <param name="position">Position of the value (for a table: of its header or opening brace).</param>
    public TomlNode(TomlKind kind, object value, TextPosition position)
    {
        Kind = kind;
        _value = value;
        Position = position;
    }

    public TomlKind Kind { get; }

    public TextPosition Position { get; }

    /// <summary>A string that is not as it stands in the text: a variable has given it, so it may be meant as a number or as true or false.</summary>
    public bool IsFilledIn { get; init; }

    public string Text => Get<string>(TomlKind.String);

    /// <summary>A date or time as it is written in the file; it has been checked.</summary>
    public string DateOrTime => Get<string>(TomlKind.DateOrTime);

    public long Integer => Get<long>(TomlKind.Integer);

    public double Float => Get<double>(TomlKind.Float);

    public bool Boolean => Get<bool>(TomlKind.Boolean);

    public TomlTable Table => Get<TomlTable>(TomlKind.Table);

    public List<TomlNode> Items => Get<List<TomlNode>>(TomlKind.Array);

    private T Get<T>(TomlKind kind) =>
        Kind == kind ? (T)_value : throw new InvalidOperationException($"a TOML {Kind} was read as {kind}");
}
