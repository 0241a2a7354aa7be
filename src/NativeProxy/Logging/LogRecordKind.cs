namespace NativeProxy.Logging;

/// <summary>What a record of the <see cref="LogRing"/> is about: its first 8 bytes, so that what follows is aligned.</summary>
internal enum LogRecordKind : long
{
    /// <summary>An <see cref="AccessRecord"/>.</summary>
    Exchange,

    /// <summary>A closed connection.</summary>
    Close,
}
