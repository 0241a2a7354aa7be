using System;

namespace NativeProxy.Http;

/// <summary>
/// Habits by which another server may read a path otherwise than this proxy does; see <see cref="PathText.TryReadAs"/>. Each by itself, since
/// servers have some and not others: nginx reads %2F as a slash, and %5C not.
/// </summary>
[Flags]
internal enum PathReading : ushort
{
    None = 0,

    /// <summary>%2F separates segments (nginx, Apache).</summary>
    Slash = 1,

    /// <summary>A backslash separates segments (Windows, browsers).</summary>
    Backslash = 2,

    /// <summary>%5C separates segments (Windows).</summary>
    EscapedBackslash = 4,

    /// <summary>What follows a ';' in a segment does not count (Tomcat).</summary>
    Parameters = 8,

    /// <summary>What follows %3B in a segment does not count (escapes are read first).</summary>
    EscapedParameters = 16,

    /// <summary>Parameters go on to the next slash that stands there as such (escapes are read last).</summary>
    LongParameters = 32,

    /// <summary>The path ends at %00 (programs in C).</summary>
    Nul = 64,

    /// <summary>Dots and blanks at the end of a segment do not count (Windows).</summary>
    Trailing = 128,

    /// <summary>Nor do those of a segment that has nothing else; else two dots are left of them (with <see cref="Trailing"/>).</summary>
    DotsAlone = 256,

    /// <summary>A segment may be empty: two slashes are not one.</summary>
    Empty = 512,

    Separators = Slash | Backslash | EscapedBackslash,

    AnyParameters = Parameters | EscapedParameters,

    All = Separators | AnyParameters | LongParameters | Nul | Trailing | DotsAlone | Empty,
}
