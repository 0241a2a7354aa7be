using System;
using NativeProxy.Http;

namespace NativeProxy.Caching;

/// <summary>When a request went out and its answer came, as far as the age of the answer depends on it.</summary>
/// <param name="RequestedMs">When the request was read, in loop milliseconds: not later than it went out.</param>
/// <param name="ReceivedMs">When the head of the answer was read, in loop milliseconds.</param>
/// <param name="ReceivedWallMs">The same moment, in milliseconds since 1970-01-01 UTC.</param>
internal readonly record struct ExchangeMoments(long RequestedMs, long ReceivedMs, long ReceivedWallMs);

/// <summary>
/// How old a response was when it came, and for how much longer it is fresh (RFC 9111 section 4.2). Only what the response says itself
/// counts, nothing is guessed; what says it twice, or in a form that cannot be read, is not fresh. A value; pure.
/// </summary>
internal readonly record struct Freshness
{
    /// <summary>Age on arrival.</summary>
    public long InitialAgeMs { get; private init; }

    /// <summary>How long it is fresh from its arrival on; 0 = not at all.</summary>
    public long LeftMs { get; private init; }

    public static Freshness Of(ReadOnlySpan<byte> bytes, HeaderTable fields, in CacheControl control, in ExchangeMoments moments)
    {
        if (!TryReadDate(bytes, fields, KnownHeader.Date, moments.ReceivedWallMs, moments.ReceivedWallMs, out long dateMs)
            || !TryReadAge(bytes, fields, out long ageSeconds))
        {
            return default;
        }

        long lifetimeMs = LifetimeMs(bytes, fields, control, dateMs, moments.ReceivedWallMs);
        long apparentAgeMs = Math.Max(0, moments.ReceivedWallMs - dateMs);
        long correctedAgeMs = (ageSeconds * 1000) + Math.Max(0, moments.ReceivedMs - moments.RequestedMs);
        long initialAgeMs = Math.Max(apparentAgeMs, correctedAgeMs);
        return new Freshness { InitialAgeMs = initialAgeMs, LeftMs = Math.Max(0, lifetimeMs - initialAgeMs) };
    }

    /// <summary>A shared cache asks s-maxage first, then max-age, then Expires (RFC 9111 section 4.2.1).</summary>
    private static long LifetimeMs(ReadOnlySpan<byte> bytes, HeaderTable fields, in CacheControl control, long dateMs, long nowWallMs)
    {
        if (control.SharedMaxAge >= 0)
            return control.SharedMaxAge * 1000;
        if (control.MaxAge >= 0)
            return control.MaxAge * 1000;
        bool isExplicit = fields.Contains(KnownHeader.Expires) && fields.Contains(KnownHeader.Date);
        return isExplicit && TryReadDate(bytes, fields, KnownHeader.Expires, dateMs, nowWallMs, out long expiresMs) ? expiresMs - dateMs : 0;
    }

    /// <summary>
    /// In each of the three formats that a recipient must take; everything else counts as invalid (RFC 9111 section 5.3 wants that for Expires).
    /// Absent, it is <paramref name="absentMs"/>.
    /// </summary>
    private static bool TryReadDate(ReadOnlySpan<byte> bytes, HeaderTable fields, KnownHeader known, long absentMs, long nowWallMs, out long wallMs)
    {
        wallMs = absentMs;
        int index = fields.FirstIndexOf(known);
        if (index < 0)
            return true;
        return !fields.IsRepeated(known) && HttpDateParser.TryRead(fields[index].Value.Of(bytes), nowWallMs, out wallMs);
    }

    /// <summary>Of a list, or of several fields, the first member counts (RFC 9111 section 5.1).</summary>
    private static bool TryReadAge(ReadOnlySpan<byte> bytes, HeaderTable fields, out long seconds)
    {
        seconds = 0;
        int index = fields.FirstIndexOf(KnownHeader.Age);
        if (index < 0)
            return true;

        ReadOnlySpan<byte> first = fields[index].Value.Of(bytes);
        if (first.IndexOf((byte)',') is >= 0 and var comma)
            first = first[..comma].TrimEnd(" \t"u8);

        // Beyond the largest number that the RFC asks for, nothing is fresh anyway.
        return AsciiBytes.TryReadDecimal(first, out seconds) && seconds < CacheControl.SecondsMax;
    }
}
