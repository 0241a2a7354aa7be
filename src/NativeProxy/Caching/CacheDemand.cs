using System;
using NativeProxy.Http;

namespace NativeProxy.Caching;

/// <summary>
/// What a request asks of a stored response (RFC 9111 section 5.2.1), and whether it is content to hear that it has it already. A value; pure.
/// </summary>
internal readonly record struct CacheDemand
{
    private const long Any = -1;

    public CacheDemand()
    {
    }

    /// <summary>What may be done for the request.</summary>
    public CacheUse Use { get; init; }

    /// <summary>Oldest response that it takes, in milliseconds of age; -1 = any that is fresh.</summary>
    public long AgeMaxMs { get; init; } = Any;

    /// <summary>For how much longer the response must be fresh, in milliseconds; 0 = not even a moment.</summary>
    public long FreshForMs { get; init; }

    /// <summary>The request has a condition that a stored response can answer: If-None-Match or If-Modified-Since.</summary>
    public bool IsConditional { get; init; }

    /// <summary>What Cache-Control asks for, and Pragma where there is no Cache-Control (RFC 9111 section 5.4).</summary>
    /// <param name="bytes">The head of the request.</param>
    /// <param name="fields">Its fields.</param>
    /// <param name="use">What its method allows.</param>
    public static CacheDemand Of(ReadOnlySpan<byte> bytes, HeaderTable fields, CacheUse use)
    {
        CacheControl control = CacheControl.Read(bytes, fields);
        if (control.IsMalformed || control.NoStore)
            return default;
        bool isConditional = fields.Contains(KnownHeader.IfNoneMatch) || fields.Contains(KnownHeader.IfModifiedSince);
        if (control.NoCache || CacheControl.PragmaSaysNoCache(bytes, fields))
            use &= ~CacheUse.Serve;
        if (control.OnlyIfCached)
            use |= CacheUse.OnlyServe;

        // What answers a condition may be no whole response; one that is fetched anew for somebody else will do.
        if (isConditional)
            use &= ~CacheUse.Store;
        return new CacheDemand
        {
            Use = use,
            AgeMaxMs = control.MaxAge < 0 ? Any : control.MaxAge * 1000,
            FreshForMs = Math.Max(0, control.MinFresh * 1000),
            IsConditional = isConditional,
        };
    }

    /// <summary>Whether a response of this age, which is fresh for so much longer, is what the request asks for.</summary>
    public bool Takes(long ageMs, long leftMs) => leftMs > 0 && leftMs >= FreshForMs && (AgeMaxMs < 0 || ageMs <= AgeMaxMs);
}
