using System;

namespace NativeProxy.Http1;

/// <summary>
/// Finds one cookie in the value of a Cookie field (RFC 6265 section 4.2.1) without allocation. Tolerant where
/// browsers are: blanks around a pair are ignored, pairs without '=' are skipped, quotes belong to the value. Pure.
/// </summary>
internal static class CookieScanner
{
    /// <summary>The first cookie of that name; names are case-sensitive.</summary>
    /// <param name="value">Range of its value in <paramref name="fieldValue"/>.</param>
    /// <param name="pair">
    /// What to cut out of the field so that a sound list remains: the pair with the separator behind it, or with the one
    /// before it when it is the last. The whole field when it is the only pair.
    /// </param>
    public static bool TryFind(
        ReadOnlySpan<byte> fieldValue, ReadOnlySpan<byte> name, out ByteRange value, out ByteRange pair)
    {
        int start = 0;
        while (start < fieldValue.Length)
        {
            int semicolon = fieldValue[start..].IndexOf((byte)';');
            int end = semicolon < 0 ? fieldValue.Length : start + semicolon;
            ByteRange trimmed = AsciiBytes.Trim(fieldValue, start, end);
            ReadOnlySpan<byte> text = trimmed.Of(fieldValue);
            if (text.Length > name.Length && text[name.Length] == '=' && text.StartsWith(name))
            {
                value = ByteRange.Between(trimmed.Start + name.Length + 1, trimmed.End);
                pair = WithSeparator(fieldValue, start, end);
                return true;
            }

            start = end + 1;
        }

        value = default;
        pair = default;
        return false;
    }

    /// <param name="start">Behind the previous semicolon, or 0.</param>
    /// <param name="end">At the semicolon behind the pair, or the length.</param>
    private static ByteRange WithSeparator(ReadOnlySpan<byte> fieldValue, int start, int end)
    {
        if (end == fieldValue.Length)
        {
            return ByteRange.Between(Math.Max(0, start - 1), end);
        }

        end++;
        while (end < fieldValue.Length && AsciiBytes.IsBlank(fieldValue[end]))
        {
            end++;
        }

        while (start < end && AsciiBytes.IsBlank(fieldValue[start]))
        {
            start++;
        }

        return ByteRange.Between(start, end);
    }
}
