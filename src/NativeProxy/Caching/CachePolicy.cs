using System;
using NativeProxy.Http;

namespace NativeProxy.Caching;

/// <summary>What the cache may do for one request.</summary>
[Flags]
internal enum CacheUse : byte
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Answer it with a fresh response, if there is one.</summary>
    Serve = 1,

    /// <summary>Keep its response, if that allows it.</summary>
    Store = 2,

    /// <summary>The client wants no other answer than one of the cache (RFC 9111 section 5.2.1.7).</summary>
    OnlyServe = 4,

    /// <summary>Drop what it has for the target once the server agrees to the change (RFC 9111 section 4.4).</summary>
    Invalidate = 8,
}

/// <summary>
/// The rules of a shared cache (RFC 9111 section 3 and 4), each read the strict way: what may be served, what may be kept. Pure.
/// </summary>
internal static class CachePolicy
{
    /// <summary>Requests for parts, or on conditions that need the server's state, are the server's: it knows what it has.</summary>
    private static readonly KnownHeader[] ServersOwn =
    [
        KnownHeader.Authorization, KnownHeader.ProxyAuthorization, KnownHeader.Range, KnownHeader.IfRange, KnownHeader.IfMatch,
        KnownHeader.IfUnmodifiedSince, KnownHeader.Expect,
    ];

    /// <summary>Responses that are for one client, or for one way of asking; or only part of one.</summary>
    private static readonly KnownHeader[] NotForAll =
    [
        KnownHeader.Vary, KnownHeader.SetCookie, KnownHeader.WwwAuthenticate, KnownHeader.ProxyAuthenticate, KnownHeader.ContentRange,
            KnownHeader.Upgrade,
    ];

    /// <summary>Fields that the decision rests on: they must reach whoever gets the response from us.</summary>
    private static readonly KnownHeader[] EndToEnd = [KnownHeader.CacheControl, KnownHeader.Expires, KnownHeader.Date, KnownHeader.Age];

    /// <summary>What may be done for a request.</summary>
    /// <param name="bytes">Its head.</param>
    /// <param name="head">What was read of it.</param>
    public static CacheDemand OfRequest(ReadOnlySpan<byte> bytes, RequestHead head)
    {
        if (!head.MethodKind.IsSafe())
            return new CacheDemand { Use = CacheUse.Invalidate };
        bool mayBeKept = head.MethodKind is HttpMethod.Get or HttpMethod.Head && !head.Body.HasBody;
        if (!mayBeKept || ContainsAny(head.Fields, ServersOwn) || IsHttps(bytes, head))
            return default;
        return CacheDemand.Of(bytes, head.Fields, head.MethodKind == HttpMethod.Get ? CacheUse.Serve | CacheUse.Store : CacheUse.Serve);
    }

    /// <summary>Whether a final response to a GET may be kept, and for how long it is fresh; null = it may not.</summary>
    /// <param name="bytes">Its head.</param>
    /// <param name="head">What was read of it, with the fields marked that Connection names.</param>
    /// <param name="moments">When it was asked for and came.</param>
    public static Freshness? OfResponse(ReadOnlySpan<byte> bytes, ResponseHead head, in ExchangeMoments moments)
    {
        bool isForAll = head.StatusCode == 200 && !ContainsAny(head.Fields, NotForAll) && !IsAnyNominated(head.Fields);
        if (!isForAll || !head.IsWellFramed || !head.Body.HasBody)
            return null;

        CacheControl control = CacheControl.Read(bytes, head.Fields);
        if (control.IsMalformed || control.NoStore || control.NoCache || control.Private || CacheControl.PragmaSaysNoCache(bytes, head.Fields))
            return null;
        Freshness freshness = Freshness.Of(bytes, head.Fields, control, moments);
        return freshness.LeftMs > 0 ? freshness : null;
    }

    /// <summary>Whether a response to an unsafe request says that the change was made (RFC 9111 section 4.4).</summary>
    public static bool IsChangeMade(int statusCode) => statusCode is >= 200 and < 400;

    /// <summary>To the server an https target looks like an http one; to the client it is another resource.</summary>
    private static bool IsHttps(ReadOnlySpan<byte> bytes, RequestHead head) =>
        head.Form == TargetForm.Absolute && (bytes[head.Target.Start + 4] | 0x20) == 's';

    private static bool ContainsAny(HeaderTable fields, KnownHeader[] names)
    {
        foreach (KnownHeader known in names)
        {
            if (fields.Contains(known))
                return true;
        }
        return false;
    }

    private static bool IsAnyNominated(HeaderTable fields)
    {
        foreach (KnownHeader known in EndToEnd)
        {
            if (fields.FirstIndexOf(known) is >= 0 and var index && fields[index].IsNominated)
                return true;
        }
        return false;
    }
}
