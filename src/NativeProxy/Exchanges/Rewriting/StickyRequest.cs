using System;
using NativeProxy.Config;
using NativeProxy.Http;
using NativeProxy.Upstreams.Groups;

namespace NativeProxy.Exchanges.Rewriting;

/// <summary>
/// The stickiness cookie in a request: which server it names, and what of it the server may see. Fields that Connection names are not
/// looked at, for they end here. Pure.
/// </summary>
internal static class StickyRequest
{
    /// <summary>Values of one request that are looked up at most: browsers send one per path, more are a way to keep the proxy busy.</summary>
    private const int LookupsMax = 16;

    /// <summary>The first usable server that a cookie of the request names.</summary>
    /// <param name="bytes">The head.</param>
    /// <param name="fields">Its fields.</param>
    /// <param name="group">Whose cookie and servers are meant.</param>
    public static Stickiness Read(ReadOnlySpan<byte> bytes, HeaderTable fields, UpstreamGroup group)
    {
        if (group.Cookie is not { } cookie)
            return default;
        var sticky = new Stickiness { RequestLetter = (byte)'N' };
        int lookups = 0;
        for (int i = fields.FirstIndexOf(KnownHeader.Cookie); i >= 0 && sticky.Wanted is null; i = fields.NextIndexOf(KnownHeader.Cookie, i))
        {
            if (!fields[i].IsHopByHop)
                ReadField(fields[i].Value.Of(bytes), cookie, group, ref sticky, ref lookups);
        }
        return sticky;
    }

    /// <summary>Whether this field goes to the server with other bytes than it came with.</summary>
    public static bool Changes(ReadOnlySpan<byte> bytes, in HeaderField field, StickyCookie? cookie) =>
        field.Known == KnownHeader.Cookie && cookie is { ChangesRequests: true } && CookieField.Contains(field.Value.Of(bytes), cookie.Name);

    /// <summary>Writes a Cookie field as the server may see it.</summary>
    public static void WriteField(ref HeadWriter writer, ReadOnlySpan<byte> bytes, in HeaderField field, StickyCookie cookie)
    {
        ReadOnlySpan<byte> name = field.Name.Of(bytes);
        ReadOnlySpan<byte> value = field.Value.Of(bytes);
        if (cookie.Mode == CookieMode.Prefix)
            CookieField.WriteWithoutPrefix(ref writer, name, value, cookie.Name, StickyCookie.PrefixDelimiter);
        else
            CookieField.WriteWithout(ref writer, name, value, cookie.Name);
    }

    private static void ReadField(ReadOnlySpan<byte> field, StickyCookie cookie, UpstreamGroup group, ref Stickiness sticky, ref int lookups)
    {
        var cookies = new CookieScanner(field);
        while (sticky.Wanted is null && cookies.MoveNext())
        {
            if (!cookies.TryRead(cookie.Name, out ByteRange value) || lookups++ >= LookupsMax)
                continue;
            sticky.Wanted = group.FindByCookie(ServerValue(field, value, cookie), out bool isDown);
            if (sticky.Wanted is not null)
                sticky.RequestLetter = (byte)'V';
            else if (sticky.RequestLetter != (byte)'D')
                sticky.RequestLetter = isDown ? (byte)'D' : (byte)'I';
        }
    }

    /// <summary>What of the cookie's value names a server; empty when nothing does.</summary>
    private static ReadOnlySpan<byte> ServerValue(ReadOnlySpan<byte> field, ByteRange value, StickyCookie cookie)
    {
        if (cookie.Mode != CookieMode.Prefix)
            return CookieField.Unquoted(field, value).Of(field);
        return CookieField.TryReadPrefix(field, value, StickyCookie.PrefixDelimiter, out ByteRange prefix) ? prefix.Of(field) : default;
    }
}
