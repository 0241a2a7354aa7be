using System;
using NativeProxy.Http;

namespace NativeProxy.Caching;

/// <summary>
/// Whether a client has what the cache has (RFC 9111 section 4.3.2, RFC 9110 section 13): If-None-Match against the stored ETag, else
/// If-Modified-Since against the stored Last-Modified. What cannot be read is no match, so that the whole response is sent. Pure.
/// </summary>
internal static class StoredCondition
{
    /// <summary>True when the answer is 304.</summary>
    /// <param name="request">The head of the request.</param>
    /// <param name="asked">Its fields.</param>
    /// <param name="response">The stored head.</param>
    /// <param name="stored">Its fields.</param>
    /// <param name="nowWallMs">Now, for years of two digits.</param>
    public static bool IsNotModified(ReadOnlySpan<byte> request, HeaderTable asked, ReadOnlySpan<byte> response, HeaderTable stored, long nowWallMs)
    {
        if (asked.Contains(KnownHeader.IfNoneMatch))
            return MatchesAny(request, asked, TagOf(response, stored));
        return TryReadOnly(request, asked, KnownHeader.IfModifiedSince, nowWallMs, out long sinceMs)
            && TryReadOnly(response, stored, KnownHeader.LastModified, nowWallMs, out long modifiedMs)
            && modifiedMs <= sinceMs;
    }

    /// <summary>The opaque part of the stored tag with its quotes; empty when there is none, or more than one.</summary>
    private static ReadOnlySpan<byte> TagOf(ReadOnlySpan<byte> bytes, HeaderTable fields)
    {
        int index = fields.FirstIndexOf(KnownHeader.ETag);
        if (index < 0 || fields.IsRepeated(KnownHeader.ETag))
            return default;
        ReadOnlySpan<byte> rest = fields[index].Value.Of(bytes);
        ReadOnlySpan<byte> tag = TakeTag(ref rest);
        return rest.IsEmpty ? tag : default;
    }

    /// <summary><c>*</c>, or a list with the tag in it, compared weakly (RFC 9110 section 13.1.2).</summary>
    private static bool MatchesAny(ReadOnlySpan<byte> bytes, HeaderTable fields, ReadOnlySpan<byte> tag)
    {
        for (int i = fields.FirstIndexOf(KnownHeader.IfNoneMatch); i >= 0; i = fields.NextIndexOf(KnownHeader.IfNoneMatch, i))
        {
            ReadOnlySpan<byte> list = fields[i].Value.Of(bytes);
            if (list.SequenceEqual("*"u8))
                return true;
            while (true)
            {
                list = list.TrimStart(" \t,"u8);
                ReadOnlySpan<byte> one = TakeTag(ref list);
                if (one.IsEmpty)
                    break;
                if (one.SequenceEqual(tag))
                    return true;
            }
        }
        return false;
    }

    /// <summary>Takes <c>[W/]"..."</c> off the beginning, and returns it without the weak mark; empty when something else stands there.</summary>
    private static ReadOnlySpan<byte> TakeTag(scoped ref ReadOnlySpan<byte> text)
    {
        ReadOnlySpan<byte> rest = text.StartsWith("W/"u8) ? text[2..] : text;
        if (rest.IsEmpty || rest[0] != '"' || rest[1..].IndexOf((byte)'"') is not (>= 0 and var end))
            return default;
        text = rest[(end + 2)..];
        return rest[..(end + 2)];
    }

    private static bool TryReadOnly(ReadOnlySpan<byte> bytes, HeaderTable fields, KnownHeader known, long nowWallMs, out long wallMs)
    {
        wallMs = 0;
        int index = fields.FirstIndexOf(known);
        return index >= 0 && !fields.IsRepeated(known) && HttpDateParser.TryRead(fields[index].Value.Of(bytes), nowWallMs, out wallMs);
    }
}
