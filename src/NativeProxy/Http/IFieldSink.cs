using System;

namespace NativeProxy.Http;

/// <summary>
/// Where the fields of a head are written, whatever the wire makes of them: HTTP/1 has lines, another version may take them apart. Who writes
/// knows no version; start line, framing and Connection are not written here, for they are the wire's own. Used as the constraint of a type
/// parameter (<c>where TSink : struct, IFieldSink, allows ref struct</c>), so that no call is virtual. Checks no syntax: whoever writes foreign
/// bytes has them from a parser.
/// </summary>
internal interface IFieldSink
{
    /// <summary>Any number of whole canonical lines, as a parser has taken them: "name:", blanks, value, blanks, CRLF.</summary>
    void AppendLines(scoped ReadOnlySpan<byte> lines);

    /// <summary>One field.</summary>
    void AppendField(scoped ReadOnlySpan<byte> name, scoped ReadOnlySpan<byte> value);

    /// <summary>A field whose value follows in pieces, up to <see cref="EndField"/>.</summary>
    void BeginField(scoped ReadOnlySpan<byte> name);

    /// <summary>The next piece of the value that has begun.</summary>
    void AppendValue(scoped ReadOnlySpan<byte> piece);

    /// <summary>The same, as digits.</summary>
    void AppendDecimal(long value);

    /// <summary>The value is whole.</summary>
    void EndField();
}
