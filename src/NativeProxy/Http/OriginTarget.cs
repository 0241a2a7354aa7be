using System;

namespace NativeProxy.Http;

/// <summary>The request target as an origin server is asked for it (RFC 9112 sections 3.2.1 and 3.2.4). Pure.</summary>
internal static class OriginTarget
{
    /// <summary>
    /// What routing has made of it; else path and query of the absolute form: an empty path is "/", or "*" for OPTIONS without a query. The other
    /// forms stay as they came.
    /// </summary>
    /// <param name="bytes">The span that the head's ranges count from.</param>
    /// <param name="head">The request.</param>
    /// <param name="room">For a path that came without its "/": one byte longer than the target is always enough.</param>
    /// <returns>A part of the bytes, a constant, or the start of the room; empty when the room is too small.</returns>
    public static ReadOnlySpan<byte> Of(ReadOnlySpan<byte> bytes, RequestHead head, Span<byte> room)
    {
        if (!head.SentTarget.IsEmpty)
            return head.SentTarget;
        if (head.Form != TargetForm.Absolute)
            return head.Target.Of(bytes);
        ReadOnlySpan<byte> path = head.PathAndQuery.Of(bytes);
        if (path.IsEmpty)
            return head.MethodKind == HttpMethod.Options ? "*"u8 : "/"u8;
        if (path[0] == (byte)'/')
            return path;
        if (path.Length >= room.Length)
            return default;
        path.CopyTo(room[1..]);
        room[0] = (byte)'/';
        return room[..(path.Length + 1)];
    }
}
