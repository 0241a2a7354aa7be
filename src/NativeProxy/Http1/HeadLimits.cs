namespace NativeProxy.Http1;

/// <summary>How large a message head may be. Immutable; taken from the listener or upstream settings at load time.</summary>
/// <param name="HeadBytesMax">Request or status line, all field lines and the blank line.</param>
/// <param name="FieldCountMax">Field lines; the capacity of the <see cref="HeaderTable"/> is a limit as well.</param>
/// <param name="RequestLineBytesMax">The request line without its CRLF; not used for responses.</param>
internal readonly record struct HeadLimits(int HeadBytesMax, int FieldCountMax, int RequestLineBytesMax);
