using System;

namespace NativeProxy.Http;

/// <summary>
/// A piece of a message body on its way through the proxy, as it means and not as it is framed: plain data, whether it is the last, and the
/// trailer fields behind it (RFC 9110 section 6.4, 6.5). Lent for one call. The default value is nothing, with more to come.
/// </summary>
internal readonly ref struct BodyPiece
{
    /// <summary>A piece of content; it may be empty.</summary>
    public ReadOnlySpan<byte> Data { get; init; }

    /// <summary>True when nothing of the body follows.</summary>
    public bool IsLast { get; init; }

    /// <summary>
    /// Trailer fields that may pass, as canonical lines, each "name: value" and its line end; empty unless the piece is the last.
    /// </summary>
    public ReadOnlySpan<byte> TrailerLines { get; init; }

    /// <summary>The end, with nothing before it.</summary>
    public static BodyPiece End => new() { IsLast = true };

    /// <summary>True when there is nothing to pass on.</summary>
    public bool IsNothing => Data.IsEmpty && !IsLast;

    /// <summary>The same without trailer fields.</summary>
    public BodyPiece WithoutTrailers() => new() { Data = Data, IsLast = IsLast };
}
