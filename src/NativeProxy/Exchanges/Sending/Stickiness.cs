using System;
using NativeProxy.Http;
using NativeProxy.Rewriting;
using NativeProxy.Upstreams.Connections;
using NativeProxy.Upstreams.Groups;

namespace NativeProxy.Exchanges.Sending;

/// <summary>What the stickiness cookie came to in one exchange. All zero when the upstream has none.</summary>
internal struct Stickiness
{
    /// <summary>The usable server that the request's cookie names, or null.</summary>
    public UpstreamServer? Wanted;

    /// <summary>
    /// Third letter of HAProxy's termination state: N = no cookie, I = it names no server, D = it names one that is down, V = valid;
    /// 0 = no stickiness.
    /// </summary>
    public byte RequestLetter;

    /// <summary>The first usable server that a cookie of the request names.</summary>
    /// <param name="bytes">The head.</param>
    /// <param name="fields">Its fields.</param>
    /// <param name="group">Whose cookie and servers are meant.</param>
    public static Stickiness Read(ReadOnlySpan<byte> bytes, HeaderTable fields, UpstreamGroup group)
    {
        if (group.Cookie is not { } cookie)
            return default;
        var sticky = new Stickiness { RequestLetter = (byte)'N' };
        var values = new StickyValues(bytes, fields, cookie);
        while (sticky.Wanted is null && values.MoveNext())
        {
            sticky.Wanted = group.FindByCookie(values.Current, out bool isDown);
            if (sticky.Wanted is not null)
                sticky.RequestLetter = (byte)'V';
            else if (sticky.RequestLetter != (byte)'D')
                sticky.RequestLetter = isDown ? (byte)'D' : (byte)'I';
        }
        return sticky;
    }
}
