using System;

namespace NativeProxy.Http;

/// <summary>Max-Forwards of TRACE and OPTIONS (RFC 9110 section 7.6.2): how many times the request may still be forwarded. Pure.</summary>
internal static class MaxForwardsField
{
    /// <summary>What this proxy sends on at most; a larger number, however long, counts as one more.</summary>
    public const long SentMax = int.MaxValue;

    /// <param name="bytes">The span that the ranges of the fields count from.</param>
    /// <param name="fields">Those of the request.</param>
    /// <param name="count">Null when there is no such field; counts only when true is returned.</param>
    /// <returns>False when it is not one number: two readers could take the request to different ends.</returns>
    public static bool TryRead(ReadOnlySpan<byte> bytes, HeaderTable fields, out long? count)
    {
        count = null;
        int index = fields.FirstIndexOf(KnownHeader.MaxForwards);
        if (index < 0)
            return true;

        ReadOnlySpan<byte> digits = fields[index].Value.Of(bytes);
        if (fields.NextIndexOf(KnownHeader.MaxForwards, index) >= 0 || digits.IsEmpty || digits.ContainsAnyExceptInRange((byte)'0', (byte)'9'))
            return false;

        count = AsciiBytes.TryReadDecimal(digits, out long number) ? Math.Min(number, SentMax + 1) : SentMax + 1;
        return true;
    }
}
