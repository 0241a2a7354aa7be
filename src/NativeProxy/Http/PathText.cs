using System;

namespace NativeProxy.Http;

/// <summary>
/// The path of a target as routes compare it (RFC 3986 section 6.2.2): unreserved characters decoded, hex digits in upper case, dot segments
/// resolved, slashes merged; and what else it could be read as. Percent signs are decoded once only. Pure.
/// </summary>
internal static class PathText
{
    /// <summary>Index of the '?' that ends the path, or the length.</summary>
    public static int PathBytes(ReadOnlySpan<byte> pathAndQuery)
    {
        int query = pathAndQuery.IndexOf((byte)'?');
        return query < 0 ? pathAndQuery.Length : query;
    }

    /// <summary>True when normalising it changes nothing: what nearly every path is.</summary>
    public static bool IsNormal(ReadOnlySpan<byte> path) =>
        path.IndexOf((byte)'%') < 0 && !path.IsEmpty && path[0] == '/' && path.IndexOf("//"u8) < 0 && path.IndexOf("/."u8) < 0;

    /// <summary>Writes the normal form. False when a ".." leads above the root.</summary>
    /// <param name="path">As it came, without the query; empty means "/".</param>
    /// <param name="room">One byte longer than the path is always enough.</param>
    /// <param name="normalBytes">Length of the result.</param>
    public static bool TryNormalize(ReadOnlySpan<byte> path, Span<byte> room, out int normalBytes)
    {
        int count = 0;
        if (path.IsEmpty || path[0] != '/')
            room[count++] = (byte)'/';
        for (int i = 0; i < path.Length; i++)
        {
            if (!PercentText.TryRead(path, i, out byte value))
            {
                room[count++] = path[i];
                continue;
            }
            if (IsUnreserved(value))
            {
                room[count++] = value;
            }
            else
            {
                room[count++] = (byte)'%';
                room[count++] = "0123456789ABCDEF"u8[value >> 4];
                room[count++] = "0123456789ABCDEF"u8[value & 15];
            }
            i += 2;
        }
        normalBytes = ResolveDots(room[..count], mergesSlashes: true);
        return normalBytes > 0;
    }

    /// <summary>True when a '%' is not followed by two hex digits: servers read it in ways of their own, or refuse it.</summary>
    public static bool HasBadEscape(ReadOnlySpan<byte> path)
    {
        for (int i = 0; i < path.Length; i++)
        {
            if (path[i] == '%' && !PercentText.TryRead(path, i, out _))
                return true;
        }
        return false;
    }

    /// <summary>True when a normal path has something in it that other servers may read in another way.</summary>
    public static bool IsAmbiguous(ReadOnlySpan<byte> normal)
    {
        if (normal.IndexOfAny((byte)'\\', (byte)';') >= 0)
            return true;
        for (int i = 0; i < normal.Length; i++)
        {
            int next = normal[i..].IndexOfAny((byte)'%', (byte)'.');
            if (next < 0)
                return false;
            i += next;
            bool isEnd = normal[i] == '.' && (i + 1 == normal.Length || normal[i + 1] == '/');
            bool isEscape = PercentText.TryRead(normal, i, out byte value);
            if (isEnd || (isEscape && value is (byte)'/' or (byte)'\\' or (byte)';' or 0 or (byte)' ' or (byte)'\t'))
                return true;
        }
        return false;
    }

    /// <summary>The habits that make a difference for a normal path, perhaps with some that make none.</summary>
    public static PathReading HabitsOf(ReadOnlySpan<byte> normal)
    {
        PathReading habits = PathReading.Empty;
        for (int i = 0; i < normal.Length; i++)
        {
            bool isEscape = PercentText.TryRead(normal, i, out byte value);
            if (!isEscape)
                value = normal[i];
            i += isEscape ? 2 : 0;
            if (value == '/' && isEscape)
                habits |= PathReading.Slash;
            else if (value == '\\')
                habits |= isEscape ? PathReading.EscapedBackslash : PathReading.Backslash;
            else if (value == ';')
                habits |= isEscape ? PathReading.EscapedParameters : PathReading.Parameters;
            else if (value == 0 && isEscape)
                habits |= PathReading.Nul;
            else if ((value == '.' || (isEscape && value is (byte)' ' or (byte)'\t')) && MayEndSegment(normal, i + 1))
                habits |= PathReading.Trailing | PathReading.DotsAlone;
        }
        bool mayBeLong = (habits & PathReading.AnyParameters) != 0 && (habits & PathReading.Separators) != 0;
        return mayBeLong ? habits | PathReading.LongParameters : habits;
    }

    private static bool MayEndSegment(ReadOnlySpan<byte> normal, int index) => index == normal.Length || "/\\;%"u8.Contains(normal[index]);

    /// <summary>
    /// Writes a normal path as a server with these habits reads it. False when it then leads above the root, which no two servers read alike.
    /// </summary>
    /// <param name="normal">The normal path.</param>
    /// <param name="reading">The habits.</param>
    /// <param name="room">As long as the path.</param>
    /// <param name="readBytes">Length of the result.</param>
    public static bool TryReadAs(ReadOnlySpan<byte> normal, PathReading reading, Span<byte> room, out int readBytes)
    {
        int count = 0;
        int segment = 0;
        bool isParameter = false;
        for (int i = 0; i < normal.Length; i++)
        {
            bool isEscape = PercentText.TryRead(normal, i, out byte value);
            if (!isEscape)
                value = normal[i];
            if (isEscape && value == 0 && reading.HasFlag(PathReading.Nul))
                break;
            bool isSkipped = isParameter && reading.HasFlag(PathReading.LongParameters);
            bool separates = value switch
            {
                (byte)'/' => !isEscape || (reading.HasFlag(PathReading.Slash) && !isSkipped),
                (byte)'\\' => reading.HasFlag(isEscape ? PathReading.EscapedBackslash : PathReading.Backslash) && !isSkipped,
                _ => false,
            };
            bool begins = value == ';' && reading.HasFlag(isEscape ? PathReading.EscapedParameters : PathReading.Parameters);
            isParameter = !separates && (isParameter || begins);
            if (separates)
            {
                count = SegmentEnd(room, segment, count, reading);
                room[count++] = (byte)'/';
                segment = count;
            }
            else if (!isParameter)
            {
                normal.Slice(i, isEscape ? 3 : 1).CopyTo(room[count..]);
                count += isEscape ? 3 : 1;
            }
            i += isEscape ? 2 : 0;
        }
        readBytes = ResolveDots(room[..SegmentEnd(room, segment, count, reading)], mergesSlashes: !reading.HasFlag(PathReading.Empty));
        return readBytes > 0;
    }

    /// <summary>True when a byte can stand in a segment as it is (RFC 3986 section 3.3); a '%' when two hex digits follow.</summary>
    public static bool IsOfSegment(ReadOnlySpan<byte> text, int index) =>
        IsUnreserved(text[index]) || "!$&'()*+,;=:@"u8.Contains(text[index]) || PercentText.TryRead(text, index, out _);

    /// <summary>True when a segment of the path is "." or "..", in whichever spelling.</summary>
    public static bool HasDotSegment(ReadOnlySpan<byte> path)
    {
        int dots = 0;
        bool isDots = false;
        for (int i = 0; i <= path.Length; i++)
        {
            byte value = (byte)'/';
            bool isEscape = i < path.Length && PercentText.TryRead(path, i, out value);
            if (i < path.Length && !isEscape)
                value = path[i];
            if (value is (byte)'/' or (byte)'\\')
            {
                if (isDots && dots is 1 or 2)
                    return true;
                (dots, isDots) = (0, true);
            }
            else
            {
                isDots &= value == '.';
                dots++;
            }
            i += isEscape ? 2 : 0;
        }
        return false;
    }

    /// <summary>Where a segment ends for who does not count the dots and blanks at its end; a dot segment stays one.</summary>
    private static int SegmentEnd(ReadOnlySpan<byte> path, int start, int end, PathReading reading)
    {
        if (!reading.HasFlag(PathReading.Trailing) || IsDots(path[start..end]))
            return end;
        while (end > start && (reading.HasFlag(PathReading.DotsAlone) || !IsDots(path[start..end])))
        {
            if (path[end - 1] == '.')
                end--;
            else if (end - start >= 3 && path[end - 3] == '%' && path[(end - 2)..end].SequenceEqual("20"u8))
                end -= 3;
            else if (end - start >= 3 && path[end - 3] == '%' && path[(end - 2)..end].SequenceEqual("09"u8))
                end -= 3;
            else
                break;
        }
        return end;
    }

    private static bool IsDots(ReadOnlySpan<byte> segment) => segment.SequenceEqual("."u8) || segment.SequenceEqual(".."u8);

    /// <summary>Resolves dot segments, and merges slashes, in place. Returns the new length; 0 when ".." leads above the root.</summary>
    private static int ResolveDots(Span<byte> path, bool mergesSlashes)
    {
        int end = 0;
        int at = 0;
        bool endsWithSlash = false;
        while (at < path.Length)
        {
            at++;
            while (mergesSlashes && at < path.Length && path[at] == '/')
                at++;
            int start = at;
            while (at < path.Length && path[at] != '/')
                at++;
            Span<byte> segment = path[start..at];
            endsWithSlash = at == path.Length && (segment.IsEmpty || IsDots(segment));
            if (segment.SequenceEqual(".."u8))
            {
                if (end == 0)
                    return 0;
                end = path[..end].LastIndexOf((byte)'/');
            }
            else if (!(segment.IsEmpty && (mergesSlashes || at == path.Length)) && !segment.SequenceEqual("."u8))
            {
                path[end++] = (byte)'/';
                segment.CopyTo(path[end..]);
                end += segment.Length;
            }
        }
        if (endsWithSlash || end == 0)
            path[end++] = (byte)'/';
        return end;
    }

    /// <summary>RFC 3986 section 2.3.</summary>
    private static bool IsUnreserved(byte value) =>
        char.IsAsciiLetterOrDigit((char)value) || value is (byte)'-' or (byte)'.' or (byte)'_' or (byte)'~';
}
