using System;
using System.Collections.Generic;

namespace NativeProxy.Toml;

/// <summary>The ten kinds of value of TOML 1.0.</summary>
internal enum TomlKind
{
    String,
    Integer,
    Float,
    Boolean,
    OffsetDateTime,
    LocalDateTime,
    LocalDate,
    LocalTime,
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
    /// <param name="value">string, long, double, bool, DateTimeOffset, DateTime, DateOnly, TimeOnly, List&lt;TomlNode&gt; or TomlTable, as the kind says.</param>
    /// <param name="position">Position of the value (for a table: of its header or opening brace).</param>
    public TomlNode(TomlKind kind, object value, TextPosition position)
    {
        Kind = kind;
        _value = value;
        Position = position;
    }

    public TomlKind Kind { get; }

    public TextPosition Position { get; }

    public string Text => Get<string>(TomlKind.String);

    public long Integer => Get<long>(TomlKind.Integer);

    public double Float => Get<double>(TomlKind.Float);

    public bool Boolean => Get<bool>(TomlKind.Boolean);

    public TomlTable Table => Get<TomlTable>(TomlKind.Table);

    public List<TomlNode> Items => Get<List<TomlNode>>(TomlKind.Array);

    /// <summary>The boxed value, for date and time kinds.</summary>
    public object Value => _value;

    private T Get<T>(TomlKind kind) =>
        Kind == kind ? (T)_value : throw new InvalidOperationException($"a TOML {Kind} was read as {kind}");
}
