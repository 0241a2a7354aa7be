using System;
using NativeProxy.Config;
using NativeProxy.Http;

namespace NativeProxy.Rewriting;

/// <summary>The stickiness cookie in a request: what of it the server may see. Pure.</summary>
internal static class StickyRequest
{
    /// <summary>Whether this field goes to the server with other bytes than it came with.</summary>
    public static bool Changes(ReadOnlySpan<byte> bytes, in HeaderField field, StickyCookie? cookie) =>
        field.Known == KnownHeader.Cookie && cookie is { ChangesRequests: true } && CookieField.Contains(field.Value.Of(bytes), cookie.Name);

    /// <summary>Writes a Cookie field as the server may see it.</summary>
    public static void WriteField<TSink>(ref TSink sink, ReadOnlySpan<byte> bytes, in HeaderField field, StickyCookie cookie)
        where TSink : struct, IFieldSink, allows ref struct
    {
        ReadOnlySpan<byte> name = field.Name.Of(bytes);
        ReadOnlySpan<byte> value = field.Value.Of(bytes);
        if (cookie.Mode == CookieMode.Prefix)
            CookieField.WriteWithoutPrefix(ref sink, name, value, cookie.Name, StickyCookie.PrefixDelimiter);
        else
            CookieField.WriteWithout(ref sink, name, value, cookie.Name);
    }
}
