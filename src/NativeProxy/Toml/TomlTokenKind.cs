namespace NativeProxy.Toml;

/// <summary>
/// What <see cref="TomlReader"/> stands on. A header reads as TableHeader (or ArrayTableHeader), KeyPart..., HeaderEnd;
/// a pair reads as KeyPart..., then the tokens of its value; an array or inline table is bracketed by its Start and End.
/// </summary>
internal enum TomlTokenKind
{
    /// <summary>Before the first token, after the last one, or after a fault.</summary>
    None,

    /// <summary>`[` at the start of a line.</summary>
    TableHeader,

    /// <summary>`[[` at the start of a line.</summary>
    ArrayTableHeader,

    /// <summary>One segment of a (dotted) key.</summary>
    KeyPart,

    /// <summary>`]` or `]]` of a header.</summary>
    HeaderEnd,

    ArrayStart,
    ArrayEnd,
    InlineTableStart,
    InlineTableEnd,
    String,
    Integer,
    Float,
    Boolean,
    OffsetDateTime,
    LocalDateTime,
    LocalDate,
    LocalTime,
}
