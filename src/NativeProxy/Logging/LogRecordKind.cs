namespace NativeProxy.Logging;

/// <summary>What a record of the <see cref="LogRing"/> is about: its first 8 bytes, so that what follows is aligned.</summary>
internal enum LogRecordKind : long
{
    /// <summary>An <see cref="AccessRecord"/>, which gets a line, and a span if it is sampled.</summary>
    Exchange,

    /// <summary>A closed connection.</summary>
    Close,

    /// <summary>An <see cref="AccessRecord"/> that gets a span and no line.</summary>
    SpanOnly,
}
